// Powers and logarithms of single numbers, in f64: exact enough to be rounded to f32 once. AssemblyScript's own Math.pow
// has tables, which are static data.

/** ln 2. */
const LN2: f64 = 0.6931471805599453;

/** x^a as IEEE 754 has it: NaN for a negative x and a broken a. */
function pow(x: f32, a: f32, k: usize): f32 {
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
  return sign * <f32>f64x2.extract_lane(pairPower(f64x2.splat(m), f64x2.splat(a), k), 0);
}

/** x^a for each lane; `k` is where `storePowers` has written. */
export function power(x: v128, a: v128, k: usize): v128 {
  const m = f32x4.abs(x);
  // Finite and normal, to a finite power that is not too large: all at once.
  const usual = v128.and(
    v128.and(f32x4.ge(m, f32x4.splat(1.17549435e-38)), f32x4.lt(m, f32x4.splat(Infinity))),
    f32x4.lt(f32x4.abs(a), f32x4.splat(16777216)),
  );
  if (i32x4.all_true(usual)) {
    const low = pairPower(f64x2.promote_low_f32x4(m), f64x2.promote_low_f32x4(a), k);
    const mHigh = i64x2.shuffle(m, m, 1, 0),
      aHigh = i64x2.shuffle(a, a, 1, 0);
    const high = pairPower(f64x2.promote_low_f32x4(mHigh), f64x2.promote_low_f32x4(aHigh), k);
    const y = i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
    // Below 0, odd powers are negative, and broken ones NaN.
    const whole = i32x4.trunc_sat_f32x4_s(a);
    const broken = f32x4.ne(f32x4.convert_i32x4_s(whole), a);
    const signed = v128.xor(y, v128.and(x, i32x4.shl(whole, 31)));
    return v128.or(signed, v128.and(broken, i32x4.shr_s(x, 31)));
  }
  return f32x4(
    pow(f32x4.extract_lane(x, 0), f32x4.extract_lane(a, 0), k),
    pow(f32x4.extract_lane(x, 1), f32x4.extract_lane(a, 1), k),
    pow(f32x4.extract_lane(x, 2), f32x4.extract_lane(a, 2), k),
    pow(f32x4.extract_lane(x, 3), f32x4.extract_lane(a, 3), k),
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

/** Where the constants are in scratch: after what else is kept there. */
const ROOM: usize = 192;

/** Writes the constants of `power` to scratch: see `storeConstants`. */
export function storePowers(scratch: usize): void {
  const k = scratch + ROOM;
  // 1/13, 1/11 … 1.
  for (let i = 0; i < 7; i++) store<f64>(k + ((<usize>i) << 3), 1 / <f64>(13 - 2 * i));
  store<f64>(k, 2 / LN2, 56);
  // 1/8!, 1/7! … 1/2!.
  let share: f64 = 1;
  for (let n = 2; n < 9; n++) {
    share /= <f64>n;
    store<f64>(k + ((<usize>(16 - n)) << 3), share);
  }
  store<f64>(k, LN2, 120);
  store<f64>(k, SHIFT, 128);
  // 2⁵² + 1023.
  store<f64>(k, 4503599627371519, 136);
  store<u64>(k, 0x000fffffffffffff, 144);
}

/** Constant number i. */
// @ts-ignore: decorator
@inline
function constant(k: usize, i: usize): v128 {
  return v128.load64_splat(k + ROOM + (i << 3));
}

/**
 * Two of them, of positive and finite x: 2 to the a·log₂(x). The logarithm is 2·atanh((m − 1) / (m + 1)) of the mantissa
 * m, √½ ≤ m < √2, to 2e-11; the power Taylor's series of the fraction, to 2e-10.
 */
function pairPower(x: v128, a: v128, k: usize): v128 {
  const one = constant(k, 6);
  // The exponent as a number: 2⁵² + e in the bits of a float.
  const shifted = v128.or(i64x2.shr_u(x, 52), i64x2.splat(0x4330000000000000));
  let e = f64x2.sub(shifted, constant(k, 17));
  let m = v128.or(v128.and(x, constant(k, 18)), one);
  const large = f64x2.gt(m, f64x2.splat(1.4142135623730951));
  // Half of it, by its exponent.
  m = i64x2.add(m, i64x2.shl(large, 52));
  e = f64x2.add(e, v128.and(large, one));
  const s = f64x2.div(f64x2.sub(m, one), f64x2.add(m, one));
  const z = f64x2.mul(s, s);
  let p = constant(k, 0);
  p = madd(p, z, constant(k, 1));
  p = madd(p, z, constant(k, 2));
  p = madd(p, z, constant(k, 3));
  p = madd(p, z, constant(k, 4));
  p = madd(p, z, constant(k, 5));
  p = madd(p, z, one);
  const log = madd(f64x2.mul(s, constant(k, 7)), p, e);
  let y = f64x2.mul(a, log);
  y = f64x2.pmin(f64x2.pmax(y, f64x2.splat(-200)), f64x2.splat(200));
  const shift = constant(k, 16);
  const nearest = f64x2.add(y, shift);
  const f = f64x2.mul(f64x2.sub(y, f64x2.sub(nearest, shift)), constant(k, 15));
  let q = constant(k, 8);
  q = madd(q, f, constant(k, 9));
  q = madd(q, f, constant(k, 10));
  q = madd(q, f, constant(k, 11));
  q = madd(q, f, constant(k, 12));
  q = madd(q, f, constant(k, 13));
  q = madd(q, f, constant(k, 14));
  q = madd(q, f, one);
  q = madd(q, f, one);
  // The low bits of `nearest` are the whole number: added to the exponent.
  return i64x2.add(q, i64x2.shl(nearest, 52));
}
