// Numbers as files have them, in any type and byte order, as those that tensors hold.

import { FormatError } from '../base/errors.js';
import { type Shape, sizeOf } from '../base/shape.js';
import { Tensor } from '../tensor/tensor.js';
import type { ReadOptions } from './reading.js';

/** A type of numbers: how many bytes one has, and all of them as float32. They are aligned and little-endian. */
interface NumberType {
  readonly size: number;
  readonly convert: (buffer: ArrayBuffer) => Float32Array;
}

/** Of types whose typed arrays JavaScript has. */
const typed = (
  View: {
    readonly BYTES_PER_ELEMENT: number;
    new (buffer: ArrayBuffer): ArrayLike<number>;
  },
  isFloat32 = false,
): NumberType => ({
  size: View.BYTES_PER_ELEMENT,
  convert: (buffer) => (isFloat32 ? new Float32Array(buffer) : new Float32Array(new View(buffer))),
});

const bigints = (View: {
  new (buffer: ArrayBuffer): BigInt64Array | BigUint64Array;
}): NumberType => ({
  size: 8,
  convert: (buffer) => {
    const from = new View(buffer);
    const to = new Float32Array(from.length);
    for (let i = 0; i < to.length; i++) to[i] = Number(from[i]);
    return to;
  },
});

/** IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
}

/** The value of each half, made when it is first needed. */
let halves: Float32Array | undefined;

function fromHalves(buffer: ArrayBuffer): Float32Array {
  halves ??= Float32Array.from({ length: 1 << 16 }, (_, bits) => half(bits));
  const values = halves;
  const from = new Uint16Array(buffer);
  const to = new Float32Array(from.length);
  for (let i = 0; i < to.length; i++) to[i] = values[from[i]];
  return to;
}

/** bfloat16 is the upper half of a float32. */
function fromBrains(buffer: ArrayBuffer): Float32Array {
  const from = new Uint16Array(buffer);
  const to = new Uint32Array(from.length);
  for (let i = 0; i < to.length; i++) to[i] = from[i] << 16;
  return new Float32Array(to.buffer);
}

/** The types that are read, by safetensors' names. */
export const numberTypes: Readonly<Record<string, NumberType>> = {
  F32: typed(Float32Array, true),
  F64: typed(Float64Array),
  F16: { size: 2, convert: fromHalves },
  BF16: { size: 2, convert: fromBrains },
  BOOL: typed(Uint8Array),
  I8: typed(Int8Array),
  U8: typed(Uint8Array),
  I16: typed(Int16Array),
  U16: typed(Uint16Array),
  I32: typed(Int32Array),
  U32: typed(Uint32Array),
  I64: bigints(BigInt64Array),
  U64: bigints(BigUint64Array),
};

/** Reverses the bytes of each number. */
function swap(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

/** How numbers of a file become a tensor. */
export interface Stored {
  readonly type: string;
  readonly shape: Shape;
  /** As many as type and shape say. */
  readonly bytes: Uint8Array;
  readonly isBigEndian?: boolean;
}

/**
 * The numbers of a file: an Int32Array of I32, unless float32 is asked for; otherwise a Float32Array. Copied.
 *
 * @throws {FormatError} for types other than F32 and I32, unless float32 is asked for, and for types that are not read
 */
export function numbersOf(
  { type, bytes, isBigEndian = false }: Omit<Stored, 'shape'>,
  { dtype }: ReadOptions,
): Float32Array | Int32Array {
  if (!Object.hasOwn(numberTypes, type))
    throw new FormatError(
      `its type is ${type}, which is not read; there are ${Object.keys(numberTypes).join(', ')}`,
    );
  const { size, convert } = numberTypes[type];
  if (dtype === undefined && type !== 'F32' && type !== 'I32')
    throw new FormatError(
      `its type is ${type}, but tensors are float32 or int32: the option { dtype: 'float32' } reads it as float32`,
    );
  // A copy, because the bytes may not be aligned. Not by `slice`: that of a Node Buffer copies nothing.
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  if (isBigEndian && size > 1) swap(copy, size);
  return type === 'I32' && dtype === undefined ? new Int32Array(copy.buffer) : convert(copy.buffer);
}

/** A tensor of such numbers. @throws as `numbersOf` */
export const tensorOf = (stored: Stored, options: ReadOptions): Tensor =>
  Tensor.from(numbersOf(stored, options), stored.shape);

/** How many bytes the numbers of a shape have. */
export const bytesIn = (type: string, shape: Shape): number =>
  sizeOf(shape) * numberTypes[type].size;

/**
 * Makes tensors by name, all or none: after an error those that were made are disposed of.
 */
export function recordOf(
  made: Iterable<readonly [name: string, make: () => Tensor]>,
): Record<string, Tensor> {
  const tensors: [string, Tensor][] = [];
  try {
    for (const [name, make] of made) tensors.push([name, make()]);
  } catch (error) {
    for (const [, tensor] of tensors) tensor.dispose();
    throw error;
  }
  // Not by assignment: a tensor may be called __proto__.
  return Object.fromEntries(tensors);
}
