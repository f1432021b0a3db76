// A batch of noise for measurements: how fast a network is does not depend on what it sees.

import { purpose, Random } from '../base/random.js';
import type { Model } from '../core.js';

/** Images [count, ...inputShape] of numbers from −1 to 1, and classes. */
export function randomBatch(
  { inputShape, outputShape }: Model,
  count: number,
): { x: Float32Array; y: Int32Array } {
  const random = new Random(1, purpose.augment);
  const size = inputShape.reduce((all, side) => all * side, count);
  const x = Float32Array.from({ length: size }, () => 2 * random.uniform() - 1);
  return { x, y: Int32Array.from({ length: count }, (_, i) => i % (outputShape.at(-1) ?? 1)) };
}
