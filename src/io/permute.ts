// Rearranges the numbers of an array with dimensions: from PyTorch's order, or from Fortran's.

import { type Shape, sizeOf } from '../base/shape.js';

/**
 * A copy whose dimension i is dimension axes[i] of what is given, as NumPy's `transpose(axes)`.
 *
 * @param shape of the numbers given
 */
export function permute<A extends Float32Array | Int32Array>(
  numbers: A,
  shape: Shape,
  axes: readonly number[],
): A {
  const sides = axes.map((axis) => shape[axis]);
  const steps = axes.map((axis) => sizeOf(shape.slice(axis + 1)));
  const at = sides.map(() => 0);
  const to = numbers.slice() as A;
  let from = 0;
  for (let i = 0; i < to.length; i++) {
    to[i] = numbers[from];
    // Counts up the last dimension, and at its end the one before.
    for (let d = sides.length - 1; d >= 0; d--) {
      from += steps[d];
      if (++at[d] < sides[d]) break;
      at[d] = 0;
      from -= steps[d] * sides[d];
    }
  }
  return to;
}
