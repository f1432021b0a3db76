// Exponentials that are quick, hyperbolic functions and arcs: what TF.js has besides. NaN stays NaN.
//
// Accuracy, in ulp of the result: 3 for sigmoid, elu, eˣ − 1, ln(1 + x) and arcs, 6 for hyperbolic functions.

import { exp, log, madd, nmadd } from '../core/simd';

/** 1.5·2²³ + 127: a number added to it is rounded to a whole one, whose exponent stands in the low bits. */
const SHIFT: f32 = 12583039;
/** Below, eˣ is no normal number. */
const LOWEST: f32 = -87.33;

/**
 * Writes the constants of what follows to `k`. Engines make a constant vector anew each time, by several instructions;
 * one number is loaded into all lanes by one.
 */
export function storeConstants(k: usize): void {
  store<f32>(k, 1.44269504);
  store<f32>(k, SHIFT, 4);
  store<f32>(k, 0.693359375, 8);
  store<f32>(k, -2.1219444e-4, 12);
  // The degree-5 minimax polynomial of Cephes' expf.
  store<f32>(k, 1.98756915e-4, 16);
  store<f32>(k, 1.3981999507e-3, 20);
  store<f32>(k, 8.3334519073e-3, 24);
  store<f32>(k, 4.1665795894e-2, 28);
  store<f32>(k, 1.6666665459e-1, 32);
  store<f32>(k, 5.0000001201e-1, 36);
  store<f32>(k, LOWEST, 40);
  store<f32>(k, 1, 44);
}

/** Constant number i. */
// @ts-ignore: decorator
@inline
function constant(k: usize, i: usize): v128 {
  return v128.load32_splat(k + (i << 2));
}

/** eʳ − 1 = r + r²·q. */
// @ts-ignore: decorator
@inline
function near0(r: v128, k: usize): v128 {
  let p = constant(k, 4);
  p = madd(p, r, constant(k, 5));
  p = madd(p, r, constant(k, 6));
  p = madd(p, r, constant(k, 7));
  p = madd(p, r, constant(k, 8));
  p = madd(p, r, constant(k, 9));
  return madd(p, f32x4.mul(r, r), r);
}

/** x − n·ln 2, where `shifted` is n after the shift. */
// @ts-ignore: decorator
@inline
function reduced(x: v128, shifted: v128, k: usize): v128 {
  const n = f32x4.sub(shifted, constant(k, 1));
  const r = nmadd(n, constant(k, 2), x);
  return nmadd(n, constant(k, 3), r);
}

// @ts-ignore: decorator
@inline
function shift(x: v128, k: usize): v128 {
  return madd(x, constant(k, 0), constant(k, 1));
}

/** eˣ for x ≤ 0, and 0 where it is no normal number. */
// @ts-ignore: decorator
@inline
export function expBelow0(x: v128, k: usize): v128 {
  const shifted = shift(x, k);
  const power = i32x4.shl(shifted, 23);
  const y = madd(power, near0(reduced(x, shifted, k), k), power);
  return v128.andnot(y, f32x4.lt(x, constant(k, 10)));
}

/** 1 / (1 + e⁻ˣ). */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128, k: usize): v128 {
  const one = constant(k, 11);
  const e = expBelow0(f32x4.neg(f32x4.abs(x)), k);
  const y = f32x4.div(e, f32x4.add(one, e));
  return v128.bitselect(y, f32x4.sub(one, y), i32x4.shr_s(x, 31));
}

/** eˣ − 1 for x ≤ 20. */
// @ts-ignore: decorator
@inline
export function elu(x: v128, k: usize): v128 {
  // Below, it is −1.
  const z = f32x4.pmax(x, f32x4.splat(-20));
  const shifted = shift(z, k);
  const power = i32x4.shl(shifted, 23);
  const p = f32x4.mul(near0(reduced(z, shifted, k), k), power);
  return f32x4.add(p, f32x4.sub(power, constant(k, 11)));
}

/** eˣ − 1. */
export function expMinus1(x: v128, k: usize): v128 {
  const one = f32x4.splat(1);
  const large = f32x4.sub(exp(x), one);
  return v128.bitselect(large, elu(f32x4.pmin(x, one), k), f32x4.gt(x, one));
}

/** ln(1 + x): of u, which is 1 + x rounded, by what rounding has changed (Kahan). −∞ of −1, NaN below. */
export function log1Plus(x: v128): v128 {
  const one = f32x4.splat(1);
  const u = f32x4.add(one, x);
  const d = f32x4.sub(u, one);
  let y = f32x4.mul(log(u), f32x4.div(x, d));
  // Where nothing is left of x, and where it is infinite.
  y = v128.bitselect(
    x,
    y,
    v128.or(f32x4.eq(d, f32x4.splat(0)), f32x4.eq(u, f32x4.splat(Infinity))),
  );
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(u, f32x4.splat(0)));
  return v128.or(y, f32x4.lt(u, f32x4.splat(0)));
}

/** With the sign of x. */
// @ts-ignore: decorator
@inline
export function signed(y: v128, x: v128): v128 {
  return v128.bitselect(x, y, i32x4.splat(0x80000000));
}

/** (e + e / (e + 1)) / 2, where e is e^|x| − 1; for large x half the square of e^(|x|/2), which is not infinite too soon. */
export function hyperbolicSine(x: v128, k: usize): v128 {
  const a = f32x4.abs(x);
  const half = f32x4.splat(0.5);
  const one = f32x4.splat(1);
  const e = expMinus1(f32x4.pmin(a, f32x4.splat(10)), k);
  const small = f32x4.mul(half, f32x4.add(e, f32x4.div(e, f32x4.add(e, one))));
  const root = exp(f32x4.mul(a, half));
  const large = f32x4.mul(f32x4.mul(half, root), root);
  return signed(v128.bitselect(large, small, f32x4.gt(a, f32x4.splat(10))), x);
}

export function hyperbolicCosine(x: v128): v128 {
  const half = f32x4.splat(0.5);
  const root = exp(f32x4.mul(f32x4.abs(x), half));
  const large = f32x4.mul(f32x4.mul(half, root), root);
  return f32x4.add(large, f32x4.div(f32x4.div(half, root), root));
}

/** Cephes' asinf for 0 ≤ a ≤ 0.5, z = a². */
// @ts-ignore: decorator
@inline
function arcsineNear0(a: v128, z: v128): v128 {
  let p = f32x4.splat(4.2163199048e-2);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(2.4181311049e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(4.547002599e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(7.4953002686e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(1.6666752422e-1));
  return f32x4.add(f32x4.mul(f32x4.mul(p, z), a), a);
}

const HALF_PI: f32 = 1.5707963268;

/** asin(a) for a ≤ 0.5; above asin of √((1 − a) / 2), of which π/2 − asin(a) is twice. */
// @ts-ignore: decorator
@inline
function arcsinePart(a: v128): v128 {
  const half = f32x4.splat(0.5);
  const far = f32x4.gt(a, half);
  const z = v128.bitselect(f32x4.mul(half, f32x4.sub(f32x4.splat(1), a)), f32x4.mul(a, a), far);
  return arcsineNear0(v128.bitselect(f32x4.sqrt(z), a, far), z);
}

/** NaN beyond ±1. */
export function arcsine(x: v128): v128 {
  const a = f32x4.abs(x);
  const part = arcsinePart(a);
  const large = f32x4.sub(f32x4.splat(HALF_PI), f32x4.add(part, part));
  return signed(v128.bitselect(large, part, f32x4.gt(a, f32x4.splat(0.5))), x);
}

/** NaN beyond ±1. */
export function arccos(x: v128): v128 {
  const a = f32x4.abs(x);
  const part = arcsinePart(a);
  const twice = f32x4.add(part, part);
  const isBelow = f32x4.lt(x, f32x4.splat(0));
  const large = v128.bitselect(f32x4.sub(f32x4.splat(2 * HALF_PI), twice), twice, isBelow);
  const small = f32x4.sub(f32x4.splat(HALF_PI), signed(part, x));
  return v128.bitselect(large, small, f32x4.gt(a, f32x4.splat(0.5)));
}

/** Cephes' atanf: a − 1 over a + 1 from tan(π/8) on, −1/a from tan(3π/8) on. */
export function arctan(x: v128): v128 {
  const one = f32x4.splat(1);
  const a = f32x4.abs(x);
  const middle = f32x4.gt(a, f32x4.splat(0.4142135624));
  const far = f32x4.gt(a, f32x4.splat(2.414213562));
  const above = v128.bitselect(f32x4.neg(one), f32x4.sub(a, one), far);
  const below = v128.bitselect(a, f32x4.add(a, one), far);
  const r = v128.bitselect(f32x4.div(above, below), a, middle);
  const z = f32x4.mul(r, r);
  let p = f32x4.splat(8.05374449538e-2);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-1.38776856032e-1));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(1.99777106478e-1));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-3.33329491539e-1));
  p = f32x4.add(f32x4.mul(f32x4.mul(p, z), r), r);
  const turn = v128.bitselect(f32x4.splat(HALF_PI), f32x4.splat(0.5 * HALF_PI), far);
  return signed(f32x4.add(p, v128.and(turn, middle)), x);
}

/** The angle of the point (x, y), as JavaScript's atan2 has it. */
export function angle(y: v128, x: v128): v128 {
  const a = f32x4.abs(y),
    b = f32x4.abs(x);
  const isSteep = f32x4.gt(a, b);
  const low = v128.bitselect(b, a, isSteep),
    high = v128.bitselect(a, b, isSteep);
  let ratio = v128.andnot(f32x4.div(low, high), f32x4.eq(high, f32x4.splat(0)));
  ratio = v128.bitselect(f32x4.splat(1), ratio, f32x4.eq(low, f32x4.splat(Infinity)));
  let r = arctan(ratio);
  r = v128.bitselect(f32x4.sub(f32x4.splat(HALF_PI), r), r, isSteep);
  const isLeft = i32x4.shr_s(x, 31);
  r = v128.bitselect(f32x4.sub(f32x4.splat(2 * HALF_PI), r), r, isLeft);
  return v128.or(signed(r, y), v128.or(f32x4.ne(x, x), f32x4.ne(y, y)));
}
