// The graph of a file that is being written, and a layer at one place of it: what the writers of layers work with.

import { ValueError } from '../../../base/errors.js';
import type { Shape } from '../../../base/shape.js';
import type { Layer, Model, SymbolicTensor } from '../../../core.js';
import { DistinctNames } from '../../distinct.js';
import { permute } from '../../permute.js';
import type { Attributes, FileArray, FileNode } from '../writeproto.js';

/** A tensor of the network in the file. */
export interface FileValue {
  readonly name: string;
  /** A sample's shape, as the model has it. */
  readonly shape: Shape;
  /** Of a flattened image whose numbers lie in the file's order: the image's shape. See flattened.ts. */
  readonly image: Shape | undefined;
}

/** A sample's sides as the file has them: channels first. */
export const channelsFirst = (shape: Shape): number[] =>
  shape.length < 2 ? [...shape] : [shape[shape.length - 1], ...shape.slice(0, -1)];

/** The file's axis of one of a sample's, which may count from the last: the batch is the first, channels follow. */
export function fileAxis({ length }: Shape, axis: number): number {
  const own = axis < 0 ? axis + length : axis;
  return own === length - 1 ? 1 : own + 2;
}

/** Which of the file's axes each of [batch, ...sample] is. */
export const fileAxes = (shape: Shape, axes: readonly number[] = [...shape.keys()]): number[] => [
  0,
  ...axes.map((axis) => fileAxis(shape, axis)),
];

/** With sides of 1 in front, so that there are `rank`. */
export const aligned = (shape: Shape, rank: number): Shape => [
  ...new Array(Math.max(0, rank - shape.length)).fill(1),
  ...shape,
];

/** Where each axis goes that an order takes from somewhere. */
export const inverse = (order: readonly number[]): number[] =>
  order.map((_, axis) => order.indexOf(axis));

/** Whether numbers move when channels come first: not where there is one channel or one pixel. */
export const moves = (shape: Shape): boolean =>
  shape.length > 1 && shape.at(-1) !== 1 && shape.slice(0, -1).some((side) => side !== 1);

/** How a weight lies in the file: its numbers are taken as an array of some shape, whose axes are reordered. */
export interface View {
  readonly shape?: Shape;
  readonly order: readonly number[];
  /** The sides in the file, where they are others than those of the reordered array. */
  readonly dims?: Shape;
}

/** Operators that leave numbers as they are. */
const moving = new Set(['Transpose', 'Reshape', 'Flatten', 'Cast']);

/** The graph of a file. */
export class FileGraph {
  /** Numbers, as nodes without inputs: arrays of the file are weights for those who read it. */
  readonly constants: FileNode[] = [];
  readonly nodes: FileNode[] = [];
  readonly arrays: FileArray[] = [];
  readonly #weights: ReadonlyMap<string, Model['weights'][number]['tensor']>;
  readonly #names = new DistinctNames();
  /** The names of arrays by what they hold. */
  readonly #held = new Map<string, string>();

  constructor(weights: Model['weights']) {
    this.#weights = new Map(weights.map(({ name, tensor }) => [name, tensor]));
  }

  /** The wanted name, with a number where something has it: nodes, values and arrays all have different ones. */
  name(wanted: string): string {
    return this.#names.give(wanted);
  }

  /** A constant that is one number. */
  scalar(number: number): string {
    return this.#constant(`scalar ${number}`, { value_float: { float: number } });
  }

  /** A constant of floats, which are no weights. */
  floats(dims: Shape, floats: readonly number[]): string {
    return this.#constant(`float ${dims} ${floats}`, { value: { dims, floats } });
  }

  #constant(key: string, attributes: Attributes): string {
    const held = this.#held.get(key);
    if (held !== undefined) return held;
    const name = this.name('constant');
    this.constants.push({ name, op: 'Constant', inputs: [], output: name, attributes });
    this.#held.set(key, name);
    return name;
  }

  /** Adds a node, named as what it makes. Returns that name. */
  node(wanted: string, op: string, inputs: readonly string[], attributes: Attributes): string {
    const output = this.name(wanted);
    this.nodes.push({ name: output, op, inputs, output, attributes });
    return output;
  }

  /**
   * Gives what the last node makes another name that is taken for it. Nothing may read it yet. Of the nodes from `first`
   * on, the last that computes something is called so too: readers name layers after nodes.
   */
  renameLast(name: string, first: number): string {
    const made = this.nodes.slice(first);
    const last = made[made.length - 1];
    const own = made.findLast(({ op }) => !moving.has(op)) ?? last;
    own.name = name;
    last.output = name;
    return name;
  }

  /** Adds a node that makes a value whose name is taken for it. */
  add(name: string, op: string, inputs: readonly string[]): void {
    this.nodes.push({ name, op, inputs, output: name, attributes: {} });
  }

  /** Adds a Transpose where the order is another one: of what was before the last, where that was one too. */
  transpose(wanted: string, x: string, perm: readonly number[]): string {
    const before = this.nodes.findLast(({ output }) => output === x);
    if (before?.op === 'Transpose') {
      const own = before.attributes.perm as readonly number[];
      return this.transpose(
        wanted,
        before.inputs[0],
        perm.map((axis) => own[axis]),
      );
    }
    const moves = perm.some((axis, i) => axis !== i);
    return moves ? this.node(wanted, 'Transpose', [x], { perm }) : x;
  }

  /** The nodes that outputs depend on. */
  needed(outputs: readonly string[]): FileNode[] {
    const wanted = new Set(outputs);
    const kept = [...this.constants, ...this.nodes].reverse().filter(({ output, inputs }) => {
      const isNeeded = wanted.has(output);
      if (isNeeded) for (const name of inputs) wanted.add(name);
      return isNeeded;
    });
    return kept.reverse();
  }

  /** Adds an array, unless there is one that holds the same. Returns its name. */
  #array(key: string, wanted: string, array: Omit<FileArray, 'name'>): string {
    const held = this.#held.get(key);
    if (held !== undefined) return held;
    const name = this.name(wanted);
    this.arrays.push({ name, ...array });
    this.#held.set(key, name);
    return name;
  }

  /** A constant list of whole numbers: a shape, sides, axes. */
  ints(numbers: readonly number[]): string {
    return this.#array(`int64 ${numbers}`, 'constant', {
      dims: [numbers.length],
      type: 'int64',
      numbers: () => BigInt64Array.from(numbers, BigInt),
    });
  }

  /** A weight of the model by its name, reordered where a view is given. */
  weight(name: string, view?: View): string {
    const tensor = this.#weights.get(name) as Model['weights'][number]['tensor'];
    if (!view) {
      const own = { dims: tensor.shape, type: 'float', numbers: () => tensor.numbers } as const;
      return this.#array(name, name, own);
    }
    const { shape = tensor.shape, order } = view;
    const { dims = order.map((axis) => shape[axis]) } = view;
    return this.#array(`${name} ${shape} ${order} ${dims}`, name, {
      dims,
      type: 'float',
      numbers() {
        const numbers = new Float32Array(tensor.size);
        permute(numbers, tensor.numbers, shape, order);
        return numbers;
      },
    });
  }
}

/** A layer at one place of the network. */
export class Place {
  readonly graph: FileGraph;
  readonly layer: Layer;
  readonly inputs: readonly FileValue[];
  /** A sample's shape of what it makes, as the model has it. */
  readonly shape: Shape;
  /** What it makes is a flattened image of this shape, whose numbers are to lie in the file's order. */
  readonly image: Shape | undefined;
  /** The version of ONNX's operators. */
  readonly opset: number;

  constructor(
    graph: FileGraph,
    opset: number,
    { layer, shape }: SymbolicTensor,
    inputs: readonly FileValue[],
    image: Shape | undefined,
  ) {
    this.graph = graph;
    this.opset = opset;
    this.layer = layer;
    this.shape = shape;
    this.inputs = inputs;
    this.image = image;
  }

  /** Its input, or the first of several. */
  get x(): FileValue {
    return this.inputs[0];
  }

  /** The options that the layer was made with. */
  options<O>(): O {
    return this.layer.options as O;
  }

  /** Adds a node. Returns the name of what it makes. */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.graph.node(`${this.layer.name}/${op}`, op, inputs, attributes);
  }

  /** Adds a Reshape. A side of 0 stays as it was, which the batch always does. */
  reshape(x: string, sides: Shape): string {
    return this.node('Reshape', [x, this.ints([0, ...sides])]);
  }

  /** One of the layer's weights. */
  weight(parameter: string, view?: View): string {
    return this.graph.weight(`${this.layer.name}/${parameter}`, view);
  }

  /** Whether the layer has such a weight. */
  has(parameter: string): boolean {
    return this.layer.parameters.some(({ name }) => name === parameter);
  }

  ints(numbers: readonly number[]): string {
    return this.graph.ints(numbers);
  }

  floats(dims: Shape, numbers: readonly number[]): string {
    return this.graph.floats(dims, numbers);
  }

  /** A constant that is one number. */
  scalar(number: number): string {
    return this.graph.scalar(number);
  }

  /** Adds a Transpose where the order is another one. */
  transpose(x: string, perm: readonly number[]): string {
    return this.graph.transpose(`${this.layer.name}/Transpose`, x, perm);
  }

  /** A value with its axes in our order, [batch, ...sample]; in another one of the sample's axes where that is given. */
  ours({ name, shape }: FileValue, axes?: readonly number[]): string {
    return this.transpose(name, fileAxes(shape, axes));
  }

  /** [batch, ...shape] in the file's order: the way back from `ours`. */
  theirs(x: string, shape: Shape, axes?: readonly number[]): string {
    return this.transpose(x, inverse(fileAxes(shape, axes)));
  }

  /** An input whose sample has dimensions of 1 in front, so that it has `rank` of them. */
  ranked(x: FileValue, rank: number): FileValue {
    if (x.shape.length >= rank) return x;
    const shape = aligned(x.shape, rank);
    return { ...x, name: this.reshape(x.name, channelsFirst(shape)), shape };
  }

  /** The sides [batch, ...sides] of a value as a list in the file, which knows the batch when it runs. */
  sides(x: FileValue, sides: Shape): string {
    const batch =
      this.opset >= 15
        ? this.node('Shape', [x.name], { start: 0, end: 1 })
        : this.node('Slice', [this.node('Shape', [x.name]), this.ints([0]), this.ints([1])]);
    return this.node('Concat', [batch, this.ints(sides)], { axis: 0 });
  }

  /** @throws {ValueError} if older operators cannot say it */
  needs(opset: number, what: string): void {
    if (this.opset >= opset) return;
    throw new ValueError(
      `${what} needs opset ${opset}, not ${this.opset}: writeOnnx(model, { opset: ${opset} })`,
    );
  }
}

/** Writes a layer at its place. Returns the name of what it makes: an input's where it does nothing. */
export type LayerWriter = (at: Place) => string;
