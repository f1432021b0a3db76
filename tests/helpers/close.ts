// The approximate comparison that uvu lacks.

import * as assert from 'uvu/assert';

/** How far two numbers may be apart: atol + rtol·|expected|. */
export interface Tolerance {
  rtol?: number;
  atol?: number;
}

/** Fails, naming the worst element, unless `actual` is near `expected` everywhere; NaN equals NaN. */
export function close(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol = 0, atol = 0 }: Tolerance,
  what = 'values',
): void {
  assert.is(actual.length, expected.length, `${what}: lengths differ`);
  let worst = -1;
  let excess = 1;
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i]) || actual[i] === expected[i]) continue;
    const distance = Math.abs(actual[i] - expected[i]) / (atol + rtol * Math.abs(expected[i]));
    if (distance <= excess) continue;
    worst = i;
    excess = distance;
    if (!Number.isFinite(distance)) break; // NaN or infinity where a number was expected
  }
  if (worst >= 0) {
    assert.unreachable(
      `${what}: element ${worst} is ${actual[worst]}, expected ${expected[worst]} (${excess.toFixed(1)} times the tolerance)`,
    );
  }
}

/**
 * The error that f32 summation of `terms` products may have: c·√K·2⁻²⁴ of the sum's usual size,
 * which for products of numbers uniform in [−1, 1), the ones of random.ts, is √K/3.
 */
export function summation(terms: number, size = Math.sqrt(terms) / 3, c = 4): number {
  return c * Math.sqrt(Math.max(1, terms)) * 2 ** -24 * size;
}
