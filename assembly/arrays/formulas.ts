// Functions of vectors that are too long to stand among the choices of elementwise.ts, and slopes of them. NaN stays NaN.

import { exp, log } from '../core/simd';
import { signed } from './functions';

export const ZERO: f32 = 0;
/** Where erf is 1 in f32; times √2 within what `bell` takes. */
export const FAR: f32 = 10;

/** Brought to low … high; NaN stays. */
// @ts-ignore: decorator
@inline
export function clamp(x: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, low), high);
}

/** −1, 0 or 1; NaN stays. */
export function sign(x: v128): v128 {
  const zero = f32x4.splat(ZERO);
  const one = f32x4.splat(1);
  const y = v128.or(v128.and(x, i32x4.splat(0x80000000)), one);
  return v128.bitselect(x, y, v128.or(f32x4.eq(x, zero), f32x4.ne(x, x)));
}

/** ln(x): −∞ of 0, NaN below. */
export function naturalLog(x: v128): v128 {
  const zero = f32x4.splat(ZERO);
  // Subnormals are scaled by 2²⁴ to normal numbers.
  const small = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(16777216)), x, small);
  const y = f32x4.sub(log(scaled), v128.and(f32x4.splat(16.635532333), small));
  const known = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, zero));
  return v128.or(known, f32x4.lt(x, zero));
}

/** x + x·p(x²) up to 1; above 1 − e^q(|x|), whose q is a minimax polynomial. */
export function erf(x: v128): v128 {
  const one = f32x4.splat(1);
  const z = f32x4.mul(x, x);
  let p = f32x4.splat(7.847259257687256e-5);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-8.008189033716917e-4));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(5.188099108636379e-3));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-2.6853691786527634e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(1.128358244895935e-1));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-3.761262595653534e-1));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(1.283791065216064e-1));
  const small = f32x4.add(f32x4.mul(p, x), x);
  const a = f32x4.abs(x);
  const c = f32x4.pmin(a, f32x4.splat(4));
  let q = f32x4.splat(-1.1504661524668336e-3);
  q = f32x4.add(f32x4.mul(q, c), f32x4.splat(1.4778484590351582e-2));
  q = f32x4.add(f32x4.mul(q, c), f32x4.splat(-8.863535523414612e-2));
  q = f32x4.add(f32x4.mul(q, c), f32x4.splat(-6.544870734214783e-1));
  q = f32x4.add(f32x4.mul(q, c), f32x4.splat(-1.1174399852752686));
  q = f32x4.add(f32x4.mul(q, c), f32x4.splat(-2.671262715011835e-3));
  const large = signed(f32x4.sub(one, exp(q)), x);
  return v128.bitselect(large, small, f32x4.gt(a, one));
}

/** Each lane as JavaScript makes a 32-bit integer of it: cut, and wrapped where it is too large. */
export function toIntegers(x: v128): v128 {
  const cut = i32x4.trunc_sat_f32x4_s(x);
  if (!v128.any_true(f32x4.ge(f32x4.abs(x), f32x4.splat(2147483648)))) return cut;
  let y = i32x4.replace_lane(cut, 0, wrapped(f32x4.extract_lane(x, 0)));
  y = i32x4.replace_lane(y, 1, wrapped(f32x4.extract_lane(x, 1)));
  y = i32x4.replace_lane(y, 2, wrapped(f32x4.extract_lane(x, 2)));
  return i32x4.replace_lane(y, 3, wrapped(f32x4.extract_lane(x, 3)));
}

/** Floats from about 2⁶³ on are multiples of 2³⁹. */
function wrapped(x: f32): i32 {
  return abs(x) < 9.2e18 ? <i32>(<i64>x) : 0;
}

/** How many times π/2 x is, to the nearest whole number: of the two low lanes. */
// @ts-ignore: decorator
@inline
function quarters(x: v128): v128 {
  return f64x2.nearest(f64x2.mul(x, f64x2.splat(0.6366197723675814)));
}

/** Those of all lanes, as integers. */
function quartersOf(x: v128): v128 {
  const low = quarters(f64x2.promote_low_f32x4(x));
  const high = quarters(f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 0)));
  return i64x2.shuffle(i32x4.trunc_sat_f64x2_s_zero(low), i32x4.trunc_sat_f64x2_s_zero(high), 0, 2);
}

/** x − n·π/2, rounded to f32: in the two low lanes. π/2 is in parts of 22 bits, so that n times one is exact. */
// @ts-ignore: decorator
@inline
function rest(x: v128): v128 {
  const n = quarters(x);
  let r = f64x2.sub(x, f64x2.mul(n, f64x2.splat(1.570796012878418)));
  r = f64x2.sub(r, f64x2.mul(n, f64x2.splat(3.139164164167596e-7)));
  return f32x4.demote_f64x2_zero(f64x2.sub(r, f64x2.mul(n, f64x2.splat(6.223372171896613e-14))));
}

/** x within ±π/4, less so many times π/2. Beyond 2³¹ digits are lost: where it is too large then, it is cut. */
function restOf(x: v128): v128 {
  const low = rest(f64x2.promote_low_f32x4(x));
  const high = rest(f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 0)));
  return clamp(i64x2.shuffle(low, high, 0, 2), f32x4.splat(-0.7854), f32x4.splat(0.7854));
}

/** sin(x + turns·π/2), exact up to |x| = 2³¹, and never above 1: reduced in f64, then Cephes' polynomials. */
export function sine(x: v128, turns: i32): v128 {
  const r = restOf(x);
  const quarter = i32x4.add(quartersOf(x), i32x4.splat(turns));
  const z = f32x4.mul(r, r);
  let s = f32x4.splat(-1.9515295891e-4);
  s = f32x4.add(f32x4.mul(s, z), f32x4.splat(8.3321608736e-3));
  s = f32x4.add(f32x4.mul(s, z), f32x4.splat(-1.6666654611e-1));
  s = f32x4.add(f32x4.mul(f32x4.mul(s, z), r), r);
  let c = f32x4.splat(2.443315711809948e-5);
  c = f32x4.add(f32x4.mul(c, z), f32x4.splat(-1.388731625493765e-3));
  c = f32x4.add(f32x4.mul(c, z), f32x4.splat(4.166664568298827e-2));
  c = f32x4.mul(f32x4.mul(c, z), z);
  c = f32x4.add(f32x4.sub(c, f32x4.mul(z, f32x4.splat(0.5))), f32x4.splat(1));
  const isOdd = i32x4.ne(v128.and(quarter, i32x4.splat(1)), i32x4.splat(0));
  const negative = i32x4.shl(v128.and(quarter, i32x4.splat(2)), 30);
  return v128.xor(v128.bitselect(c, s, isOdd), negative);
}

/** tan(x), exact up to |x| = 2³¹: reduced in f64, then Cephes' polynomial; −1 over it in odd quarters. */
export function tangent(x: v128): v128 {
  const r = restOf(x);
  const z = f32x4.mul(r, r);
  let p = f32x4.splat(9.38540185543e-3);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(3.11992232697e-3));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(2.44301354525e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(5.34112807005e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(1.33387994085e-1));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(3.33331568548e-1));
  p = f32x4.add(f32x4.mul(f32x4.mul(p, z), r), r);
  const isOdd = i32x4.shl(quartersOf(x), 31);
  return v128.bitselect(f32x4.div(f32x4.splat(-1), p), p, i32x4.shr_s(isOdd, 31));
}

/** Where tanh(softplus(x)) is 1. */
const STRAIGHT: f32 = 20;

/** x·tanh(ln(1 + eˣ)) = x·n / (n + 2), n = eˣ·(eˣ + 2). */
export function mish(x: v128): v128 {
  const e = exp(f32x4.pmin(x, f32x4.splat(STRAIGHT)));
  const n = f32x4.mul(e, f32x4.add(e, f32x4.splat(2)));
  // Of an x that is cut where its factor is 0: −∞·0 is no number.
  const z = f32x4.pmax(x, f32x4.splat(-120));
  return f32x4.mul(z, f32x4.div(n, f32x4.add(n, f32x4.splat(2))));
}

/** n / (n + 2) + x·4·eˣ·(eˣ + 1) / (n + 2)². */
export function mishSlope(x: v128): v128 {
  const z = clamp(x, f32x4.splat(-120), f32x4.splat(STRAIGHT));
  const e = exp(z);
  const n = f32x4.mul(e, f32x4.add(e, f32x4.splat(2)));
  const share = f32x4.div(f32x4.splat(1), f32x4.add(n, f32x4.splat(2)));
  const rise = f32x4.mul(f32x4.mul(e, f32x4.add(e, f32x4.splat(1))), f32x4.splat(4));
  return f32x4.mul(f32x4.add(n, f32x4.mul(f32x4.mul(z, rise), share)), share);
}

// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

/** 2·√(2/π)·(x + 0.044715·x³): tanh(u) is 2·σ(2u) − 1. */
// @ts-ignore: decorator
@inline
export function twiceInner(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(x, x), f32x4.mul(x, f32x4.splat(0.044715)));
  return f32x4.mul(f32x4.add(x, cube), f32x4.splat(1.5957691216));
}

/** σ(2u) + x·2u′·σ(2u)·σ(−2u). */
export function geluTanhSlope(x: v128): v128 {
  const z = clamp(x, f32x4.splat(-104), f32x4.splat(104));
  const u = twiceInner(z);
  const s = sigmoid(u);
  const rise = f32x4.add(f32x4.splat(1), f32x4.mul(f32x4.mul(z, z), f32x4.splat(0.134145)));
  const bump = f32x4.mul(f32x4.mul(s, sigmoid(f32x4.neg(u))), f32x4.splat(1.5957691216));
  return f32x4.add(s, f32x4.mul(f32x4.mul(z, rise), bump));
}
