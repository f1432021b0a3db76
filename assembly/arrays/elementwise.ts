// Functions of single numbers that are no activations of the core, forward and backward. Backward computes the slope from
// the input. NaN stays NaN.
//
// Accuracy, in ulp of the result: 0.5 for roots, quotients, powers and what only rounds; 2 for exp and log; 3 for erf, sin,
// cos, mish and the elus; geluTanh loses in addition as many as its exponent, x³/14, has bits lost: 8 at −5.

import { bell } from '../activation/activation';
import { Elements, TASK } from '../core/elementwise';
import { In, Out } from '../core/op';
import { exp, storeLanes } from '../core/simd';
import {
  clamp,
  erf,
  geluTanhSlope,
  mish,
  mishSlope,
  naturalLog,
  sigmoid,
  sign,
  sine,
  tangent,
  toIntegers,
  twiceInner,
  FAR,
  ZERO,
} from './formulas';
import {
  arccos,
  arcsine,
  arctan,
  elu,
  expMinus1,
  hyperbolicCosine,
  hyperbolicSine,
  log1Plus,
  sigmoid as quickSigmoid,
  storeConstants,
} from './functions';
import { MapFn } from './mapfn';
import { power, storePowers } from './scalar';
import { slope } from './slopes';

@unmanaged
export class Mapping extends Elements {
  fn: i32;
  alpha: f32;
  beta: f32;
  gamma: f32;
}

/** y = f(x). y may be x. */
@unmanaged
export class Elementwise extends Mapping {
  y: Out;
  x: In;
}

/** dx = dy·f′(x). dx may be dy. */
@unmanaged
export class ElementwiseBackward extends Mapping {
  dx: Out;
  dy: In;
  x: In;
}

export function elementwise(op: Elementwise, task: i32, scratch: usize): void {
  storeConstants(scratch);
  const fn = op.fn;
  if (fn == MapFn.Power) storePowers(scratch);
  const a = f32x4.splat(op.alpha),
    b = f32x4.splat(op.beta),
    c = f32x4.splat(op.gamma);
  let left = min(op.count - task * TASK, TASK);
  const at = (<usize>(task * TASK)) << 2;
  let x = op.x + at,
    y = op.y + at;
  if (fn == MapFn.Sigmoid) return sigmoids(x, y, left, scratch);
  if (fn == MapFn.Elu) return elus(op, x, y, left, scratch);
  const whole = (<usize>(left >> 3)) << 5;
  if (sweep(fn, x, y, y + whole, a, b, c)) {
    x += whole;
    y += whole;
    left &= 7;
  }
  for (; left > 0; left -= 4) {
    storeLanes(y, value(fn, v128.load(x), a, b, c, scratch), left);
    x += 16;
    y += 16;
  }
}

/**
 * Whole pairs of vectors of what is done in a moment: to choose for each would take longer than to do it. Each is a
 * function of its own, as the compiler makes one loop, which chooses again, of loops that differ in a constant alone.
 */
function sweep(fn: i32, x: usize, y: usize, end: usize, a: v128, b: v128, c: v128): bool {
  switch (fn) {
    case MapFn.Abs:
      absolutes(x, y, end);
      break;
    case MapFn.Affine:
      affines(x, y, end, a, b);
      break;
    case MapFn.Clip:
      clips(x, y, end, a, b);
      break;
    case MapFn.Floor:
      floors(x, y, end);
      break;
    case MapFn.Ceil:
      ceils(x, y, end);
      break;
    case MapFn.Round:
      rounds(x, y, end);
      break;
    case MapFn.Step:
      steps(x, y, end, a);
      break;
    case MapFn.Sqrt:
      roots(x, y, end);
      break;
    case MapFn.ToInteger:
      integers(x, y, end);
      break;
    case MapFn.FromInteger:
      fromIntegers(x, y, end);
      break;
    default:
      return false;
  }
  return true;
}

// @ts-ignore: decorator
@inline
function loop(fn: i32, x: usize, y: usize, end: usize, a: v128, b: v128, c: v128): void {
  for (; y < end; y += 32) {
    v128.store(y, value(fn, v128.load(x), a, b, c, 0));
    v128.store(y, value(fn, v128.load(x, 16), a, b, c, 0), 16);
    x += 32;
  }
}

function absolutes(x: usize, y: usize, end: usize): void {
  loop(MapFn.Abs, x, y, end, f32x4.splat(ZERO), f32x4.splat(ZERO), f32x4.splat(ZERO));
}

function affines(x: usize, y: usize, end: usize, a: v128, b: v128): void {
  loop(MapFn.Affine, x, y, end, a, b, a);
}

function clips(x: usize, y: usize, end: usize, a: v128, b: v128): void {
  loop(MapFn.Clip, x, y, end, a, b, a);
}

function floors(x: usize, y: usize, end: usize): void {
  loop(MapFn.Floor, x, y, end, f32x4.splat(ZERO), f32x4.splat(ZERO), f32x4.splat(ZERO));
}

function ceils(x: usize, y: usize, end: usize): void {
  loop(MapFn.Ceil, x, y, end, f32x4.splat(ZERO), f32x4.splat(ZERO), f32x4.splat(ZERO));
}

function rounds(x: usize, y: usize, end: usize): void {
  loop(MapFn.Round, x, y, end, f32x4.splat(ZERO), f32x4.splat(ZERO), f32x4.splat(ZERO));
}

function steps(x: usize, y: usize, end: usize, a: v128): void {
  loop(MapFn.Step, x, y, end, a, a, a);
}

function roots(x: usize, y: usize, end: usize): void {
  loop(MapFn.Sqrt, x, y, end, f32x4.splat(ZERO), f32x4.splat(ZERO), f32x4.splat(ZERO));
}

function integers(x: usize, y: usize, end: usize): void {
  loop(MapFn.ToInteger, x, y, end, f32x4.splat(ZERO), f32x4.splat(ZERO), f32x4.splat(ZERO));
}

function fromIntegers(x: usize, y: usize, end: usize): void {
  loop(MapFn.FromInteger, x, y, end, f32x4.splat(ZERO), f32x4.splat(ZERO), f32x4.splat(ZERO));
}

function sigmoids(x: usize, y: usize, left: i32, k: usize): void {
  for (; left > 0; left -= 4) {
    storeLanes(y, quickSigmoid(v128.load(x), k), left);
    x += 16;
    y += 16;
  }
}

function elus(op: Elementwise, x: usize, y: usize, left: i32, k: usize): void {
  const zero = f32x4.splat(ZERO);
  const a = f32x4.splat(op.alpha),
    b = f32x4.splat(op.beta),
    c = f32x4.splat(op.gamma);
  for (; left > 0; left -= 4) {
    const v = v128.load(x);
    const below = f32x4.mul(a, elu(f32x4.pmin(f32x4.mul(v, b), zero), k));
    storeLanes(y, v128.bitselect(below, f32x4.mul(c, v), f32x4.le(v, zero)), left);
    x += 16;
    y += 16;
  }
}

export function elementwiseBackward(op: ElementwiseBackward, task: i32, scratch: usize): void {
  const a = f32x4.splat(op.alpha),
    b = f32x4.splat(op.beta),
    c = f32x4.splat(op.gamma);
  const fn = op.fn,
    x = op.x,
    dy = op.dy,
    dx = op.dx;
  if (fn == MapFn.Power) storePowers(scratch);
  const end = min(op.count, (task + 1) * TASK);
  for (let i = task * TASK; i < end; i += 4) {
    const at = (<usize>i) << 2;
    const d = f32x4.mul(v128.load(dy + at), slope(fn, v128.load(x + at), a, b, c, scratch));
    storeLanes(dx + at, d, end - i);
  }
}

// @ts-ignore: decorator
@inline
function value(fn: i32, x: v128, a: v128, b: v128, c: v128, scratch: usize): v128 {
  const zero = f32x4.splat(ZERO);
  const one = f32x4.splat(1);
  switch (fn) {
    case MapFn.Exp:
      return exp(x);
    case MapFn.Log:
      return naturalLog(x);
    case MapFn.Sqrt:
      return f32x4.sqrt(x);
    case MapFn.Abs:
      return f32x4.abs(x);
    case MapFn.Reciprocal:
      return f32x4.div(one, x);
    case MapFn.Erf:
      return erf(x);
    case MapFn.Sign:
      return sign(x);
    case MapFn.Floor:
      return f32x4.floor(x);
    case MapFn.Ceil:
      return f32x4.ceil(x);
    case MapFn.Round:
      return f32x4.nearest(x);
    case MapFn.Sin:
      return sine(x, 0);
    case MapFn.Cos:
      return sine(x, 1);
    case MapFn.Softsign:
      return f32x4.div(x, f32x4.add(one, f32x4.abs(x)));
    case MapFn.Mish:
      return mish(x);
    case MapFn.LeakyRelu:
      return v128.bitselect(f32x4.mul(a, x), x, f32x4.le(x, zero));
    case MapFn.ThresholdedRelu:
      return v128.andnot(x, f32x4.le(x, a));
    case MapFn.HardSigmoid:
      return clamp(f32x4.add(f32x4.mul(a, x), b), zero, one);
    case MapFn.GeluTanh: {
      const z = f32x4.pmax(x, f32x4.splat(-104));
      return f32x4.mul(z, sigmoid(twiceInner(z)));
    }
    case MapFn.Affine:
      return f32x4.add(f32x4.mul(a, x), b);
    case MapFn.Power:
      return power(x, a, scratch);
    case MapFn.Step:
      return v128.or(v128.bitselect(one, a, f32x4.gt(x, zero)), f32x4.ne(x, x));
    case MapFn.IsNaN:
      return v128.and(one, f32x4.ne(x, x));
    case MapFn.IsFinite:
      return v128.and(one, f32x4.lt(f32x4.abs(x), f32x4.splat(Infinity)));
    case MapFn.IsInfinite:
      return v128.and(one, f32x4.eq(f32x4.abs(x), f32x4.splat(Infinity)));
    case MapFn.IsNotZero:
      return v128.and(one, f32x4.ne(x, zero));
    case MapFn.Expm1:
      return expMinus1(x, scratch);
    case MapFn.Log1p:
      return log1Plus(x);
    case MapFn.Asin:
      return arcsine(x);
    case MapFn.Acos:
      return arccos(x);
    case MapFn.Atan:
      return arctan(x);
    case MapFn.Sinh:
      return hyperbolicSine(x, scratch);
    case MapFn.Cosh:
      return hyperbolicCosine(x);
    case MapFn.Tan:
      return tangent(x);
    case MapFn.ToInteger:
      return toIntegers(x);
    case MapFn.FromInteger:
      return f32x4.convert_i32x4_s(x);
    default:
      return clamp(x, a, b);
  }
}
