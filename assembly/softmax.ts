// Softmax, the losses and the metric that are taken row by row: a row is one sample's outputs.
//
// A loss op writes each row's loss and the gradient of the mean loss in one pass; `mean` then makes
// the number that training reports.

import { In, Op, Out } from './op';
import { exp, laneMask, log, maxLanes, storeLanes, sumLanes } from './simd';

/** Rows of one tile. */
// @ts-ignore: decorator
@inline const ROWS: i32 = 64;

export function rowTiles(rows: i32): i32 {
  return (rows + ROWS - 1) / ROWS;
}

function rowMax(x: usize, n: i32): f32 {
  let best = f32x4.splat(-Infinity);
  for (let c = 0; c < n; c += 4) {
    const v = v128.load(x + (<usize>c << 2));
    best = f32x4.max(best, v128.bitselect(v, f32x4.splat(-Infinity), laneMask(n - c)));
  }
  return maxLanes(best);
}

/** y = exp(x − max); returns the sum. */
function rowExp(y: usize, x: usize, n: i32, max: f32): f32 {
  let sum = f32x4.splat(0);
  for (let c = 0; c < n; c += 4) {
    const at = <usize>c << 2;
    const e = exp(f32x4.sub(v128.load(x + at), f32x4.splat(max)));
    sum = f32x4.add(sum, v128.and(e, laneMask(n - c)));
    storeLanes(y + at, e, n - c);
  }
  return sumLanes(sum);
}

function rowScale(y: usize, n: i32, scale: f32): void {
  for (let c = 0; c < n; c += 4) {
    const at = <usize>c << 2;
    storeLanes(y + at, f32x4.mul(v128.load(y + at), f32x4.splat(scale)), n - c);
  }
}

/** y = softmax of each row of x; y may be x. */
@unmanaged
export class Softmax extends Op {
  y: Out;
  x: In;
  rows: i32;
  classes: i32;
}

export function softmax(op: Softmax, tile: i32): void {
  const end = min(op.rows, (tile + 1) * ROWS);
  for (let row = tile * ROWS; row < end; row++) {
    const at = <usize>(row * op.classes) << 2;
    const x = op.x + at;
    rowScale(op.y + at, op.classes, 1 / rowExp(op.y + at, x, op.classes, rowMax(x, op.classes)));
  }
}

/** dx = y·(dy − Σ dy·y). */
@unmanaged
export class SoftmaxBackward extends Op {
  dx: Out;
  dy: In;
  y: In;
  rows: i32;
  classes: i32;
}

export function softmaxBackward(op: SoftmaxBackward, tile: i32): void {
  const end = min(op.rows, (tile + 1) * ROWS);
  const n = op.classes;
  for (let row = tile * ROWS; row < end; row++) {
    const base = <usize>(row * n) << 2;
    let sum = f32x4.splat(0);
    for (let c = 0; c < n; c += 4) {
      const at = base + (<usize>c << 2);
      const product = f32x4.mul(v128.load(op.dy + at), v128.load(op.y + at));
      sum = f32x4.add(sum, v128.and(product, laneMask(n - c)));
    }
    const total = f32x4.splat(sumLanes(sum));
    for (let c = 0; c < n; c += 4) {
      const at = base + (<usize>c << 2);
      const d = f32x4.sub(v128.load(op.dy + at), total);
      storeLanes(op.dx + at, f32x4.mul(v128.load(op.y + at), d), n - c);
    }
  }
}

/**
 * losses[row] = −Σ t·ln softmax(x), dx = (softmax·Σt − t)·scale. The target t is `labels[row]`
 * (one-hot of an i32) where `labels` is given, else row of `targets`.
 */
@unmanaged
export class SoftmaxCrossEntropy extends Op {
  losses: Out;
  dx: Out;
  x: In;
  labels: In;
  targets: In;
  rows: i32;
  classes: i32;
  scale: f32;
}

export function softmaxCrossEntropy(op: SoftmaxCrossEntropy, tile: i32): void {
  const end = min(op.rows, (tile + 1) * ROWS);
  for (let row = tile * ROWS; row < end; row++) {
    const at = <usize>(row * op.classes) << 2;
    const x = op.x + at;
    const dx = op.dx + at;
    const largest = rowMax(x, op.classes);
    const sum = rowExp(dx, x, op.classes, largest);
    const logSum = f32x4.extract_lane(log(f32x4.splat(sum)), 0);
    const to = op.losses + (<usize>row << 2);
    if (op.labels) {
      const label = <usize>load<u32>(op.labels + (<usize>row << 2)) << 2;
      rowScale(dx, op.classes, op.scale / sum);
      store<f32>(dx + label, load<f32>(dx + label) - op.scale);
      // In this order, as largest + logSum would lose what logSum says beside large logits.
      store<f32>(to, logSum + (largest - load<f32>(x + label)));
    } else {
      store<f32>(to, crossEntropyRow(dx, x, op.targets + at, op.classes, largest, sum, logSum, op.scale));
    }
  }
}

/** One row with a dense target; dx holds exp(x − max) and becomes the gradient. */
function crossEntropyRow(dx: usize, x: usize, t: usize, n: i32, largest: f32, sum: f32, logSum: f32, scale: f32): f32 {
  let weights = f32x4.splat(0);
  let losses = f32x4.splat(0);
  for (let c = 0; c < n; c += 4) {
    const at = <usize>c << 2;
    const target = v128.and(v128.load(t + at), laneMask(n - c));
    const below = f32x4.sub(f32x4.splat(largest), v128.load(x + at));
    const surprise = f32x4.add(f32x4.splat(logSum), below);
    weights = f32x4.add(weights, target);
    losses = f32x4.add(losses, v128.and(f32x4.mul(target, surprise), laneMask(n - c)));
  }
  const share = f32x4.splat(sumLanes(weights) / sum);
  for (let c = 0; c < n; c += 4) {
    const at = <usize>c << 2;
    const d = f32x4.sub(f32x4.mul(v128.load(dx + at), share), v128.load(t + at));
    storeLanes(dx + at, f32x4.mul(d, f32x4.splat(scale)), n - c);
  }
  return sumLanes(losses);
}

/** losses[row] = mean over columns of (x − t)², dx = 2(x − t)·scale / columns. */
@unmanaged
export class SquaredError extends Op {
  losses: Out;
  dx: Out;
  x: In;
  targets: In;
  rows: i32;
  columns: i32;
  scale: f32;
}

export function squaredError(op: SquaredError, tile: i32): void {
  const end = min(op.rows, (tile + 1) * ROWS);
  const n = op.columns;
  const scale = f32x4.splat((2 * op.scale) / <f32>n);
  for (let row = tile * ROWS; row < end; row++) {
    const base = <usize>(row * n) << 2;
    let sum = f32x4.splat(0);
    for (let c = 0; c < n; c += 4) {
      const at = base + (<usize>c << 2);
      const d = f32x4.sub(v128.load(op.x + at), v128.load(op.targets + at));
      sum = f32x4.add(sum, v128.and(f32x4.mul(d, d), laneMask(n - c)));
      storeLanes(op.dx + at, f32x4.mul(d, scale), n - c);
    }
    store<f32>(op.losses + (<usize>row << 2), sumLanes(sum) / <f32>n);
  }
}

/**
 * hits[row] = 1 where fewer than `top` classes score above the right one, else 0. Among equals the
 * lower class comes first; NaN is never right. Targets as in `SoftmaxCrossEntropy`.
 */
@unmanaged
export class TopK extends Op {
  hits: Out;
  x: In;
  labels: In;
  targets: In;
  rows: i32;
  classes: i32;
  top: i32;
}

export function topK(op: TopK, tile: i32): void {
  const end = min(op.rows, (tile + 1) * ROWS);
  for (let row = tile * ROWS; row < end; row++) {
    const at = <usize>(row * op.classes) << 2;
    const label = op.labels ? load<i32>(op.labels + (<usize>row << 2)) : argmax(op.targets + at, op.classes);
    const score = load<f32>(op.x + at + (<usize>label << 2));
    let above = 0;
    for (let c = 0; c < op.classes; c++) {
      const other = load<f32>(op.x + at + (<usize>c << 2));
      if (other > score || (other == score && c < label)) above++;
    }
    store<f32>(op.hits + (<usize>row << 2), score == score && above < op.top ? 1 : 0);
  }
}

function argmax(x: usize, n: i32): i32 {
  let best = 0;
  for (let c = 1; c < n; c++) {
    if (load<f32>(x + (<usize>c << 2)) > load<f32>(x + (<usize>best << 2))) best = c;
  }
  return best;
}
