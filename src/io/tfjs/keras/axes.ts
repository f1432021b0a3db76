// Layers that work along the last axis, applied along another one.

import type { SymbolicTensor } from '../../../network/layer.js';
import { transpose } from '../../../operators/arrays/index.js';

/** The sample's axes in another order. */
const transposed = (x: SymbolicTensor, axes: readonly number[]): SymbolicTensor =>
  axes.every((axis, i) => axis === i) ? x : transpose({ axes: [...axes] }).apply(x);

/** Applies f to the tensor with these of the sample's axes last, and brings them back. */
export function lastly(
  x: SymbolicTensor,
  axes: readonly number[],
  f: (x: SymbolicTensor) => SymbolicTensor,
): SymbolicTensor {
  const others = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
  const order = [...others, ...axes];
  const back = [...order.keys()].map((axis) => order.indexOf(axis));
  return transposed(f(transposed(x, order)), back);
}
