// Images of one channel as matrices.

import { Tensor } from '../../src/index.js';

/** A matrix. */
export type Rows = readonly (readonly number[])[];

/** A matrix as an image of one channel, or a filter of one input and one output channel. */
export const image = (rows: Rows): Tensor =>
  Tensor.from(rows.flat(), [1, rows.length, rows[0].length, 1]);
export const filter = (rows: Rows): Tensor =>
  Tensor.from(rows.flat(), [rows.length, rows[0].length, 1, 1]);

/** An image of one channel as a matrix. */
export function matrix(t: Tensor): number[][] {
  const [, height, width] = t.shape;
  return Array.from({ length: height }, (_, i) =>
    Array.from(t.data.slice(i * width, (i + 1) * width)),
  );
}
