// Rows by their numbers along any axis, as ops, and the gradient.

import { type Shape, sizeOf } from '../../base/shape.js';
import type { Emitter, Value } from '../../program/emitter.js';
import { type GatherSizes, sumSegments } from './lookup.emit.js';
import { permute } from './strides.emit.js';

/** How an array is seen from which `count` rows are taken along an axis. */
export const gatherSizes = (shape: Shape, axis: number, count: number): GatherSizes => ({
  ...{ batch: 1, outer: sizeOf(shape.slice(0, axis)), n: shape[axis], count },
  slice: sizeOf(shape.slice(axis + 1)),
});

/** dx = for each row the sum of the rows of dy that were taken from it. */
export function gatherRowsBackward(
  e: Emitter,
  dx: Value,
  dy: Value,
  indices: Value,
  { outer, n, count, slice }: GatherSizes,
): void {
  if (outer === 1) {
    sumSegments(e, dx.view([n, slice]), dy, indices);
    return;
  }
  // The sums are of whole rows: the axis comes first, and goes back.
  const [rows, sums] = [e.value([count, outer, slice]), e.value([n, outer, slice])];
  permute(e, rows, dy, [outer, count, slice], [1, 0, 2]);
  sumSegments(e, sums, rows, indices);
  permute(e, dx, sums, [n, outer, slice], [1, 0, 2]);
}
