// Numbers as files have them, in any type and byte order, as those that tensors hold.

import { FormatError } from '../base/errors.js';
import { type Shape, sizeOf } from '../base/shape.js';
import { Tensor } from '../tensor/tensor.js';
import type { ReadOptions } from './reading.js';

/** A type of numbers: JavaScript's array of them or of their bits, and the number of some bits. */
interface NumberType {
  readonly View: {
    readonly BYTES_PER_ELEMENT: number;
    new (buffer: ArrayBuffer): ArrayLike<number | bigint>;
  };
  readonly of?: (bits: number) => number;
}

/** IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
}

/** bfloat16 is the upper half of a float32. */
const brain = (bits: number): number => new Float32Array(Uint32Array.of(bits << 16).buffer)[0];

/** The types that are read, by safetensors' names. */
const numberTypes: Readonly<Record<string, NumberType>> = {
  F32: { View: Float32Array },
  F64: { View: Float64Array },
  F16: { View: Uint16Array, of: half },
  BF16: { View: Uint16Array, of: brain },
  BOOL: { View: Uint8Array },
  I8: { View: Int8Array },
  U8: { View: Uint8Array },
  I16: { View: Int16Array },
  U16: { View: Uint16Array },
  I32: { View: Int32Array },
  U32: { View: Uint32Array },
  I64: { View: BigInt64Array },
  U64: { View: BigUint64Array },
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
  if (dtype === undefined && type !== 'F32' && type !== 'I32')
    throw new FormatError(
      `its type is ${type}, but tensors are float32 or int32: the option { dtype: 'float32' } reads it as float32`,
    );
  const numbers = storedNumbers(type, bytes, isBigEndian);
  const isOurs = type === 'F32' || dtype === undefined;
  return isOurs ? (numbers as Float32Array | Int32Array) : floatsOf(numbers, numberTypes[type].of);
}

/** The numbers, or their bits, as JavaScript has them. Copied, because the bytes may not be aligned. */
export function storedNumbers(
  type: string,
  bytes: Uint8Array,
  isBigEndian = false,
): ArrayLike<number | bigint> {
  const { View } = numberTypes[type];
  // Not by `slice`: that of a Node Buffer copies nothing.
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  if (isBigEndian && View.BYTES_PER_ELEMENT > 1) swap(copy, View.BYTES_PER_ELEMENT);
  return new View(copy.buffer);
}

/** What each number of 16 bits means, made when it is first needed. */
const meanings = new Map<(bits: number) => number, Float32Array>();

function floatsOf(from: ArrayLike<number | bigint>, of?: (bits: number) => number): Float32Array {
  if (of && !meanings.has(of))
    meanings.set(
      of,
      Float32Array.from({ length: 1 << 16 }, (_, bits) => of(bits)),
    );
  const table = of && meanings.get(of);
  const to = new Float32Array(from.length);
  for (let i = 0; i < to.length; i++) to[i] = table ? table[from[i] as number] : Number(from[i]);
  return to;
}

/** A tensor of such numbers. @throws as `numbersOf` */
export const tensorOf = (stored: Stored, options: ReadOptions): Tensor =>
  Tensor.from(numbersOf(stored, options), stored.shape);

/** How many bytes the numbers of a shape have. */
export const bytesIn = (type: string, shape: Shape): number =>
  sizeOf(shape) * numberTypes[type].View.BYTES_PER_ELEMENT;

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
