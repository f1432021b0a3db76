// Powers and logarithms of single numbers, in f64: exact enough to be rounded to f32 once. AssemblyScript's own Math.pow
// has tables, which are static data.

/** ln 2. */
const LN2: f64 = 0.6931471805599453;

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
  return sign * <f32>f64x2.extract_lane(pairPower(f64x2.splat(m), f64x2.splat(a)), 0);
}

/** x^a for each lane. */
export function power(x: v128, a: v128): v128 {
  const m = f32x4.abs(x);
  // Finite and normal, to a finite power that is not too large: all at once.
  const usual = v128.and(
    v128.and(f32x4.ge(m, f32x4.splat(1.17549435e-38)), f32x4.lt(m, f32x4.splat(Infinity))),
    f32x4.lt(f32x4.abs(a), f32x4.splat(16777216)),
  );
  if (i32x4.all_true(usual)) {
    const low = pairPower(f64x2.promote_low_f32x4(m), f64x2.promote_low_f32x4(a));
    const mHigh = i64x2.shuffle(m, m, 1, 0),
      aHigh = i64x2.shuffle(a, a, 1, 0);
    const high = pairPower(f64x2.promote_low_f32x4(mHigh), f64x2.promote_low_f32x4(aHigh));
    const y = i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
    // Below 0, odd powers are negative, and broken ones NaN.
    const whole = i32x4.trunc_sat_f32x4_s(a);
    const broken = f32x4.ne(f32x4.convert_i32x4_s(whole), a);
    const signed = v128.xor(y, v128.and(x, i32x4.shl(whole, 31)));
    return v128.or(signed, v128.and(broken, i32x4.shr_s(x, 31)));
  }
  return f32x4(
    pow(f32x4.extract_lane(x, 0), f32x4.extract_lane(a, 0)),
    pow(f32x4.extract_lane(x, 1), f32x4.extract_lane(a, 1)),
    pow(f32x4.extract_lane(x, 2), f32x4.extract_lane(a, 2)),
    pow(f32x4.extract_lane(x, 3), f32x4.extract_lane(a, 3)),
  );
}

/** a·b + c, fused where the build has relaxed SIMD. */
// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

/** 1.5·2⁵². */
const SHIFT: f64 = 6755399441055744;

/**
 * Two of them, of positive and finite x: 2 to the a·log₂(x). The logarithm is 2·atanh((m − 1) / (m + 1)) of the mantissa
 * m, √½ ≤ m < √2, to 2e-11; the power Taylor's series of the fraction, to 1e-11.
 */
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
  p = madd(p, z, f64x2.splat(1.0 / 11));
  p = madd(p, z, f64x2.splat(1.0 / 9));
  p = madd(p, z, f64x2.splat(1.0 / 7));
  p = madd(p, z, f64x2.splat(1.0 / 5));
  p = madd(p, z, f64x2.splat(1.0 / 3));
  p = madd(p, z, f64x2.splat(1));
  const log = f64x2.add(e, f64x2.mul(f64x2.mul(s, f64x2.splat(2 / LN2)), p));
  let y = f64x2.mul(a, log);
  y = f64x2.pmin(f64x2.pmax(y, f64x2.splat(-200)), f64x2.splat(200));
  const nearest = f64x2.add(y, f64x2.splat(SHIFT));
  const f = f64x2.mul(f64x2.sub(y, f64x2.sub(nearest, f64x2.splat(SHIFT))), f64x2.splat(LN2));
  let q = f64x2.splat(1.0 / 3628800);
  q = madd(q, f, f64x2.splat(1.0 / 362880));
  q = madd(q, f, f64x2.splat(1.0 / 40320));
  q = madd(q, f, f64x2.splat(1.0 / 5040));
  q = madd(q, f, f64x2.splat(1.0 / 720));
  q = madd(q, f, f64x2.splat(1.0 / 120));
  q = madd(q, f, f64x2.splat(1.0 / 24));
  q = madd(q, f, f64x2.splat(1.0 / 6));
  q = madd(q, f, f64x2.splat(0.5));
  q = madd(q, f, f64x2.splat(1));
  q = madd(q, f, f64x2.splat(1));
  // The low bits of `nearest` are the whole number: added to the exponent.
  return i64x2.add(q, i64x2.shl(nearest, 52));
}
