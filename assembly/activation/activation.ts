// Activations, element by element. Backward computes the slope from the output y, so that an activation may
// overwrite its input; gelu, silu and hardSwish need x for it, as two x with other slopes have one y.
//
// NaN stays NaN, and what is far from 0 takes the limit: nothing overflows on the way.

import { Elements, TASK } from '../core/elementwise';
import { In, Op, Out } from '../core/op';
import { exp, expm1, log, madd, passed, relu, storeLanes } from '../core/simd';

/** Which f. src/network/activation.ts says it by these numbers (bindings/constants.ts). */
export const enum Activation {
  Relu = 0,
  Sigmoid,
  Tanh,
  /** x, below 0 alpha·x. */
  LeakyRelu,
  /** scale·x, below 0 alpha·(eˣ − 1): selu too. */
  Elu,
  /** min(max(x + shift, 0), most)·scale: relu6 and hardSigmoid. */
  Cut,
  /** x times what `Cut` gives: hardSwish. */
  CutGate,
  Gelu,
  Silu,
  Softplus,
}

/** Where the bell e^(−x²/2) is 0 in f32, and so are its products with x. */
// @ts-ignore: decorator
@inline const FAR: f32 = 15;

/**
 * Which f, and the numbers in it. They are read from the record: a literal vector is made again in every turn
 * of a loop.
 */
@unmanaged
export class Formula extends Elements {
  /** An `Activation`. */
  kind: i32;
  alpha: f32;
  scale: f32;
  shift: f32;
  most: f32;
}

/** y = f(x). y may be x. */
@unmanaged
export class Unary extends Formula {
  y: Out;
  x: In;
}

export function unary(op: Unary, task: i32): void {
  // Those that take no longer than reading and writing have loops of their own.
  switch (op.kind) {
    case Activation.Relu:
      return map(op, task, Activation.Relu);
    case Activation.LeakyRelu:
      return map(op, task, Activation.LeakyRelu);
    case Activation.Cut:
      return map(op, task, Activation.Cut);
    case Activation.CutGate:
      return map(op, task, Activation.CutGate);
    default:
      return map(op, task, op.kind);
  }
}

/** A `kind` that is literal leaves one case of `value` in the loop. */
// @ts-ignore: decorator
@inline
function map(op: Unary, task: i32, kind: i32): void {
  const y = op.y,
    x = op.x;
  const alpha = f32x4.splat(op.alpha),
    scale = f32x4.splat(op.scale);
  const shift = f32x4.splat(op.shift),
    most = f32x4.splat(op.most);
  const end = min(op.count, (task + 1) * TASK);
  let i = task * TASK;
  for (; i + 8 <= end; i += 8) {
    const at = (<usize>i) << 2;
    const y0 = value(kind, v128.load(x + at), alpha, scale, shift, most);
    const y1 = value(kind, v128.load(x + at, 16), alpha, scale, shift, most);
    v128.store(y + at, y0);
    v128.store(y + at, y1, 16);
  }
  for (; i < end; i += 4) {
    const at = (<usize>i) << 2;
    storeLanes(y + at, value(kind, v128.load(x + at), alpha, scale, shift, most), end - i);
  }
}

// @ts-ignore: decorator
@inline
function value(kind: i32, x: v128, alpha: v128, scale: v128, shift: v128, most: v128): v128 {
  switch (kind) {
    case Activation.Sigmoid:
      return sigmoid(x);
    case Activation.Tanh:
      return tanh(x);
    case Activation.LeakyRelu:
      return below0(x, f32x4.mul(x, alpha), x);
    case Activation.Elu:
      return below0(x, f32x4.mul(alpha, expm1(x)), f32x4.mul(scale, x));
    case Activation.Cut:
      return cut(x, scale, shift, most);
    // Of an x that is cut where its factor is 0: −∞·0 is no number.
    case Activation.CutGate:
      return f32x4.mul(f32x4.pmax(x, f32x4.neg(shift)), cut(x, scale, shift, most));
    case Activation.Gelu:
      return gelu(x);
    case Activation.Silu:
      return silu(x);
    case Activation.Softplus:
      return softplus(x);
    default:
      return relu(x);
  }
}

/** dx = dy·f′. dx may be dy. */
@unmanaged
export class UnaryBackward extends Formula {
  dx: Out;
  dy: In;
  /** y = f(x); or x for `Gelu`, `Silu` and `CutGate`. */
  from: In;
}

export function unaryBackward(op: UnaryBackward, task: i32): void {
  switch (op.kind) {
    case Activation.Relu:
      return mapBackward(op, task, Activation.Relu);
    case Activation.Sigmoid:
      return mapBackward(op, task, Activation.Sigmoid);
    case Activation.Tanh:
      return mapBackward(op, task, Activation.Tanh);
    case Activation.LeakyRelu:
      return mapBackward(op, task, Activation.LeakyRelu);
    case Activation.Elu:
      return mapBackward(op, task, Activation.Elu);
    case Activation.Cut:
      return mapBackward(op, task, Activation.Cut);
    case Activation.CutGate:
      return mapBackward(op, task, Activation.CutGate);
    default:
      return mapBackward(op, task, op.kind);
  }
}

// @ts-ignore: decorator
@inline
function mapBackward(op: UnaryBackward, task: i32, kind: i32): void {
  const dx = op.dx,
    dy = op.dy,
    from = op.from;
  const alpha = f32x4.splat(op.alpha),
    scale = f32x4.splat(op.scale);
  const shift = f32x4.splat(op.shift),
    top = f32x4.splat(op.most * op.scale);
  const end = min(op.count, (task + 1) * TASK);
  let i = task * TASK;
  for (; i + 8 <= end; i += 8) {
    const at = (<usize>i) << 2;
    const dx0 = gradient(kind, v128.load(dy + at), v128.load(from + at), alpha, scale, shift, top);
    const dx1 = gradient(
      kind,
      v128.load(dy + at, 16),
      v128.load(from + at, 16),
      alpha,
      scale,
      shift,
      top,
    );
    v128.store(dx + at, dx0);
    v128.store(dx + at, dx1, 16);
  }
  for (; i < end; i += 4) {
    const at = (<usize>i) << 2;
    const last = gradient(kind, v128.load(dy + at), v128.load(from + at), alpha, scale, shift, top);
    storeLanes(dx + at, last, end - i);
  }
}

/** dy·f′; the slope is computed from `v`, and `top` is the largest number that a `Cut` gives. */
// @ts-ignore: decorator
@inline
function gradient(
  kind: i32,
  dy: v128,
  v: v128,
  alpha: v128,
  scale: v128,
  shift: v128,
  top: v128,
): v128 {
  const one = f32x4.splat(1);
  switch (kind) {
    case Activation.Sigmoid:
      return f32x4.mul(dy, f32x4.mul(v, f32x4.sub(one, v)));
    case Activation.Tanh:
      return f32x4.mul(dy, f32x4.sub(one, f32x4.mul(v, v)));
    case Activation.LeakyRelu:
      return v128.bitselect(f32x4.mul(dy, alpha), dy, f32x4.le(v, f32x4.splat(0)));
    // Below 0 the slope is alpha·eˣ = y + alpha.
    case Activation.Elu:
      return f32x4.mul(dy, v128.bitselect(f32x4.add(v, alpha), scale, f32x4.le(v, f32x4.splat(0))));
    case Activation.Cut:
      return v128.andnot(passed(f32x4.mul(dy, scale), v), f32x4.ge(v, top));
    case Activation.CutGate:
      return f32x4.mul(dy, cutGateSlope(v, scale, shift, top));
    case Activation.Gelu:
      return f32x4.mul(dy, geluSlope(v));
    case Activation.Silu:
      return f32x4.mul(dy, siluSlope(v));
    case Activation.Softplus:
      return f32x4.mul(dy, f32x4.neg(expm1(f32x4.neg(v))));
    default:
      return passed(dy, v);
  }
}

/** `negative` where x < 0, else `other`: where x is NaN too. */
// @ts-ignore: decorator
@inline
function below0(x: v128, negative: v128, other: v128): v128 {
  return v128.bitselect(negative, other, f32x4.lt(x, f32x4.splat(0)));
}

/** Brought to within ±most; NaN stays. */
// @ts-ignore: decorator
@inline
function clamp(x: v128, most: f32): v128 {
  return f32x4.pmin(f32x4.pmax(x, f32x4.splat(-most)), f32x4.splat(most));
}

export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

/** tanh(x): Cephes' polynomial below 0.625, where 1 − 2/(e²ˣ + 1) would cancel. */
function tanh(x: v128): v128 {
  const magnitude = f32x4.abs(x);
  const one = f32x4.splat(1);
  const e = exp(f32x4.add(magnitude, magnitude));
  const large = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(e, one)));
  const z = f32x4.mul(x, x);
  let p = f32x4.splat(-5.70498872745e-3);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(2.06390887954e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-5.37397155531e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(1.33314422036e-1));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-3.33332819422e-1));
  const small = f32x4.add(f32x4.mul(f32x4.mul(p, z), magnitude), magnitude);
  const y = v128.bitselect(large, small, f32x4.gt(magnitude, f32x4.splat(0.625)));
  const sign = v128.and(x, i32x4.splat(0x80000000));
  return v128.bitselect(x, v128.or(y, sign), f32x4.ne(x, x));
}

/** min(max(x + shift, 0), most)·scale; NaN stays. */
// @ts-ignore: decorator
@inline
function cut(x: v128, scale: v128, shift: v128, most: v128): v128 {
  return f32x4.mul(f32x4.pmin(relu(f32x4.add(x, shift)), most), scale);
}

/** 0 up to −shift, top from shift on, amid (2x + shift)·scale. */
// @ts-ignore: decorator
@inline
function cutGateSlope(x: v128, scale: v128, shift: v128, top: v128): v128 {
  const amid = f32x4.mul(f32x4.add(x, f32x4.add(x, shift)), scale);
  const rising = v128.andnot(amid, f32x4.le(x, f32x4.neg(shift)));
  return v128.bitselect(top, rising, f32x4.ge(x, shift));
}

/** x·σ(x), of an x that is cut where σ is 0. */
function silu(x: v128): v128 {
  return f32x4.mul(f32x4.pmax(x, f32x4.splat(-104)), sigmoid(x));
}

/** σ(x) + x·σ(x)·σ(−x), both σ from e^(−|x|), as 1 − σ would cancel. */
function siluSlope(x: v128): v128 {
  const e = exp(f32x4.neg(f32x4.abs(x)));
  const larger = f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), e));
  const smaller = f32x4.mul(e, larger);
  const bump = f32x4.mul(clamp(x, 104), f32x4.mul(larger, smaller));
  return f32x4.add(below0(x, smaller, larger), bump);
}

/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^(−|x|)). What 1 + e has lost of e is given back to the logarithm. */
function softplus(x: v128): v128 {
  const e = exp(f32x4.neg(f32x4.abs(x)));
  const u = f32x4.add(f32x4.splat(1), e);
  const lost = f32x4.sub(e, f32x4.sub(u, f32x4.splat(1)));
  return f32x4.add(relu(x), f32x4.add(log(u), f32x4.div(lost, u)));
}

/** x·Φ(x), where Φ(x) = (1 + erf(x/√2)) / 2, as max(x, 0) − |x|·Φ(−|x|): nothing cancels below 0. */
function gelu(x: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(x), f32x4.splat(FAR));
  return f32x4.sub(relu(x), f32x4.mul(f32x4.mul(a, mills(a)), bell(a)));
}

/** Φ(x) + x·e^(−x²/2) / √2π. */
function geluSlope(x: v128): v128 {
  const z = clamp(x, FAR);
  const a = f32x4.abs(z);
  const e = bell(a);
  const tail = f32x4.mul(mills(a), e);
  const phi = below0(x, tail, f32x4.sub(f32x4.splat(1), tail));
  return madd(f32x4.mul(z, f32x4.splat(0.3989422804)), e, phi);
}

/**
 * e^(−a²/2), 0 ≤ a ≤ 15, to a few ulp: what rounding takes from a², a in two parts of 12 bits, is put back
 * as a factor.
 */
export function bell(a: v128): v128 {
  const square = f32x4.mul(a, a);
  const high = v128.and(a, i32x4.splat(0xfffff000));
  const low = f32x4.sub(a, high);
  const both = f32x4.add(
    f32x4.sub(f32x4.mul(high, high), square),
    f32x4.mul(f32x4.add(a, high), low),
  );
  const e = exp(f32x4.mul(square, f32x4.splat(-0.5)));
  return f32x4.sub(e, f32x4.mul(e, f32x4.mul(both, f32x4.splat(0.5))));
}

/**
 * Φ(−a)·e^(a²/2), 0 ≤ a ≤ 15: t·p(t) of t = 1 / (1 + 0.35a), p the minimax polynomial (Remez), within
 * 2⁻²⁴ of the result.
 */
function mills(a: v128): v128 {
  const one = f32x4.splat(1);
  const t = f32x4.div(one, madd(a, f32x4.splat(0.35), one));
  let p = f32x4.splat(-2.9157833963e-2);
  p = madd(p, t, f32x4.splat(1.4403070737e-1));
  p = madd(p, t, f32x4.splat(-2.5583864738e-1));
  p = madd(p, t, f32x4.splat(1.5931937116e-1));
  p = madd(p, t, f32x4.splat(-2.3212168904e-2));
  p = madd(p, t, f32x4.splat(1.0555244112e-1));
  p = madd(p, t, f32x4.splat(1.198212983e-1));
  p = madd(p, t, f32x4.splat(1.3986351179e-1));
  p = madd(p, t, f32x4.splat(1.3962130452e-1));
  return f32x4.mul(p, t);
}
