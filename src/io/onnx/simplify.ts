// Exporters write one function as several nodes where an older operator set has no node for it. Here they become one
// again: a layer that is computed in one pass, and whose gradient is known.

import { withoutCasts } from './casts.js';
import { folded } from './fold.js';
import {
  attributeOf,
  DataType,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from './proto.js';
import { binomials, meansOf, transposed } from './shares.js';

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
  /** The new node's attributes; undefined where the pattern's nodes or arrays are others than those of the rule. */
  readonly attributes?: (found: Found) => Readonly<Record<string, readonly number[]>> | undefined;
}

/** What a pattern's names stand for, and its nodes by operator. */
interface Found {
  readonly values: Map<string, string>;
  readonly nodes: Map<string, NodeProto>;
  /** The arrays of the file. */
  readonly arrays: ReadonlyMap<string, TensorProto>;
}

/** The array that a name of the pattern stands for, if it is one of the file. */
const arrayOf = ({ arrays, values }: Found, name: string): TensorProto | undefined =>
  arrays.get(values.get(name) as string);

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-4 * Math.abs(b);

const gate = of('Relu6', of('Add', 'x', 3));
const centred = of('Sub', 'x', of('ReduceMean', 'x'));
const normed = of(
  'Div',
  centred,
  of('Sqrt', of('Add', of('ReduceMean', of('Pow', centred, 2)), 'epsilon')),
);
/** √(2/π)·(x + 0.044715·x³), and 1 + its tanh. */
const cubic = of('Add', 'x', of('Mul', of('Pow', 'x', 3), 0.044715));
const tanh = of('Add', of('Tanh', of('Mul', cubic, Math.sqrt(2 / Math.PI))), 1);
const erf = of('Add', of('Erf', of('Div', 'x', Math.SQRT2)), 1);

/** Every n-th pixel, and channels of zeros after its own. */
const shortcut = of('Pad', of('Slice', 'x', 'starts', 'ends', 'axes', 'steps'), 'pads');

function shortcutOf(found: Found) {
  const [starts, ends, axes, steps, pads] = ['starts', 'ends', 'axes', 'steps', 'pads'].map(
    (name) => integersOf(arrayOf(found, name)),
  );
  const [strides] = steps;
  const isOne =
    `${starts}` === '0,0' &&
    `${axes}` === '2,3' &&
    `${steps}` === `${[strides, strides]}` &&
    pads.length === 8 &&
    pads.every((side, i) => (i === 5 ? side > 0 : side === 0)) &&
    found.nodes.get('Pad')?.inputs.length === 2 &&
    (found.nodes.get('Pad')?.attributes.get('mode')?.text || 'constant') === 'constant';
  return isOne ? { strides: [strides], more: [pads[5]], ends } : undefined;
}

/** −Σ (x − kernel)². */
const difference = of('Sub', of('Reshape', 'x', 'shape'), 'kernel');
const rbf = of('Neg', of('ReduceSum', of('Mul', difference, difference), 'axes'));

function rbfOf(found: Found) {
  const [features, units] = arrayOf(found, 'kernel')?.dims ?? [];
  const shape = integersOf(arrayOf(found, 'shape'));
  const isOne =
    units !== undefined &&
    `${shape}` === `${[0, features, 1]}` &&
    `${integersOf(arrayOf(found, 'axes'))}` === '1' &&
    found.nodes.get('ReduceSum')?.attributes.get('keepdims')?.int === 0;
  return isOne ? {} : undefined;
}

/** Means of windows of several sizes, as products with matrices. */
const adaptive = of('MatMul', 'rows', of('MatMul', 'x', 'columns'));

function adaptiveOf(found: Found) {
  const [rows, columns] = ['rows', 'columns'].map((name) => arrayOf(found, name));
  const [height, inputHeight] = rows?.dims ?? [];
  const [inputWidth, width] = columns?.dims ?? [];
  const isOne =
    hasFloats(rows, () => meansOf(inputHeight, height).flat()) &&
    hasFloats(columns, () => transposed(meansOf(inputWidth, width)));
  return isOne ? { output_size: [height, width] } : undefined;
}

/** Binomial filters over an image and its reflection. */
const blur = of('Conv', of('Pad', 'x', 'pads'), 'filters');

function blurOf(found: Found) {
  const { attributes, inputs } = found.nodes.get('Conv') as NodeProto;
  const ints = (word: string): readonly number[] => attributes.get(word)?.ints ?? [];
  const filters = arrayOf(found, 'filters');
  const [channels, , size] = filters?.dims ?? [];
  if (!(size >= 2 && size <= 7) || `${filters?.dims}` !== `${[channels, 1, size, size]}`)
    return undefined;
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  const isOne =
    inputs.length === 2 &&
    attributes.get('group')?.int === channels &&
    !attributes.has('auto_pad') &&
    ints('pads').every((side) => side === 0) &&
    ints('dilations').every((side) => side === 1) &&
    found.nodes.get('Pad')?.attributes.get('mode')?.text === 'reflect' &&
    `${integersOf(arrayOf(found, 'pads'))}` === `${[0, 0, before, before, 0, 0, after, after]}` &&
    hasFloats(filters, () => binomials(channels, size));
  return isOne ? { size: [size], strides: ints('strides') } : undefined;
}

/** Larger patterns first. */
const rules: readonly Rule[] = [
  { pattern: of('Clip', 'x'), op: 'Relu6', reads: ['x'] },
  { pattern: shortcut, op: 'IdentityShortcut', reads: ['x'], attributes: shortcutOf },
  { pattern: rbf, op: 'Rbf', reads: ['x', 'kernel'], attributes: rbfOf },
  { pattern: adaptive, op: 'AdaptiveAveragePool', reads: ['x'], attributes: adaptiveOf },
  { pattern: blur, op: 'BlurPool', reads: ['x'], attributes: blurOf },
  { pattern: of('Mul', 'x', of('Sigmoid', 'x')), op: 'Silu', reads: ['x'] },
  // Paddle's swish has a factor.
  { pattern: of('Mul', 'x', of('Sigmoid', of('Mul', 'x', 1))), op: 'Silu', reads: ['x'] },
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
  { pattern: of('Mul', of('Mul', 'x', 0.5), tanh), op: 'GeluTanh', reads: ['x'] },
];

const layerNorm = of('Add', of('Mul', normed, 'scale'), 'bias');

const groups = of('InstanceNormalization', of('Reshape', 'x', 'shape'), 'ones', 'zeros');
const regrouped = of('Reshape', groups, of('Shape', 'x'));
const groupNorm = of('Add', of('Mul', regrouped, 'scale'), 'bias');

/** Operators whose inputs may be exchanged. */
const commutes = new Set(['Add', 'Mul']);

/** A graph with the same outputs, of fewer nodes. */
export function simplified(graph: GraphProto): GraphProto {
  const nodes = needed(graph, withoutCasts(new Rewriting(graph).run()));
  return { ...graph, nodes: needed(graph, folded(graph, nodes)) };
}

class Rewriting {
  readonly #nodes: NodeProto[];
  readonly #makers = new Map<string, NodeProto>();
  readonly #numbers = new Map<string, number>();
  /** The arrays of the file. */
  readonly #arrays = new Map<string, TensorProto>();

  constructor({ nodes, initializers }: GraphProto) {
    this.#nodes = [...nodes];
    for (const node of nodes) for (const name of node.outputs) this.#makers.set(name, node);
    for (const array of initializers) this.#array(array.name, array);
    for (const { op, attributes, inputs, outputs } of nodes) {
      // PyTorch writes an array that is there twice once, and a node for its other name.
      const same = op === 'Identity' ? this.#arrays.get(inputs[0]) : undefined;
      if (same) this.#array(outputs[0], same);
      const float = op === 'Constant' ? attributes.get('value_float') : undefined;
      if (float) this.#numbers.set(outputs[0], float.float);
      const array = op === 'Constant' ? attributes.get('value')?.tensor : undefined;
      if (array) this.#array(outputs[0], array);
    }
  }

  /** Notes an array, and the number that it is, if it is one float. */
  #array(name: string, array: TensorProto): void {
    this.#arrays.set(name, array);
    const [number] = array.dims.every((side) => side === 1) ? floatsOf(array) : [];
    if (number !== undefined) this.#numbers.set(name, number);
  }

  /** How many dimensions an array of the file has. */
  #rank(name: string): number | undefined {
    return this.#arrays.get(name)?.dims.length;
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
      const words = Object.entries(own).map(
        ([word, ints]) => [word, attributeOf(word, { ints: [...ints] })] as const,
      );
      return { ...node, op, inputs, attributes: new Map(words) };
    }
    return this.#asLayerNorm(node) ?? this.#asGroupNorm(node) ?? this.#asBiased(node) ?? node;
  }

  #find(pattern: NodePattern, node: NodeProto): Found | undefined {
    if (pattern.op !== node.op) return undefined;
    const found: Found = { values: new Map(), nodes: new Map(), arrays: this.#arrays };
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

  /** Whether a clip of the pattern, if it has one, is from 0 to 6: attributes until opset 10, inputs since. */
  #clips({ nodes }: Found): boolean {
    const clip = nodes.get('Clip');
    if (!clip) return true;
    const bound = (input: number, attribute: string) =>
      this.#numbers.get(clip.inputs[input]) ?? clip.attributes.get(attribute)?.float;
    return bound(1, 'min') === 0 && bound(2, 'max') === 6;
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
    const isRow = this.#rank(scale) === 1 && this.#rank(bias) === 1;
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

  /** Group normalization, as operator sets before 21 have it: a group is a channel of another shape. */
  #asGroupNorm(node: NodeProto): NodeProto | undefined {
    const found = this.#find(groupNorm, node);
    if (!found) return undefined;
    const value = (name: string) => found.values.get(name) as string;
    const holds = (name: string, number: number): boolean => {
      const floats = floatsOf(this.#arrays.get(value(name)));
      return floats.length > 0 && floats.every((one) => one === number);
    };
    const [ones] = this.#arrays.get(value('ones'))?.dims ?? [];
    const isPlain =
      holds('ones', 1) && holds('zeros', 0) && integersOf(arrayOf(found, 'shape'))[0] === 0;
    // [channels, 1, 1]: numbers of channels.
    const isOfChannels = ['scale', 'bias'].every((name) =>
      this.#arrays
        .get(value(name))
        ?.dims.slice(1)
        .every((side) => side === 1),
    );
    if (!isPlain || !isOfChannels) return undefined;
    const { attributes } = found.nodes.get('InstanceNormalization') as NodeProto;
    return {
      ...node,
      op: 'GroupNormalization',
      inputs: [value('x'), value('scale'), value('bias')],
      attributes: new Map([
        ...attributes,
        ['num_groups', attributeOf('num_groups', { int: ones })],
      ]),
    };
  }

  /** A product with a matrix, and a bias after it. */
  #asBiased(node: NodeProto): NodeProto | undefined {
    if (node.op !== 'Add') return undefined;
    for (const [product, bias] of [node.inputs, [...node.inputs].reverse()]) {
      const maker = this.#makers.get(product);
      const isLinear = maker?.op === 'MatMul' && maker.inputs.length === 2;
      const isMatrix = isLinear && this.#rank(maker.inputs[1]) === 2;
      if (isMatrix && this.#rank(bias) === 1)
        return { ...maker, outputs: node.outputs, inputs: [...maker.inputs, bias] };
    }
    return undefined;
  }
}

/** An array's floats, where it is small and in the file. */
function floatsOf(array: TensorProto | undefined): readonly number[] {
  const { floats = [], raw, dataType } = array ?? {};
  if (floats.length > 0 || !raw || dataType !== DataType.float || raw.length > 65536) return floats;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length: raw.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

/** Whether an array has just these numbers, as floats. They are made only where it has as many as its sides say. */
function hasFloats(array: TensorProto | undefined, make: () => readonly number[]): boolean {
  const floats = floatsOf(array);
  if (floats.length !== array?.dims.reduce((product, side) => product * side, 1)) return false;
  const numbers = make();
  return floats.every((one, i) => one === Math.fround(numbers[i]));
}

/** A list of whole numbers, where it is short and in the file. */
function integersOf(array: TensorProto | undefined): readonly number[] {
  const { ints = [], raw, dataType } = array ?? {};
  if (ints.length > 0 || !raw || dataType !== DataType.int64 || raw.length > 512) return ints;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length: raw.length / 8 }, (_, i) => Number(view.getBigInt64(8 * i, true)));
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
