// Numbers as JavaScript has them: typed arrays, and nested arrays, which become one array and a shape.

import { ShapeError, ValueError } from '../base/errors.js';
import { MOST_RANK, type Shape, show, sizeOf } from '../base/shape.js';
import { shown } from '../base/shown.js';

/** Numbers in nested arrays, rows of equal length. */
export type Nested = number | readonly Nested[];

/** Nested arrays whose rows may be typed arrays too. */
export type Rows = number | NumberArray | readonly Rows[];

/** JavaScript's typed arrays, without those of 64-bit integers. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray;

/** What `Tensor.from` takes. */
export type TensorData = Rows;

/** Whether a value is a typed array of numbers: a DataView and 64-bit integers are not. */
export function isNumberArray(value: unknown): value is NumberArray {
  const isOther =
    value instanceof DataView || value instanceof BigInt64Array || value instanceof BigUint64Array;
  return ArrayBuffer.isView(value) && !isOther;
}

function nestedShape(data: Rows): number[] {
  const shape: number[] = [];
  let row = data;
  while (Array.isArray(row) && shape.length <= MOST_RANK) {
    shape.push(row.length);
    if (row.length === 0) return shape;
    row = row[0];
  }
  if (isNumberArray(row)) return [...shape, row.length];
  if (typeof row === 'number') return shape;
  if (shape.length > MOST_RANK)
    throw new ShapeError(
      `the arrays are nested more than ${MOST_RANK} deep: does one hold itself?`,
    );
  throw new ValueError(`expected numbers, arrays or typed arrays, not ${shown(row)}`);
}

/** Numbers of four bytes in 4 GiB, the most that WebAssembly can address. */
const MOST_ELEMENTS = 2 ** 30;

/**
 * Puts nested arrays into one array; returns it with their shape.
 *
 * @throws {ShapeError} where rows differ in length
 * @throws {ValueError} for anything but numbers in them
 */
export function nestedData(data: Rows): { shape: Shape; numbers: Float32Array } {
  const shape = nestedShape(data);
  if (sizeOf(shape) > MOST_ELEMENTS)
    throw new ShapeError(`${show(shape)} are more numbers than fit into memory`);
  const numbers = new Float32Array(sizeOf(shape));
  let at = 0;
  const copy = (part: Rows, depth: number): void => {
    if (depth === shape.length && typeof part === 'number') {
      numbers[at++] = part;
    } else if (isNumberArray(part) && depth === shape.length - 1 && part.length === shape[depth]) {
      numbers.set(part, at);
      at += part.length;
    } else if (Array.isArray(part) && part.length === shape[depth]) {
      for (const inner of part) copy(inner, depth + 1);
    } else {
      const isRow = Array.isArray(part) || isNumberArray(part);
      const what = isRow ? `a row of ${part.length}` : shown(part);
      throw new ShapeError(
        `${isRow || typeof part === 'number' ? 'the nested arrays are ragged: ' : ''}expected shape ${show(shape)} throughout, found ${what} at depth ${depth}`,
      );
    }
  };
  copy(data, 0);
  return { shape, numbers };
}
