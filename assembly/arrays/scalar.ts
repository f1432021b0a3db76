// Powers and logarithms of single numbers, in f64: exact enough to be rounded to f32 once. AssemblyScript's own Math.pow
// has tables, which are static data.

/** ln 2. */
const LN2: f64 = 0.6931471805599453;

/** log₂ of a positive, finite x, to 2e-11 of the result: 2·atanh((m − 1) / (m + 1)) of the mantissa m, √½ ≤ m < √2. */
function log2(x: f64): f64 {
  const bits = reinterpret<i64>(x);
  let e = <i32>(bits >> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    e++;
  }
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let p: f64 = 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  return <f64>e + ((2 * s) / LN2) * (p * z + 1);
}

/** 2ˣ, to 1e-11: Taylor's series of the fraction. */
function exp2(x: f64): f64 {
  if (x > 200) return Infinity;
  if (x < -200) return 0;
  const n = nearest(x);
  const f = (x - n) * LN2;
  let p: f64 = 1;
  for (let i = 11; i > 0; i--) p = (p * f) / <f64>i + 1;
  return p * reinterpret<f64>((<i64>n + 1023) << 52);
}

/** x^a as IEEE 754 has it: NaN for a negative x and a broken a. */
export function pow(x: f32, a: f32): f32 {
  if (a == 0 || x == 1) return 1;
  if (x != x || a != a) return NaN;
  const whole = floor(a) == a;
  const isOdd = whole && abs(a) < 16777216 && (<i32>a & 1) == 1;
  const sign: f32 = isOdd ? copysign<f32>(1, x) : 1;
  const m = abs(x);
  if (m == 0) return a < 0 ? sign * Infinity : sign * 0;
  if (abs(a) == Infinity) return m == 1 ? 1 : m > 1 == a > 0 ? Infinity : 0;
  if (m == Infinity) return a < 0 ? sign * 0 : sign * Infinity;
  if (x < 0 && !whole) return NaN;
  return sign * <f32>exp2(<f64>a * log2(m));
}

/** x^a for each lane. */
export function power(x: v128, a: v128): v128 {
  return f32x4(
    pow(f32x4.extract_lane(x, 0), f32x4.extract_lane(a, 0)),
    pow(f32x4.extract_lane(x, 1), f32x4.extract_lane(a, 1)),
    pow(f32x4.extract_lane(x, 2), f32x4.extract_lane(a, 2)),
    pow(f32x4.extract_lane(x, 3), f32x4.extract_lane(a, 3)),
  );
}
