// Softmax, and softmax cross-entropy, row by row: a row is one sample's outputs.
//
// A loss op writes each row's loss and the gradient of the mean loss in one pass; `mean` then makes
// the number that training reports. loss.ts has the losses without softmax.

import { In, Op, Out } from '../core/op';
import { exp, laneMask, log, maxLanes, storeLanes, sumLanes } from '../core/simd';

/** Rows of one task. */
// @ts-ignore: decorator
@inline export const ROWS: i32 = 64;

/** What goes through rows, each by itself. */
@unmanaged
export class Rows extends Op {
  rows: i32;
}

export function rowsTasks(op: Rows): i32 {
  return (op.rows + ROWS - 1) / ROWS;
}

/** The weight of a row: 1 where there are none. */
// @ts-ignore: decorator
@inline
export function rowWeight(weights: usize, row: i32): f32 {
  return weights ? load<f32>(weights + ((<usize>row) << 2)) : 1;
}

/** Whether there are labels, and that of a row says that it does not count. */
// @ts-ignore: decorator
@inline
export function isIgnored(labels: usize, row: i32): bool {
  return labels != 0 && load<i32>(labels + ((<usize>row) << 2)) < 0;
}

function rowMax(x: usize, n: i32): f32 {
  let best = f32x4.splat(-Infinity);
  for (let c = 0; c < n; c += 4) {
    const v = v128.load(x + ((<usize>c) << 2));
    best = f32x4.max(best, v128.bitselect(v, f32x4.splat(-Infinity), laneMask(n - c)));
  }
  return maxLanes(best);
}

/** y = exp(x − max); returns the sum. */
function rowExp(y: usize, x: usize, n: i32, max: f32): f32 {
  let sum = f32x4.splat(0);
  for (let c = 0; c < n; c += 4) {
    const at = (<usize>c) << 2;
    const e = exp(f32x4.sub(v128.load(x + at), f32x4.splat(max)));
    sum = f32x4.add(sum, v128.and(e, laneMask(n - c)));
    storeLanes(y + at, e, n - c);
  }
  return sumLanes(sum);
}

/** y = y·scale − less. */
function rowScale(y: usize, n: i32, scale: f32, less: f32): void {
  for (let c = 0; c < n; c += 4) {
    const at = (<usize>c) << 2;
    const scaled = f32x4.mul(v128.load(y + at), f32x4.splat(scale));
    storeLanes(y + at, f32x4.sub(scaled, f32x4.splat(less)), n - c);
  }
}

/** y = softmax of each row of x; y may be x. */
@unmanaged
export class Softmax extends Rows {
  y: Out;
  x: In;
  classes: i32;
}

export function softmax(op: Softmax, task: i32): void {
  const end = min(op.rows, (task + 1) * ROWS);
  for (let row = task * ROWS; row < end; row++) {
    const at = (<usize>(row * op.classes)) << 2;
    const x = op.x + at;
    rowScale(op.y + at, op.classes, 1 / rowExp(op.y + at, x, op.classes, rowMax(x, op.classes)), 0);
  }
}

/** dx = y·(dy − Σ dy·y). */
@unmanaged
export class SoftmaxBackward extends Rows {
  dx: Out;
  dy: In;
  y: In;
  classes: i32;
}

export function softmaxBackward(op: SoftmaxBackward, task: i32): void {
  const end = min(op.rows, (task + 1) * ROWS);
  const n = op.classes;
  for (let row = task * ROWS; row < end; row++) {
    const base = (<usize>(row * n)) << 2;
    let sum = f32x4.splat(0);
    for (let c = 0; c < n; c += 4) {
      const at = base + ((<usize>c) << 2);
      const product = f32x4.mul(v128.load(op.dy + at), v128.load(op.y + at));
      sum = f32x4.add(sum, v128.and(product, laneMask(n - c)));
    }
    const total = f32x4.splat(sumLanes(sum));
    for (let c = 0; c < n; c += 4) {
      const at = base + ((<usize>c) << 2);
      const d = f32x4.sub(v128.load(op.dy + at), total);
      storeLanes(op.dx + at, f32x4.mul(v128.load(op.y + at), d), n - c);
    }
  }
}

/**
 * losses[row] = −w·Σ t·ln softmax(x), dx = w·(softmax·Σt − t)·scale. The target t is `labels[row]`
 * (one-hot of an i32) where `labels` is given, else row of `targets`; smoothing s turns it into
 * (1 − s)·t + s/classes (Szegedy et al., arXiv 1512.00567). A row whose label is negative is ignored: both are 0.
 */
@unmanaged
export class SoftmaxCrossEntropy extends Rows {
  losses: Out;
  dx: Out;
  x: In;
  labels: In;
  targets: In;
  /** One per row, or 0 where all are 1. */
  weights: In;
  classes: i32;
  scale: f32;
  smoothing: f32;
}

export function softmaxCrossEntropy(op: SoftmaxCrossEntropy, task: i32): void {
  const end = min(op.rows, (task + 1) * ROWS);
  const n = op.classes;
  for (let row = task * ROWS; row < end; row++) {
    const at = (<usize>(row * n)) << 2;
    const x = op.x + at;
    const dx = op.dx + at;
    if (isIgnored(op.labels, row)) {
      memory.fill(dx, 0, (<usize>n) << 2);
      store<f32>(op.losses + ((<usize>row) << 2), 0);
      continue;
    }
    const largest = rowMax(x, n);
    const sum = rowExp(dx, x, n, largest);
    const logSum = f32x4.extract_lane(log(f32x4.splat(sum)), 0);
    const weight = rowWeight(op.weights, row);
    const loss = op.labels
      ? labelRow(
          dx,
          x,
          load<u32>(op.labels + ((<usize>row) << 2)),
          n,
          largest,
          sum,
          logSum,
          weight * op.scale,
          op.smoothing,
        )
      : denseRow(dx, x, op.targets + at, n, largest, sum, logSum, weight * op.scale, op.smoothing);
    store<f32>(op.losses + ((<usize>row) << 2), weight * loss);
  }
}

/** One row with a class index; dx holds exp(x − max) and becomes the gradient. */
function labelRow(
  dx: usize,
  x: usize,
  label: u32,
  n: i32,
  largest: f32,
  sum: f32,
  logSum: f32,
  scale: f32,
  smoothing: f32,
): f32 {
  const own = (<usize>label) << 2;
  rowScale(dx, n, scale / sum, (scale * smoothing) / <f32>n);
  store<f32>(dx + own, load<f32>(dx + own) - scale * (1 - smoothing));
  // In this order: largest + logSum would round logSum away beside large logits.
  const loss = logSum + (largest - load<f32>(x + own));
  if (smoothing == 0) return loss;
  let below = f32x4.splat(0);
  for (let c = 0; c < n; c += 4) {
    const d = f32x4.sub(f32x4.splat(largest), v128.load(x + ((<usize>c) << 2)));
    below = f32x4.add(below, v128.and(d, laneMask(n - c)));
  }
  return (1 - smoothing) * loss + smoothing * (logSum + sumLanes(below) / <f32>n);
}

/** One row with a dense target; dx holds exp(x − max) and becomes the gradient. */
function denseRow(
  dx: usize,
  x: usize,
  t: usize,
  n: i32,
  largest: f32,
  sum: f32,
  logSum: f32,
  scale: f32,
  smoothing: f32,
): f32 {
  const own = f32x4.splat(1 - smoothing);
  const even = f32x4.splat(smoothing / <f32>n);
  let total = f32x4.splat(0);
  let losses = f32x4.splat(0);
  for (let c = 0; c < n; c += 4) {
    const at = (<usize>c) << 2;
    const target = v128.and(f32x4.add(f32x4.mul(own, v128.load(t + at)), even), laneMask(n - c));
    const below = f32x4.sub(f32x4.splat(largest), v128.load(x + at));
    const surprise = f32x4.add(f32x4.splat(logSum), below);
    total = f32x4.add(total, target);
    losses = f32x4.add(losses, v128.and(f32x4.mul(target, surprise), laneMask(n - c)));
  }
  const share = f32x4.splat(sumLanes(total) / sum);
  for (let c = 0; c < n; c += 4) {
    const at = (<usize>c) << 2;
    const target = f32x4.add(f32x4.mul(own, v128.load(t + at)), even);
    const d = f32x4.sub(f32x4.mul(v128.load(dx + at), share), target);
    storeLanes(dx + at, f32x4.mul(d, f32x4.splat(scale)), n - c);
  }
  return sumLanes(losses);
}
