// Exporters write one function as several nodes where an older operator set has no node for it. Here they become one
// again: a layer that is computed in one pass, and whose gradient is known.

import { attributeOf, type GraphProto, type NodeProto } from './proto.js';

/** A value of a pattern: a name stands for any value, the same one each time; a number for a constant. */
type Pattern = string | number | NodePattern;

/** What a node makes. */
interface NodePattern {
  readonly op: string;
  readonly inputs: readonly Pattern[];
}

const of = (op: string, ...inputs: Pattern[]): NodePattern => ({ op, inputs });

/** A node that stands for a pattern: its operator, and which values it reads. */
interface Rule {
  readonly pattern: NodePattern;
  readonly op: string;
  readonly reads: readonly string[];
  /** Attributes of the pattern's nodes that it must have, or that make the new ones. */
  readonly attributes?: (found: Found) => Readonly<Record<string, number>> | undefined;
}

/** What a pattern's names stand for, and its nodes by operator. */
interface Found {
  readonly values: Map<string, string>;
  readonly nodes: Map<string, NodeProto>;
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-4 * Math.abs(b);

const gate = of('Clip', of('Add', 'x', 3), 'low', 'high');
const centred = of('Sub', 'x', of('ReduceMean', 'x'));
const normed = of(
  'Div',
  centred,
  of('Sqrt', of('Add', of('ReduceMean', of('Pow', centred, 2)), 'epsilon')),
);
const erf = of('Add', of('Erf', of('Div', 'x', Math.SQRT2)), 1);

/** Larger patterns first. */
const rules: readonly Rule[] = [
  { pattern: of('Mul', 'x', of('Sigmoid', 'x')), op: 'Silu', reads: ['x'] },
  { pattern: of('Mul', 'x', of('Tanh', of('Softplus', 'x'))), op: 'Mish', reads: ['x'] },
  {
    pattern: of('Mul', 'x', of('HardSigmoid', 'x')),
    op: 'HardSwish',
    reads: ['x'],
    attributes({ nodes }) {
      const { attributes } = nodes.get('HardSigmoid') as NodeProto;
      const slope = attributes.get('alpha')?.float ?? 0.2;
      const offset = attributes.get('beta')?.float ?? 0.5;
      return near(slope, 1 / 6) && near(offset, 0.5) ? {} : undefined;
    },
  },
  { pattern: of('Div', of('Mul', 'x', gate), 6), op: 'HardSwish', reads: ['x'] },
  { pattern: of('Mul', 'x', of('Div', gate, 6)), op: 'HardSwish', reads: ['x'] },
  { pattern: of('Mul', of('Mul', 'x', erf), 0.5), op: 'Gelu', reads: ['x'] },
  { pattern: of('Mul', 'x', of('Mul', erf, 0.5)), op: 'Gelu', reads: ['x'] },
  { pattern: of('Mul', of('Mul', 'x', 0.5), erf), op: 'Gelu', reads: ['x'] },
];

const layerNorm = of('Add', of('Mul', normed, 'scale'), 'bias');

/** Operators whose inputs may be exchanged. */
const commutes = new Set(['Add', 'Mul']);

/** A graph with the same outputs, of fewer nodes. */
export function simplified(graph: GraphProto): GraphProto {
  const nodes = new Rewriting(graph).run();
  return { ...graph, nodes: needed(graph, nodes) };
}

class Rewriting {
  readonly #nodes: NodeProto[];
  readonly #makers = new Map<string, NodeProto>();
  readonly #numbers = new Map<string, number>();
  /** How many dimensions an array of the file has. */
  readonly #ranks = new Map<string, number>();

  constructor({ nodes, initializers }: GraphProto) {
    this.#nodes = [...nodes];
    for (const node of nodes) for (const name of node.outputs) this.#makers.set(name, node);
    for (const { name, dims, floats, raw } of initializers) {
      this.#ranks.set(name, dims.length);
      if (dims.every((side) => side === 1)) this.#number(name, floats, raw);
    }
    for (const { op, attributes, inputs, outputs } of nodes) {
      // PyTorch writes an array that is there twice once, and a node for its other name.
      if (op === 'Identity') {
        const [rank, number] = [this.#ranks.get(inputs[0]), this.#numbers.get(inputs[0])];
        if (rank !== undefined) this.#ranks.set(outputs[0], rank);
        if (number !== undefined) this.#numbers.set(outputs[0], number);
      }
      const tensor = op === 'Constant' ? attributes.get('value')?.tensor : undefined;
      if (tensor?.dims.every((side) => side === 1))
        this.#number(outputs[0], tensor.floats, tensor.raw);
    }
  }

  /** Notes a constant that is one float. */
  #number(name: string, floats: readonly number[], raw: Uint8Array | undefined): void {
    if (floats.length === 1) this.#numbers.set(name, floats[0]);
    else if (raw?.length === 4)
      this.#numbers.set(name, new DataView(raw.buffer, raw.byteOffset).getFloat32(0, true));
  }

  run(): NodeProto[] {
    return this.#nodes.map((node) => {
      const made = this.#rewritten(node);
      for (const name of made.outputs) this.#makers.set(name, made);
      return made;
    });
  }

  #rewritten(node: NodeProto): NodeProto {
    for (const { pattern, op, reads, attributes } of rules) {
      const found = this.#find(pattern, node);
      const own = found && (attributes ? attributes(found) : {});
      if (!(found && own) || !this.#clips(found)) continue;
      const inputs = reads.map((name) => found.values.get(name) as string);
      return { ...node, op, inputs, attributes: new Map() };
    }
    return this.#asLayerNorm(node) ?? this.#asBiased(node) ?? node;
  }

  #find(pattern: NodePattern, node: NodeProto): Found | undefined {
    const found = { values: new Map<string, string>(), nodes: new Map<string, NodeProto>() };
    return this.#matchesNode(pattern, node, found) ? found : undefined;
  }

  #matches(pattern: Pattern, name: string, found: Found): boolean {
    if (typeof pattern === 'number') return near(this.#numbers.get(name) ?? Number.NaN, pattern);
    if (typeof pattern === 'string') {
      const before = found.values.get(pattern);
      if (before === undefined) found.values.set(pattern, name);
      return before === undefined || before === name;
    }
    const maker = this.#makers.get(name);
    return maker !== undefined && this.#matchesNode(pattern, maker, found);
  }

  #matchesNode({ op, inputs }: NodePattern, node: NodeProto, found: Found): boolean {
    if (node.op !== op || node.domain !== '' || node.inputs.length < inputs.length) return false;
    found.nodes.set(op, node);
    const orders =
      commutes.has(op) && inputs.length === 2
        ? [
            [0, 1],
            [1, 0],
          ]
        : [[...inputs.keys()]];
    return orders.some((order) => {
      const values = new Map(found.values);
      if (inputs.every((input, i) => this.#matches(input, node.inputs[order[i]], found)))
        return true;
      found.values.clear();
      for (const [key, value] of values) found.values.set(key, value);
      return false;
    });
  }

  /** Whether a clip of the pattern, if it has one, is from 0 to 6. */
  #clips({ nodes, values }: Found): boolean {
    if (!nodes.has('Clip') || !values.has('low')) return true;
    const bound = (name: string) => this.#numbers.get(values.get(name) as string);
    return bound('low') === 0 && bound('high') === 6;
  }

  /** Layer normalization over the last axis, as operator sets before 17 have it. */
  #asLayerNorm(node: NodeProto): NodeProto | undefined {
    const found = this.#find(layerNorm, node);
    if (!found) return undefined;
    const epsilon = this.#numbers.get(found.values.get('epsilon') as string);
    const { attributes } = found.nodes.get('ReduceMean') as NodeProto;
    const axes = attributes.get('axes')?.ints ?? [];
    const isLast = axes.length === 1 && axes[0] === -1;
    const keeps = (attributes.get('keepdims')?.int ?? 1) === 1;
    const [x, scale, bias] = ['x', 'scale', 'bias'].map((name) => found.values.get(name) as string);
    const isRow = this.#ranks.get(scale) === 1 && this.#ranks.get(bias) === 1;
    if (!(isLast && keeps && isRow) || epsilon === undefined) return undefined;
    return {
      ...node,
      op: 'LayerNormalization',
      inputs: [x, scale, bias],
      attributes: new Map([
        ['axis', attributeOf('axis', { int: -1 })],
        ['epsilon', attributeOf('epsilon', { float: epsilon })],
      ]),
    };
  }

  /** A product with a matrix, and a bias after it. */
  #asBiased(node: NodeProto): NodeProto | undefined {
    if (node.op !== 'Add') return undefined;
    for (const [product, bias] of [node.inputs, [...node.inputs].reverse()]) {
      const maker = this.#makers.get(product);
      const isLinear = maker?.op === 'MatMul' && maker.inputs.length === 2;
      const isMatrix = isLinear && this.#ranks.get(maker.inputs[1]) === 2;
      if (isMatrix && this.#ranks.get(bias) === 1)
        return { ...maker, outputs: node.outputs, inputs: [...maker.inputs, bias] };
    }
    return undefined;
  }
}

/** The nodes that outputs depend on. */
function needed({ outputs }: GraphProto, nodes: readonly NodeProto[]): NodeProto[] {
  const wanted = new Set(outputs.map(({ name }) => name));
  const kept = [...nodes].reverse().filter((node) => {
    const isNeeded = node.outputs.some((name) => wanted.has(name));
    if (isNeeded) for (const name of node.inputs) wanted.add(name);
    return isNeeded;
  });
  return kept.reverse();
}
