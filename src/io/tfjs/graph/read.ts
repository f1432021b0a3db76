// Reads graph models: TensorFlow's nodes in order, each translated into layers.

import { FormatError, ValueError } from '../../../base/errors.js';
import { about, naming } from '../../../base/naming.js';
import { shown } from '../../../base/shown.js';
import type { Layer, Model, Shape } from '../../../core.js';
import { Builder, NeedsWhole } from '../../importing/builder.js';
import { FOR_CONVOLUTIONS, ofFile } from '../../importing/fault.js';
import { checkInputShape, type InputShape, wantedShape } from '../../importing/inputshape.js';
import { fromOrder } from '../../importing/moves.js';
import { finished, type Output } from '../../importing/network.js';
import { Activation, type Constant, type Value } from '../../importing/value.js';
import { isObject, type Json, objectAt } from '../json.js';
import { inputOf, leavesOpen, sampleShape } from '../shapes.js';
import type { TfjsFile } from '../source.js';
import { fused } from './fuse.js';
import { TfNode } from './node.js';
import { operators } from './operators.js';
import { Graph, type GraphNode, makerOf, plainRef, shapeOf } from './proto.js';

/** What networks of other kinds consist of. */
const otherKinds =
  /LSTM|GRU|RNN|TensorList|TensorArray|While|^(Enter|Exit|NextIteration|Merge|Switch)$|Hash|String/;

/** The model of a file. It has no batch where the network works across it: see `WholeModel`. */
export function readGraph(file: TfjsFile, inputShape: InputShape): Model {
  const translation = about('modelTopology', () => new Translation(file, inputShape));
  checkInputShape(inputShape, translation.inputNames);
  try {
    return translation.run(false);
  } catch (error) {
    if (!(error instanceof NeedsWhole)) throw error;
    return translation.run(true);
  }
}

/** Names and nodes of the signature's inputs or outputs. */
function endsOf(json: Json, which: 'inputs' | 'outputs'): Json[] | undefined {
  const metadata = isObject(json.userDefinedMetadata) ? json.userDefinedMetadata : {};
  const signature = json.signature ?? metadata.signature;
  const ends = isObject(signature) ? signature[which] : undefined;
  if (!isObject(ends) || Object.keys(ends).length === 0) return undefined;
  return Object.values(ends).map((end) => objectAt(`an entry of the signature's ${which}`, end));
}

/** A file that becomes a model. */
class Translation {
  readonly #inputShape: InputShape;
  readonly #nodes: readonly GraphNode[];
  readonly #constants = new Map<string, Constant>();
  /** Placeholders, with the whole shapes that the file has for them. */
  readonly #inputs: readonly { name: string; shape: readonly number[] | undefined }[];
  readonly #outputs: readonly string[];

  constructor({ json, weights }: TfjsFile, inputShape: InputShape) {
    this.#inputShape = inputShape;
    const graph = new Graph(json.modelTopology as Json);
    this.#outputs = outputsOf(graph, json).map((ref) => graph.resolved(ref));
    const sorted = graph.sorted(this.#outputs);
    for (const node of sorted) if (node.op === 'Const') this.#add(node, weights);
    const others = sorted.filter(({ op }) => op !== 'Const');
    this.#nodes = fused(
      others.filter(({ op }) => !isPlaceholder(op)),
      this.#outputs,
      this.#constants,
    );
    checkOperators(this.#nodes);
    this.#inputs = inputsOf(others, json);
  }

  get inputNames(): string[] {
    return this.#inputs.map(({ name }) => name);
  }

  /** Arrays of floats are weights and learn; single numbers are options. */
  #add({ name }: GraphNode, weights: ReadonlyMap<string, Constant>): void {
    const found = weights.get(name);
    if (!found) throw new FormatError(`the weights lack the constant ${shown(name)}`);
    const learns = found.kind === 'float' && found.size > 1;
    this.#constants.set(name, found.as(found.shape, learns ? name : undefined));
  }

  /**
   * @param whole whether inputs have no batch
   * @param other the layers of the same network for other sides, and the inputs' shapes
   * @throws {NeedsWhole} where inputs must have no batch
   */
  run(
    whole: boolean,
    other?: { layers: ReadonlyMap<string, Layer>; shapes: readonly Shape[] },
  ): Model {
    const batch = this.#inputs[0]?.shape?.[0];
    const builder = new Builder(
      batch !== undefined && batch > 0 ? batch : undefined,
      other?.layers,
    );
    const values = new Map<string, Value>(this.#constants);
    const inputs = this.#inputs.map(({ name, shape }, i) => {
      const wanted = other?.shapes[i] ?? wantedShape(name, this.#inputShape);
      const value = about(`the input ${shown(name)}`, () => inputValue(name, shape, wanted, whole));
      values.set(name, value);
      return value;
    });
    for (const node of this.#nodes) translate(node, builder, values);
    const outputs = this.#outputs.map((ref): Output => {
      const value = values.get(ref);
      if (value instanceof Activation)
        return { name: ref.replace(':', '_'), value, isImage: false };
      throw new FormatError(
        value
          ? `the output ${shown(ref)} does not depend on the inputs`
          : `no node makes the output ${shown(ref)}`,
      );
    });
    const isOpen = !whole && !other && this.#inputs.some(({ shape }) => leavesOpen(shape));
    const resized = (shapes: readonly Shape[]): Model =>
      naming('predict', () => this.run(false, { layers: builder.layers, shapes }));
    return finished(builder, inputs, outputs, {
      name: 'model',
      whole,
      ...(isOpen ? { resized } : {}),
    });
  }
}

/**
 * An input of the network, in the file's order, which is ours.
 *
 * @param wanted a sample's shape, or the whole one where there is no batch
 */
function inputValue(
  name: string,
  shape: readonly number[] | undefined,
  wanted: readonly number[] | undefined,
  whole: boolean,
): Activation {
  // The batch may be said too. It counts where inputs are given whole; it is 1 otherwise.
  const isAll = shape !== undefined && wanted?.length === shape.length;
  const sample = sampleShape(shape, isAll ? wanted.slice(1) : wanted);
  if (!whole) {
    const tensor = inputOf(name, sample.length > 0 ? sample : [1]);
    return fromOrder(
      tensor,
      sample.map((_, i) => i + 1),
      true,
    );
  }
  if (shape?.length === 0) return fromOrder(inputOf(name, [1]), [], false);
  const fromFile = shape?.[0] ?? -1;
  const batch = fromFile > 0 ? fromFile : isAll ? wanted[0] : wanted && 1;
  if (batch === undefined)
    throw new ValueError(
      'the network works across its batch, whose size the file leaves open: say the whole shape, readTfjs(source, { inputShape: [batch, height, width, channels] })',
    );
  const all = [batch, ...sample];
  return fromOrder(inputOf(name, all), [...all.keys()], false);
}

const isPlaceholder = (op: string): boolean => /^Placeholder(WithDefault)?$/.test(op);

/** The network's inputs: in the signature's order, otherwise in the file's. */
function inputsOf(nodes: readonly GraphNode[], json: Json) {
  const signed = endsOf(json, 'inputs') ?? [];
  const shapes = new Map(
    signed.map(({ name, tensorShape }) => [plainRef(String(name)), shapeOf(tensorShape)]),
  );
  const names = [...shapes.keys()];
  const found = nodes
    .filter(({ op }) => isPlaceholder(op))
    .map(({ name, attributes }) => ({ name, shape: attributes.shape('shape') ?? shapes.get(name) }))
    .sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
  if (found.length > 0) return found;
  throw new FormatError('the graph has no inputs');
}

/** The network's outputs: the signature's, otherwise the nodes that nobody reads. */
function outputsOf(graph: Graph, json: Json): string[] {
  const signed = endsOf(json, 'outputs');
  if (signed) return signed.map(({ name }) => plainRef(String(name)));
  const nodes = [...graph.nodes.values()];
  const read = new Set(
    nodes.flatMap(({ inputs }) => inputs.map((ref) => makerOf(graph.resolved(ref)))),
  );
  const ends = nodes.filter(({ name, op }) => !read.has(name) && op !== 'Const' && op !== 'NoOp');
  if (ends.length > 0) return ends.map(({ name }) => name);
  throw new FormatError('the graph has no outputs');
}

/** @throws {FormatError} with all operators that there are not, each with its first node */
function checkOperators(nodes: readonly GraphNode[]): void {
  const missing = new Map<string, { first: GraphNode; count: number }>();
  for (const node of nodes) {
    if (Object.hasOwn(operators, node.op)) continue;
    const { first = node, count = 0 } = missing.get(node.op) ?? {};
    missing.set(node.op, { first, count: count + 1 });
  }
  if (missing.size === 0) return;
  const listed = [...missing].map(([op, { first, count }]) => {
    const more = count > 1 ? `, and ${count - 1} more` : '';
    return `${op} ${shown(first.name)} (it reads ${first.inputs.join(', ') || 'nothing'}; ${shown(first.attributes.json)})${more}`;
  });
  const kind = [...missing.keys()].some((op) => otherKinds.test(op)) ? ` ${FOR_CONVOLUTIONS}` : '';
  throw new FormatError(
    `there are operators that it has not: ${listed.join('; ')}.${kind} It has ${Object.keys(operators).join(', ')}`,
  );
}

/** Translates a node. What layers refuse is the file's fault. */
function translate(node: GraphNode, builder: Builder, values: Map<string, Value>): void {
  about(`${node.op} ${shown(node.name)}`, () => {
    const inputs = node.inputs.map((ref) => {
      const value = values.get(ref);
      if (value) return value;
      throw new FormatError(`it reads ${shown(ref)}, which ${shown(makerOf(ref))} does not make`);
    });
    builder.call(node.name.replace(/^StatefulPartitionedCall\//, ''));
    const made = ofFile(() => operators[node.op](new TfNode(node, builder, inputs)));
    const list = (Array.isArray(made) ? made : [made]) as readonly Value[];
    for (const [i, value] of list.entries())
      values.set(i === 0 ? node.name : `${node.name}:${i}`, value);
  });
}
