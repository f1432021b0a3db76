// Losses that compare outputs with targets one by one. A row's loss is the mean of its columns'; like
// softmax's, the op writes losses and gradient in one pass. Metrics of the same kind leave the gradient out.

import { sigmoid } from '../activation/activation';
import { In, Out } from '../core/op';
import { exp, laneMask, log, relu, storeLanes, sumLanes } from '../core/simd';
import { ROWS, Rows, rowWeight } from '../activation/softmax';

/** f(x, t), with `parameter` where it has one. */
export const enum Comparison {
  /** (x − t)². */
  Squared = 0,
  /** |x − t|. */
  Absolute,
  /** d²/2 for d = |x − t| up to the parameter δ, then δ·(d − δ/2) (Huber, 1964). */
  Huber,
  /** max(0, 1 − t·x). A target of 0 counts as −1, so that classes may be 0 and 1 too. */
  Hinge,
  /** ln(1 + eˣ) − t·x, −ln of what sigmoid(x) gives t. The parameter is the share of t that goes to ½. */
  BinaryCrossEntropy,
  /** 1 where x is above the parameter and t above ½, or neither; no loss, as its slope is 0. */
  Agreement,
}

/** losses[row] = w·mean over columns of f(x, t), dx = w·∂f/∂x·scale / columns. */
@unmanaged
export class ElementLoss extends Rows {
  losses: Out;
  /** Or 0 where only the losses are wanted. */
  dx: Out;
  x: In;
  targets: In;
  /** One per row, or 0 where all are 1. */
  weights: In;
  columns: i32;
  scale: f32;
  /** A `Comparison`. */
  kind: i32;
  parameter: f32;
}

export function elementLoss(op: ElementLoss, task: i32): void {
  const end = min(op.rows, (task + 1) * ROWS);
  const n = op.columns;
  const parameter = f32x4.splat(op.parameter);
  for (let row = task * ROWS; row < end; row++) {
    const base = (<usize>(row * n)) << 2;
    const weight = rowWeight(op.weights, row);
    const scale = f32x4.splat((weight * op.scale) / <f32>n);
    let sum = f32x4.splat(0);
    for (let c = 0; c < n; c += 4) {
      const at = base + ((<usize>c) << 2);
      const x = v128.load(op.x + at);
      const t = v128.load(op.targets + at);
      sum = f32x4.add(sum, v128.and(compare(op.kind, x, t, parameter), laneMask(n - c)));
      if (op.dx) storeLanes(op.dx + at, f32x4.mul(slope(op.kind, x, t, parameter), scale), n - c);
    }
    store<f32>(op.losses + ((<usize>row) << 2), (weight * sumLanes(sum)) / <f32>n);
  }
}

/** f(x, t). */
function compare(kind: i32, x: v128, t: v128, parameter: v128): v128 {
  const one = f32x4.splat(1);
  const d = f32x4.sub(x, t);
  switch (kind) {
    case Comparison.Squared:
      return f32x4.mul(d, d);
    case Comparison.Absolute:
      return f32x4.abs(d);
    case Comparison.Huber: {
      const near = f32x4.min(f32x4.abs(d), parameter);
      return f32x4.mul(near, f32x4.sub(f32x4.abs(d), f32x4.mul(f32x4.splat(0.5), near)));
    }
    case Comparison.Hinge:
      return f32x4.max(f32x4.splat(0), f32x4.sub(one, f32x4.mul(side(t), x)));
    case Comparison.BinaryCrossEntropy: {
      // ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|): no eˣ that overflows.
      const straight = f32x4.sub(relu(x), f32x4.mul(x, smoothed(t, parameter)));
      return f32x4.add(straight, log1p(exp(f32x4.neg(f32x4.abs(x)))));
    }
    default: {
      const differ = v128.xor(f32x4.gt(x, parameter), f32x4.gt(t, f32x4.splat(0.5)));
      return v128.andnot(one, differ);
    }
  }
}

/** ∂f/∂x. */
function slope(kind: i32, x: v128, t: v128, parameter: v128): v128 {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  const d = f32x4.sub(x, t);
  switch (kind) {
    case Comparison.Squared:
      return f32x4.add(d, d);
    case Comparison.Absolute:
      return f32x4.sub(v128.and(one, f32x4.gt(d, zero)), v128.and(one, f32x4.lt(d, zero)));
    case Comparison.Huber:
      return f32x4.max(f32x4.neg(parameter), f32x4.min(d, parameter));
    case Comparison.Hinge:
      return v128.and(f32x4.neg(side(t)), f32x4.lt(f32x4.mul(side(t), x), one));
    case Comparison.BinaryCrossEntropy:
      return f32x4.sub(sigmoid(x), smoothed(t, parameter));
    default:
      return zero;
  }
}

/** −1 for a target of 0. */
// @ts-ignore: decorator
@inline
function side(t: v128): v128 {
  return v128.bitselect(f32x4.splat(-1), t, f32x4.eq(t, f32x4.splat(0)));
}

/** t·(1 − s) + s/2. */
// @ts-ignore: decorator
@inline
function smoothed(t: v128, s: v128): v128 {
  return f32x4.add(t, f32x4.mul(s, f32x4.sub(f32x4.splat(0.5), t)));
}

/** ln(1 + e) for 0 ≤ e ≤ 1, to the last digits of small e too: u = 1 + e has lost what e / (u − 1) puts back (Kahan). */
// @ts-ignore: decorator
@inline
function log1p(e: v128): v128 {
  const u = f32x4.add(f32x4.splat(1), e);
  const lost = f32x4.sub(u, f32x4.splat(1));
  const whole = f32x4.div(f32x4.mul(log(u), e), lost);
  return v128.bitselect(e, whole, f32x4.eq(lost, f32x4.splat(0)));
}
