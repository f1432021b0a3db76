// Ops by themselves, between sentinels or on threads: for kernels that no layer has.

import { type Shape, sizeOf } from '../../src/base/shape.js';
import { Tensor } from '../../src/index.js';
import { asValue, Emitter, type Value } from '../../src/program/emitter.js';
import { compute } from '../../src/tensor/calls.js';
import { Guarded } from './guarded.js';

/** What ops read: 32-bit numbers of either kind, which are moved as they are. */
export interface Given {
  readonly shape: Shape;
  readonly data: Float32Array | Int32Array;
}

/** Ops that fill y from what is given. */
export interface Emitted {
  readonly name: string;
  readonly inputs: readonly Given[];
  /** The shape of y. */
  readonly shape: Shape;
  readonly emit: (e: Emitter, y: Value, xs: readonly Value[]) => void;
}

/** The same bits as floats: `set` would turn a whole number into a float. */
const bitsOf = ({ data }: Given): Float32Array =>
  new Float32Array(data.buffer, data.byteOffset, data.length);

/** Runs ops between sentinels. @returns y */
export function guardedRun({ name, inputs, shape, emit }: Emitted): Float32Array {
  const guarded = new Guarded();
  const e = new Emitter();
  const xs = inputs.map((given, i) => guarded.value(`input ${i}`, given.shape, bitsOf(given)));
  const y = guarded.value('y', shape);
  emit(e, y, xs);
  guarded.run(e, name);
  const found = guarded.read(y);
  guarded.free();
  return found;
}

/** Runs ops between sentinels in the memory of the first input. @returns what it holds then */
export function guardedRunInPlace({ name, inputs, emit }: Emitted): Float32Array {
  const guarded = new Guarded();
  const e = new Emitter();
  const xs = inputs.map((given, i) => guarded.value(`input ${i}`, given.shape, bitsOf(given)));
  emit(e, xs[0], xs);
  guarded.run(e, `${name}, in place`);
  const found = guarded.read(xs[0]);
  guarded.free();
  return found;
}

/** Runs ops on all threads. @returns the bits of y */
export function threadedBits({ inputs, shape, emit }: Emitted): Int32Array {
  const xs = inputs.map((given) => Tensor.from(bitsOf(given), given.shape));
  const [y] = compute([shape], (e, value) => emit(e, value, xs.map(asValue)));
  const { buffer, byteOffset } = y.data;
  const bits = new Int32Array(buffer, byteOffset, sizeOf(shape)).slice();
  for (const tensor of [...xs, y]) tensor.dispose();
  return bits;
}

/** The bits of floats, as whole numbers. */
export const asIntegers = (y: Float32Array): Int32Array =>
  new Int32Array(y.buffer, y.byteOffset, y.length);
