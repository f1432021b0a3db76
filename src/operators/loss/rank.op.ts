// Which numbers of a row are the largest.

import { ShapeError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import { checkInteger, show } from '../../base/shape.js';
import { argument, withoutOptions } from '../../tensor/eager.js';
import { Tensor } from '../../tensor/tensor.js';

/** The numbers of each row that are largest, largest first; of equal ones the first comes first. */
function largest(x: Tensor, k = 1): { values: number[]; indices: number[] } {
  argument('x', x);
  const columns = x.shape.at(-1);
  if (!columns) throw new ShapeError(`x must be [..., classes], not ${show(x.shape)}`);
  if (checkInteger('k', k) > columns)
    throw new ShapeError(`rows of ${columns} have no ${k} largest: x is ${show(x.shape)}`);
  const { numbers } = x;
  const indices: number[] = [];
  for (let at = 0; at < numbers.length; at += columns) {
    const row = Array.from({ length: columns }, (_, i) => i);
    indices.push(...row.sort((a, b) => numbers[at + b] - numbers[at + a] || a - b).slice(0, k));
  }
  const values = indices.map((i, j) => numbers[Math.floor(j / k) * columns + i]);
  return { values, indices };
}

/**
 * The k largest numbers along the last dimension of x [..., classes], largest first, and where they are. k is 1 by
 * default.
 *
 * @returns both [..., k]; the indices int32
 */
export const topK = withoutOptions(
  'topK',
  (x: Tensor, k?: number): { values: Tensor; indices: Tensor } => {
    const { values, indices } = naming('topK', () => largest(x, k));
    const shape = [...x.shape.slice(0, -1), k ?? 1];
    return {
      values: Tensor.from(Float32Array.from(values), shape),
      indices: Tensor.from(Int32Array.from(indices), shape),
    };
  },
);
