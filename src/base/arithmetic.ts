// Functions whose last bit differs between engines (ECMA-262 lets them round Math.pow, Math.cos and Math.exp as they
// like), made of operations that all engines round alike: so a seed gives the same bits everywhere.

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

/** cos(π·x) for 0 ≤ x ≤ 1: Taylor's series. On [0, π/2], terms after the 12th are too small for f64. */
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

/** sin(π·x) for −1 ≤ x ≤ 1, exactly 0 at 0: Taylor's series, as above. */
export function sinPi(x: number): number {
  if (x < 0) return -sinPi(-x);
  if (x > 0.5) return sinPi(1 - x);
  const angle = Math.PI * x;
  const square = angle * angle;
  let sum = 0;
  for (let n = 12; n > 0; n--) sum = (1 + sum) * (-square / (2 * n * (2 * n + 1)));
  return angle * (1 + sum);
}

/** ln x for a normal x > 0: 2·artanh((m − 1) / (m + 1)) + k·ln 2, where x = m·2ᵏ and m is near 1. */
export function logarithm(x: number): number {
  let m = x;
  let k = 0;
  for (; m < Math.SQRT1_2; k--) m *= 2;
  for (; m > Math.SQRT2; k++) m /= 2;
  const ratio = (m - 1) / (m + 1);
  const square = ratio * ratio;
  let sum = 0;
  for (let n = 23; n > 0; n -= 2) sum = sum * square + 1 / n;
  return 2 * ratio * sum + k * Math.LN2;
}

/** From this x on, e⁻ˣ is 0 in f64. */
const UNDERFLOW = 746;

/** base to any power ≥ 0, for 0 < base ≤ 1: e⁻ˣ as a product of factors that `expMinus` can compute. */
export function shrinkingPower(base: number, exponent: number): number {
  const x = -exponent * logarithm(base);
  if (x > UNDERFLOW) return 0;
  const pieces = Math.max(1, Math.ceil(x / 2));
  return power(expMinus(x / pieces), pieces);
}

/** The greatest common divisor of two whole numbers ≥ 0. */
export const gcd = (a: number, b: number): number => (b ? gcd(b, a % b) : a);
