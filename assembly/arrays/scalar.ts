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
  // Positive, finite and normal, to a finite power that is not too large: all at once.
  const usual = v128.and(
    v128.and(f32x4.ge(x, f32x4.splat(1.17549435e-38)), f32x4.lt(x, f32x4.splat(Infinity))),
    f32x4.lt(f32x4.abs(a), f32x4.splat(16777216)),
  );
  if (i32x4.all_true(usual)) {
    const low = pairPower(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(a));
    const xHigh = i64x2.shuffle(x, x, 1, 0),
      aHigh = i64x2.shuffle(a, a, 1, 0);
    const high = pairPower(f64x2.promote_low_f32x4(xHigh), f64x2.promote_low_f32x4(aHigh));
    return i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
  }
  return f32x4(
    pow(f32x4.extract_lane(x, 0), f32x4.extract_lane(a, 0)),
    pow(f32x4.extract_lane(x, 1), f32x4.extract_lane(a, 1)),
    pow(f32x4.extract_lane(x, 2), f32x4.extract_lane(a, 2)),
    pow(f32x4.extract_lane(x, 3), f32x4.extract_lane(a, 3)),
  );
}

/** 1.5·2⁵². */
const SHIFT: f64 = 6755399441055744;

/** Two of them: 2 to the a·log₂(x), by the series of `log2` and `exp2`. */
function pairPower(x: v128, a: v128): v128 {
  // The exponent as a number: 2⁵² + e in the bits of a float.
  const shifted = v128.or(i64x2.shr_u(x, 52), i64x2.splat(0x4330000000000000));
  let e = f64x2.sub(shifted, f64x2.splat(4503599627371519));
  let m = v128.or(v128.and(x, i64x2.splat(0x000fffffffffffff)), i64x2.splat(0x3ff0000000000000));
  const large = f64x2.gt(m, f64x2.splat(1.4142135623730951));
  m = v128.bitselect(f64x2.mul(m, f64x2.splat(0.5)), m, large);
  e = f64x2.add(e, v128.and(large, f64x2.splat(1)));
  const s = f64x2.div(f64x2.sub(m, f64x2.splat(1)), f64x2.add(m, f64x2.splat(1)));
  const z = f64x2.mul(s, s);
  let p = f64x2.splat(1.0 / 13);
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 11));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 9));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 7));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 5));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 3));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1));
  const log = f64x2.add(e, f64x2.mul(f64x2.mul(s, f64x2.splat(2 / LN2)), p));
  let y = f64x2.mul(a, log);
  y = f64x2.pmin(f64x2.pmax(y, f64x2.splat(-200)), f64x2.splat(200));
  const nearest = f64x2.add(y, f64x2.splat(SHIFT));
  const f = f64x2.mul(f64x2.sub(y, f64x2.sub(nearest, f64x2.splat(SHIFT))), f64x2.splat(LN2));
  let q = f64x2.splat(1.0 / 3628800);
  q = f64x2.add(f64x2.mul(q, f), f64x2.splat(1.0 / 362880));
  q = f64x2.add(f64x2.mul(q, f), f64x2.splat(1.0 / 40320));
  q = f64x2.add(f64x2.mul(q, f), f64x2.splat(1.0 / 5040));
  q = f64x2.add(f64x2.mul(q, f), f64x2.splat(1.0 / 720));
  q = f64x2.add(f64x2.mul(q, f), f64x2.splat(1.0 / 120));
  q = f64x2.add(f64x2.mul(q, f), f64x2.splat(1.0 / 24));
  q = f64x2.add(f64x2.mul(q, f), f64x2.splat(1.0 / 6));
  q = f64x2.add(f64x2.mul(q, f), f64x2.splat(0.5));
  q = f64x2.add(f64x2.mul(q, f), f64x2.splat(1));
  q = f64x2.add(f64x2.mul(q, f), f64x2.splat(1));
  // The low bits of `nearest` are the whole number: added to the exponent.
  return i64x2.add(q, i64x2.shl(nearest, 52));
}
