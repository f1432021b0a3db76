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

/**
 * What a sum of K products of numbers in [−1, 1) may err by where Winograd's algorithm makes it: adding them up as
 * `summation` says, and the transforms of each as if by some 30 roundings of it, which meet at random: 30·√K·2⁻²⁴. The
 * worst of the cases in winograd.test.ts reach 0.75 of it at K = 9 and half of it beyond 1000.
 */
export const transformed = (terms: number): number =>
  summation(terms) + 30 * Math.sqrt(terms) * 2 ** -24;
