// What the backend's storage holds for each tensor of TF.js: numbers in JavaScript's memory, in linear memory, or not yet
// computed. TF.js's own kernels read `values`, whichever it is.

import type { TensorData } from '@tensorflow/tfjs-backend-cpu/dist/backend_cpu.js';
import type { backend_util, DataType } from '@tensorflow/tfjs-core';
import { Tensor } from '../tensor/tensor.js';
import type { PendingCall } from './call.js';

/** The types that lie in linear memory: 'bool' as floats, 0 and 1. */
export type Resident = 'float32' | 'int32' | 'bool';

/** A tensor's numbers, wherever they are, with what TF.js keeps about them. */
export class Cell implements TensorData<DataType> {
  readonly dtype: DataType;
  refCount: number;
  complexTensorInfos?: TensorData<DataType>['complexTensorInfos'];
  /** When it was last used, for finding the coldest. */
  usedAt = 0;
  /** What a gradient will want besides the numbers: see `Native.kept`. */
  kept: Tensor | undefined;
  #values: backend_util.BackendValues | undefined;
  #tensor: Tensor | undefined;
  #pending: PendingCall | undefined;

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
    this.free();
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
    const tensor = Tensor.create([values.length], this.dtype === 'int32' ? 'int32' : 'float32');
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

  /** Gives the memory back. */
  free(): void {
    this.#pending?.drop();
    this.#tensor?.dispose();
    this.#pending = undefined;
    this.#tensor = undefined;
    this.#values = undefined;
    this.#forgetKept();
  }

  #forgetKept(): void {
    this.kept?.dispose();
    this.kept = undefined;
  }
}
