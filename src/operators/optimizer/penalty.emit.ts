// Regularizers as ops: what weights cost, and what that adds to their gradients.

import type { Regularizer } from '../../network/regularizer.js';
import type { Emitter, Value } from '../../program/emitter.js';

/** Floats of one part of a sum over a flat vector. */
const PART = 16384;

/** A buffer for the parts of a sum over a flat vector, [splits]: their number depends on the count alone. */
export const partialsFor = (e: Emitter, count: number): Value =>
  e.value([Math.max(1, Math.ceil(count / PART))]);

/** Emits what w costs: the sum of the numbers that are returned. */
export function emitPenalty(e: Emitter, w: Value, { l1, l2 }: Regularizer): Value {
  const partials = partialsFor(e, w.size);
  e.emit('penalty', { partials, x: w, count: w.size, splits: partials.size, l1, l2 });
  return partials;
}

/** dw += l1·sign(w) + 2·l2·w. */
export function emitPenaltyGradient(
  e: Emitter,
  dw: Value,
  w: Value,
  { l1, l2 }: Regularizer,
): void {
  e.emit('blend', { y: dw, a: dw, b: w, count: w.size, alpha: 1, beta: 2 * l2, gamma: l1 });
}
