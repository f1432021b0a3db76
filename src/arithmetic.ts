// Functions of which engines may round the last bit as they like (ECMA-262 leaves Math.pow, Math.cos
// and Math.exp to them), from operations that all round alike: a seed then gives the same bits in all.

/** base to the power of a whole number ≥ 0, by squaring. */
export function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

/** cos(π·x) for 0 ≤ x ≤ 1: Taylor's series, which has ended in f64 after 12 terms on [0, π/2]. */
export function cosPi(x: number): number {
  if (x > 0.5) return -cosPi(1 - x);
  const angle = Math.PI * x;
  const square = angle * angle;
  let sum = 0;
  for (let n = 12; n > 0; n--) sum = (1 + sum) * (-square / ((2 * n - 1) * (2 * n)));
  return 1 + sum;
}

/** e⁻ˣ for 0 ≤ x ≤ 2: Taylor's series at x/16, squared four times. */
export function expMinus(x: number): number {
  const small = -x / 16;
  let sum = 0;
  for (let n = 10; n > 0; n--) sum = (1 + sum) * (small / n);
  return power(1 + sum, 16);
}
