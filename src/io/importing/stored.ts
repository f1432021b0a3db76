// Arrays as files store them, as constants: ONNX's and TF.js's.

import { numbersOf, storedNumbers } from '../numbers.js';
import { Constant, type Decode, type Kind } from './value.js';

/** An array's bytes, as many as shape and type say. */
export interface StoredArray {
  readonly shape: readonly number[];
  readonly kind: Kind;
  /** The type of its numbers, by safetensors' names. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** The constant that is stored so. Floats stay in the file's bytes; whole numbers are exact. */
export function storedConstant(array: StoredArray, name: string): Constant {
  const { shape, kind, type, bytes } = array;
  const data = kind === 'float' ? floatsOf(bytes, type) : wholeNumbers(bytes, type);
  return new Constant(shape, kind, data, name);
}

/** Floats where they lie, if they lie aligned; else they are copied when they are needed, many at a time. */
function floatsOf(bytes: Uint8Array, type: string): Float32Array | Decode {
  if (type !== 'F32') return numbersOf({ type, bytes }, { dtype: 'float32' }) as Float32Array;
  return bytes.byteOffset % 4 === 0
    ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    : (to, first) => {
        const own = bytes.subarray(4 * first, 4 * (first + to.length));
        new Uint8Array(to.buffer, to.byteOffset, to.byteLength).set(own);
      };
}

/** Whole numbers, exactly: sizes and indices. */
const wholeNumbers = (bytes: Uint8Array, type: string): number[] =>
  Array.from(storedNumbers(type, bytes), type === 'BOOL' ? (value) => Number(value !== 0) : Number);
