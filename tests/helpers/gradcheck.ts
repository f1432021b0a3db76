// Gradients by central differences: what an analytic gradient is checked against.

import { close } from './close.js';

/** ∂f/∂xᵢ ≈ (f(x + h) − f(x − h)) / 2h: wrong by h²·f‴/6 + 2⁻⁵³·f/h, least near h = 1e-5. */
function numericGradient(
  f: (x: Float64Array) => number,
  x: ArrayLike<number>,
  h = 1e-5,
): Float64Array {
  const at = Float64Array.from(x);
  return at.map((v, i) => {
    at[i] = v + h;
    const above = f(at);
    at[i] = v - h;
    const below = f(at);
    at[i] = v;
    return (above - below) / (2 * h);
  });
}

/** Σ a·b in f64. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/**
 * Fails unless `gradient` is that of the scalar f at x: every element to 1e-6 of the largest one (an
 * element that is small beside the others has lost its own digits in f).
 */
export function gradcheck(
  f: (x: Float64Array) => number,
  x: ArrayLike<number>,
  gradient: ArrayLike<number>,
  what: string,
): void {
  const expected = numericGradient(f, x);
  const largest = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  close(gradient, expected, { atol: 1e-6 * Math.max(largest, 1e-3) }, what);
}
