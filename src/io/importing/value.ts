// The values of a network that is imported: constants, and activations, which are symbolic tensors under another layout.
//
// Files speak of axes in their own order (NCHW in ONNX); here channels come last. So an activation's axes are made of
// atoms, and it is known in which order the atoms lie in memory: to reorder axes, or to merge and split them, is then a
// matter of bookkeeping, and numbers move only where an operator needs another order in memory.

import type { SymbolicTensor } from '../../network/layer.js';

/** A piece of an axis that moves as one. */
export interface Atom {
  readonly size: number;
}

/** The batch: always the whole first axis of what has it, and first in memory. Its size is left open. */
export const BATCH: Atom = { size: 1 };

/** A side that follows the batch: `times` of it. */
export class BatchSide {
  readonly times: number;

  constructor(times: number) {
    this.times = times;
  }

  toString(): string {
    return this.times === 1 ? 'batch' : `${this.times}·batch`;
  }
}

/** A side of a shape: known, or following the batch. */
export type Side = number | BatchSide;

/** What an array holds. */
export type Kind = 'float' | 'int' | 'bool';

/** Writes numbers of an array, from `first` on, as many as there is room for. */
export type Decode = (to: Float32Array, first: number) => void;

/** An array that is known, in the file's order. */
export class Constant {
  readonly shape: readonly number[];
  readonly kind: Kind;
  /** The name of the file's array that it is, for the names of weights. */
  readonly name: string | undefined;
  #data: Float32Array | readonly Side[] | undefined;
  readonly #decode: Decode | undefined;

  /** @param data the numbers, those that shapes are made of may follow the batch; or what writes them */
  constructor(
    shape: readonly number[],
    kind: Kind,
    data: Float32Array | readonly Side[] | Decode,
    name?: string,
  ) {
    this.shape = shape;
    this.kind = kind;
    this.name = name;
    if (typeof data === 'function') this.#decode = data;
    else this.#data = data;
  }

  get size(): number {
    return this.shape.reduce((product, side) => product * side, 1);
  }

  get data(): Float32Array | readonly Side[] {
    this.#data ??= this.#decoded(new Float32Array(this.size));
    return this.#data;
  }

  /**
   * Some of its numbers, to be read before others are asked for: what is decoded for it is not kept.
   *
   * @param first the first of them
   */
  passing(first: number, count: number): Float32Array | readonly Side[] {
    if (!this.#data) return this.#decoded(roomFor(count), first);
    if (this.#data instanceof Float32Array) return this.#data.subarray(first, first + count);
    return this.#data.slice(first, first + count);
  }

  #decoded(to: Float32Array, first = 0): Float32Array {
    this.#decode?.(to, first);
    return to;
  }

  /** The same numbers under another shape or name. */
  as(shape: readonly number[], name: string | undefined): Constant {
    return new Constant(shape, this.kind, this.#data ?? (this.#decode as never), name);
  }
}

let room = new Float32Array(0);

/** Memory for numbers that are read once. New memory for each weight would take longer than reading it. */
function roomFor(size: number): Float32Array {
  if (room.length < size) room = new Float32Array(size);
  return room.subarray(0, size);
}

/** Gives that memory back. */
export function leaveRoom(): void {
  room = new Float32Array(0);
}

/** What layers compute. */
export class Activation {
  /** Its sample's shape may be any whose numbers lie in the order of `stored`. */
  readonly tensor: SymbolicTensor;
  /** Its axes in the file's order, each the atoms that it is made of, slowest first. */
  readonly axes: readonly (readonly Atom[])[];
  /** The atoms as they lie in memory, without the batch. */
  readonly stored: readonly Atom[];

  constructor(tensor: SymbolicTensor, axes: readonly (readonly Atom[])[], stored: readonly Atom[]) {
    this.tensor = tensor;
    this.axes = axes;
    this.stored = stored;
  }

  /** The same numbers, of which the axes are these, in this order. */
  picked(axes: readonly number[]): Activation {
    return new Activation(
      this.tensor,
      axes.map((axis) => this.axes[axis]),
      this.stored,
    );
  }

  /** Whether its first axis is the batch. */
  get hasBatch(): boolean {
    return this.axes[0]?.[0] === BATCH;
  }

  /** Whether the batch is another axis than the first: on the way between two transposes. */
  get hasBatchInside(): boolean {
    return this.axes.some(([atom], axis) => axis > 0 && atom === BATCH);
  }

  get rank(): number {
    return this.axes.length;
  }

  /** Its shape in the file's order; the batch counts as 1. */
  get shape(): number[] {
    return this.axes.map(sizeOfAxis);
  }
}

/** A value of the file's graph. */
export type Value = Activation | Constant;

/** The product of an axis's atoms. */
export const sizeOfAxis = (atoms: readonly Atom[]): number =>
  atoms.reduce((product, { size }) => product * size, 1);

/** The shape of a value for messages. */
export const shapeText = (value: Value): string => {
  const shape: (number | string)[] = [...value.shape];
  if (value instanceof Activation && value.hasBatch) shape[0] = 'batch';
  return `[${shape.join(', ')}]`;
};

/** The whole numbers of a constant. @returns undefined if it follows the batch, or is no whole number */
export function integers({ data }: Constant): number[] | undefined {
  const list = Array.from(data as ArrayLike<Side>);
  return list.every(Number.isInteger) ? (list as number[]) : undefined;
}
