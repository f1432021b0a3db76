// The product of two stacks of matrices.

import type { MatMulOptions } from '../../../operators/arrays/index.js';
import type { Place } from './place.js';

/** Rows and columns are the last axes in the file as well, while it multiplies. */
export function matMul(at: Place): string {
  const { transposeA, transposeB } = at.options<MatMulOptions>();
  const rank = at.shape.length;
  const axes = [...at.shape.keys()];
  const swapped = [...axes.slice(0, -2), rank - 1, rank - 2];
  const [a, b] = [transposeA, transposeB].map((isTransposed, i) =>
    at.ours(at.ranked(at.inputs[i], rank), isTransposed ? swapped : axes),
  );
  return at.theirs(at.node('MatMul', [a, b]), at.shape);
}
