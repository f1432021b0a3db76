/// <reference lib="esnext.disposable" preserve="true" />
// Tensor: a shape over numbers in linear memory. JavaScript reads and writes that memory itself: nothing is copied.

import { type Backend, backend } from '../../bindings/backend.js';
import { DISPOSE } from '../base/dispose.js';
import { ShapeError, StateError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { checkShape, MOST_RANK, type Shape, show, sizeOf } from '../base/shape.js';
import { shown } from '../base/shown.js';
import type { Form } from '../program/emitter.js';
import {
  isNumberArray,
  type Nested,
  type NumberArray,
  nestedData,
  type TensorData,
} from './nested.js';
import { printed } from './print.js';
import { liveArray, Storage } from './storage.js';

/** 'float32' for everything that is computed with, 'int32' for class indices. */
export type DType = 'float32' | 'int32';

/** Keeps the memory of a tensor that was collected as long as somebody holds its `data`. */
const keptAlive = new WeakMap<ArrayBufferView, Storage>();

/** Numbers, and the shape that a tensor of them has. */
function read(data: TensorData, shape: Shape | undefined): { wanted: Shape; numbers: NumberArray } {
  const { shape: natural, numbers } = isNumberArray(data)
    ? { shape: [data.length], numbers: data }
    : nestedData(data);
  const wanted = shape === undefined ? natural : checkShape(shape);
  if (sizeOf(wanted) === numbers.length) return { wanted, numbers };
  throw new ShapeError(
    `${numbers.length} numbers do not make a tensor of shape ${show(wanted)}, which has ${sizeOf(wanted)}`,
  );
}

/** Numbers with a shape, in the library's memory. Created by `Tensor.from` and `Tensor.zeros`. */
export class Tensor {
  /** @internal Messages call it so, whatever a minifier calls the class. */
  static readonly name: string = 'Tensor';
  readonly #shape: Shape;
  readonly #dtype: DType;
  readonly #storage: Storage;
  #view: Float32Array | Int32Array | undefined;
  #disposed = false;

  private constructor(shape: Shape, dtype: DType, storage: Storage) {
    if (!(storage instanceof Storage)) {
      throw new ValueError('new Tensor: tensors are made by Tensor.from and Tensor.zeros');
    }
    this.#shape = Object.freeze([...shape]);
    this.#dtype = dtype;
    this.#storage = storage.retain();
  }

  /**
   * A tensor with a copy of `data`.
   *
   * @param data a number, nested arrays or a typed array; an Int32Array makes an 'int32' tensor, all
   *   else makes a 'float32' one
   * @param shape by default the shape of the nested arrays, or [length] of a typed array
   * @throws {ShapeError} if rows differ in length, or the shape has another size
   */
  static from(data: TensorData, shape?: Shape): Tensor {
    const { wanted, numbers } = naming('Tensor.from', () => read(data, shape));
    const live = liveArray(numbers);
    const tensor = Tensor.create(wanted, data instanceof Int32Array ? 'int32' : 'float32');
    tensor.numbers.set(live());
    return tensor;
  }

  /** A tensor of zeros. @throws {ShapeError} for anything but a list of whole numbers ≥ 0 */
  static zeros(shape: Shape): Tensor {
    const tensor = Tensor.create(naming('Tensor.zeros', () => checkShape(shape)));
    tensor.numbers.fill(0);
    return tensor;
  }

  /** @internal A tensor whose content is not defined yet. */
  static create(shape: Shape, dtype: DType = 'float32'): Tensor {
    const owner = backend();
    const size = sizeOf(shape);
    const what = () => `a tensor of shape ${show(shape)}`;
    const address = owner.memory.allocate(4 * size, 'tensors', what);
    return new Tensor(shape, dtype, new Storage(owner, address, size, true));
  }

  /** @internal A tensor over memory that a model owns; `revoke` ends the tensor. */
  static over(
    owner: Backend,
    address: number,
    shape: Shape,
  ): { tensor: Tensor; revoke: () => void } {
    const storage = new Storage(owner, address, sizeOf(shape), false);
    return { tensor: new Tensor(shape, 'float32', storage), revoke: () => storage.revoke() };
  }

  /** The sizes of its dimensions, outermost first. */
  get shape(): Shape {
    return this.#shape;
  }

  /** 'float32', or 'int32' for class indices. */
  get dtype(): DType {
    return this.#dtype;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** @internal The address of its numbers, in bytes. */
  get address(): number {
    this.#check();
    return this.#storage.address;
  }

  /**
   * The numbers themselves, row by row: writing to them changes the tensor. An 'int32' tensor's `data` is an
   * Int32Array. Read it again after each call that may allocate: when linear memory grows, older arrays become empty.
   *
   * From the first reading on you may write at any time, so a model checks such weights before each prediction.
   * `toArray` is a copy and has no such cost.
   *
   * @throws {StateError} after `dispose`
   */
  get data(): Float32Array {
    this.#check();
    this.#storage.exposed = true;
    return this.numbers;
  }

  /** @internal `data` for code that does not keep it: does not make the tensor `exposed`. */
  get numbers(): Float32Array {
    this.#check();
    const { buffer } = this.#storage.backend.memory.memory;
    if (this.#view?.buffer !== buffer) {
      const View = this.dtype === 'int32' ? Int32Array : Float32Array;
      this.#view = new View(buffer, this.#storage.address, this.size);
      keptAlive.set(this.#view, this.#storage);
    }
    return this.#view as Float32Array;
  }

  /** @internal See `FormKeeper`. */
  keep(form: Form): boolean {
    return this.#storage.keep(form);
  }

  /** @internal The address of the form with this key: 0 before its first use, undefined if it must be made. */
  formAt(key: string): number | undefined {
    return this.#storage.formAt(key);
  }

  /** @internal Notes the first use of a form. */
  askForm(key: string): void {
    this.#storage.ask(key);
  }

  /** @internal Whether the user has read `data`, and so may write to the numbers at any time. */
  get exposed(): boolean {
    return this.#storage.exposed;
  }

  /**
   * A copy as nested arrays; a number for a tensor without dimensions. In TypeScript, say how many dimensions there
   * are: `x.toArray<number[][]>()`.
   */
  toArray<A extends Nested = Nested>(): A {
    const { numbers, shape } = this;
    const build = (dimension: number, at: number): Nested => {
      if (dimension === shape.length) return numbers[at];
      const stride = sizeOf(shape.slice(dimension + 1));
      return Array.from({ length: shape[dimension] }, (_, i) =>
        build(dimension + 1, at + i * stride),
      );
    };
    return build(0, 0) as A;
  }

  /**
   * A tensor of another shape that shares this one's memory. One side may be −1: it follows from the others.
   *
   * @throws {ShapeError} if the new shape has another number of elements
   */
  reshape(shape: Shape): Tensor {
    this.#check();
    const fail = (): never => {
      throw new ShapeError(
        `reshape: ${show(this.shape)} has ${this.size} elements and cannot become ${shown(shape)}`,
      );
    };
    if (!Array.isArray(shape) || shape.length > MOST_RANK) return fail();
    const known = shape.reduce((product, side) => (side === -1 ? product : product * side), 1);
    const full = shape.map((side) => (side === -1 ? this.size / known : side));
    const once = shape.filter((side) => side === -1).length <= 1;
    const whole = full.every((side) => Number.isInteger(side) && side >= 0);
    if (!once || !whole || sizeOf(full) !== this.size) return fail();
    return new Tensor(full, this.dtype, this.#storage);
  }

  /** A copy with memory of its own. */
  clone(): Tensor {
    const copy = Tensor.create(this.shape, this.dtype);
    copy.numbers.set(this.numbers);
    return copy;
  }

  /** Shape and numbers as text, large tensors shortened: what `console.log` prints. */
  toString(): string {
    if (this.#disposed || !this.#storage.alive)
      return `Tensor ${this.dtype} ${show(this.shape)}, disposed`;
    return printed(this.dtype, this.shape, this.numbers);
  }

  /** What Node's `console.log` asks for. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** Frees the memory, unless a reshaped tensor still shares it. A second call does nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#view = undefined;
    this.#storage.release();
  }

  /** `using t = …` calls this at the end of the block. */
  [DISPOSE](): void {
    this.dispose();
  }

  #check(): void {
    if (this.#disposed || !this.#storage.alive) {
      throw new StateError(`a tensor of shape ${show(this.shape)} was used after dispose`);
    }
  }
}
