// What the backend's storage holds for each tensor of TF.js: numbers in JavaScript's memory, in linear memory, or not yet
// computed. TF.js's own kernels read `values`, whichever it is.

import type { TensorData } from '@tensorflow/tfjs-backend-cpu/dist/backend_cpu.js';
import type { backend_util, DataType } from '@tensorflow/tfjs-core';
import type { Shape } from '../base/shape.js';
import { Tensor } from '../tensor/tensor.js';
import type { Attributes, Native, Resident } from './kernel.js';
import { create, recycle } from './recycled.js';

/** A tensor's numbers, wherever they are, with what TF.js keeps about them. */
export class Cell implements TensorData<DataType> {
  readonly dtype: DataType;
  refCount: number;
  complexTensorInfos?: TensorData<DataType>['complexTensorInfos'];
  /** When it was last used, for finding the coldest. */
  usedAt = 0;
  /** What a gradient will want besides the numbers: see `Native.kept`. */
  kept: Cell | undefined;
  #norm: Norm | undefined;
  #values: backend_util.BackendValues | undefined;
  #tensor: Tensor | undefined;
  #pending: PendingCall | undefined;
  #holds = 0;
  #isGone = false;

  constructor(
    dtype: DataType,
    refCount: number,
    from: {
      readonly values?: backend_util.BackendValues;
      readonly tensor?: Tensor;
      readonly pending?: PendingCall;
    },
  ) {
    this.dtype = dtype;
    this.refCount = refCount;
    this.#values = from.values;
    this.#tensor = from.tensor;
    this.#pending = from.pending;
  }

  /** The numbers as TF.js's cpu kernels read them; those of float32 and int32 may be a view of linear memory. */
  get values(): backend_util.BackendValues | undefined {
    if (this.#values) return this.#values;
    const { tensor } = this;
    if (!tensor) return undefined;
    if (this.dtype !== 'bool') return this.#numbers(tensor);
    this.#values = Uint8Array.from(tensor.numbers);
    return this.#values;
  }

  set values(values: backend_util.BackendValues | undefined) {
    this.#empty();
    this.#values = values;
  }

  /** The numbers of its type: kernels write whole numbers into what was made for floats. */
  #numbers({ numbers, dtype }: Tensor): Float32Array | Int32Array {
    if (this.dtype !== 'int32' || dtype === 'int32') return numbers;
    return new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  }

  /** The numbers in linear memory, if they are there; pending ones are computed. */
  get tensor(): Tensor | undefined {
    const pending = this.#pending;
    if (pending) {
      this.#tensor = pending.compute();
      this.#pending = undefined;
    }
    return this.#tensor;
  }

  /** The norm after which ReLU made these numbers, if one did: their gradients are one step. */
  get norm(): Norm | undefined {
    return this.#norm;
  }

  set norm(norm: Norm | undefined) {
    norm?.beta.hold();
    this.#norm?.beta.release();
    this.#norm = norm;
  }

  /** The call that computes the numbers, as long as nobody has read them. */
  get pending(): PendingCall | undefined {
    return this.#pending;
  }

  /** Whether the numbers are in linear memory now. */
  get isInside(): boolean {
    return this.#tensor !== undefined;
  }

  /** The numbers in linear memory, where they are put if need be. @throws {OutOfMemoryError} */
  bringIn(): Tensor {
    const { tensor: known } = this;
    if (known) return known;
    const values = this.#values as backend_util.TypedArray;
    const shape = [values.length];
    const tensor = this.dtype === 'int32' ? Tensor.create(shape, 'int32') : create(shape);
    tensor.numbers.set(values);
    this.#tensor = tensor;
    // A second copy would take memory for nothing. Bytes stay, as linear memory has floats of them.
    if (this.dtype !== 'bool') this.#values = undefined;
    return tensor;
  }

  /** Moves the numbers from linear memory to JavaScript's. */
  takeOut(): void {
    const tensor = this.#tensor;
    if (!tensor) return;
    if (this.dtype !== 'bool') this.#values = this.#numbers(tensor).slice();
    else this.#values ??= Uint8Array.from(tensor.numbers);
    this.#tensor = undefined;
    tensor.dispose();
    this.#forgetKept();
  }

  /** Somebody needs the numbers, even if TF.js disposes of them. */
  hold(): void {
    this.#holds++;
  }

  /** Whether TF.js has disposed of it. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** The end of a `hold`. */
  release(): void {
    if (--this.#holds === 0 && this.#isGone) this.free();
  }

  /** Gives the memory back, as soon as nobody holds it. */
  free(): void {
    this.#isGone = true;
    if (this.#holds === 0) this.#empty();
  }

  #empty(): void {
    this.norm = undefined;
    this.#pending?.drop();
    if (this.#tensor) recycle(this.#tensor);
    this.#pending = undefined;
    this.#tensor = undefined;
    this.#values = undefined;
    this.#forgetKept();
  }

  #forgetKept(): void {
    this.kept?.free();
    this.kept = undefined;
  }
}

/** What the gradient of a norm needs to know of the ReLU after it. */
export interface Norm {
  /** Says which norm. */
  readonly mean: Cell;
  readonly beta: Cell;
}

/** The shapes of inputs; null for those that were not given. */
export type Shapes = readonly (Shape | null)[];

/** What a call is computed from. */
export interface Given {
  readonly native: Native;
  readonly shapes: Shapes;
  /** The numbers of the inputs that were given. */
  readonly cells: readonly Cell[];
  readonly attrs: Attributes;
  /** The type of the inputs which may have any. */
  readonly type: Resident;
}

/** A call that waits. */
export class PendingCall implements Given {
  /** That of the result. */
  readonly shape: Shape;
  readonly native: Native;
  readonly shapes: Shapes;
  /** What TF.js disposes of meanwhile stays as long as it is needed. */
  readonly cells: readonly Cell[];
  readonly attrs: Attributes;
  readonly type: Resident;
  readonly #run: (given: Given) => Tensor;

  constructor(
    shape: Shape,
    { native, shapes, cells, attrs, type }: Given,
    run: (given: Given) => Tensor,
  ) {
    this.shape = shape;
    this.native = native;
    this.shapes = shapes;
    this.cells = cells;
    this.attrs = attrs;
    this.type = type;
    this.#run = run;
    for (const cell of cells) cell.hold();
  }

  /** Computes the result, and lets go of the inputs. */
  compute(): Tensor {
    const result = this.#run(this);
    this.drop();
    return result;
  }

  /** Lets go of the inputs, uncomputed. */
  drop(): void {
    for (const cell of this.cells) cell.release();
  }
}
