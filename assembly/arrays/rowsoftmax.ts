// Softmax as TF.js's users call it, of rows: quicker than the core's, whose exponential is no loop of its own.

import { In, Op, Out } from '../core/op';
import { laneMask, maxLanes, storeLanes, sumLanes } from '../core/simd';
import { rowsOf } from './combine';
import { expBelow0, storeConstants } from './functions';

/** y = softmax of each row of x[rows, n]. */
@unmanaged
export class RowSoftmax extends Op {
  rows: i32;
  n: i32;
  y: Out;
  x: In;
}

export function rowSoftmaxTasks(op: RowSoftmax): i32 {
  const rows = rowsOf(op.n);
  return (op.rows + rows - 1) / rows;
}

export function rowSoftmax(op: RowSoftmax, task: i32, scratch: usize): void {
  storeConstants(scratch);
  const n = op.n;
  const end = min(op.rows, (task + 1) * rowsOf(n));
  for (let row = task * rowsOf(n); row < end; row++) {
    const at = (<usize>(row * n)) << 2;
    const x = op.x + at,
      y = op.y + at;
    const most = f32x4.splat(largest(x, n));
    scaleAll(y, n, 1 / exponentials(y, x, n, most, scratch));
  }
}

/** NaN is passed over: its exponential is NaN, and so is the sum. */
function largest(x: usize, n: i32): f32 {
  const none = f32x4.splat(-Infinity);
  let best = none,
    other = none;
  let left = n;
  // Each comparison waits for the one before: two at a time.
  for (; left >= 8; left -= 8) {
    best = f32x4.pmax(best, v128.load(x));
    other = f32x4.pmax(other, v128.load(x, 16));
    x += 32;
  }
  best = f32x4.pmax(best, other);
  for (; left > 0; left -= 4) {
    let v = v128.load(x);
    if (left < 4) v = v128.bitselect(v, none, laneMask(left));
    best = f32x4.pmax(best, v);
    x += 16;
  }
  return maxLanes(best);
}

/** y = e^(x − most); returns their sum. */
function exponentials(y: usize, x: usize, n: i32, most: v128, k: usize): f32 {
  let sum = f32x4.splat(0),
    other = sum;
  let left = n;
  // Of two vectors at a time, which share the constants.
  for (; left >= 8; left -= 8) {
    const e0 = expBelow0(f32x4.sub(v128.load(x), most), k);
    const e1 = expBelow0(f32x4.sub(v128.load(x, 16), most), k);
    sum = f32x4.add(sum, e0);
    other = f32x4.add(other, e1);
    v128.store(y, e0);
    v128.store(y, e1, 16);
    x += 32;
    y += 32;
  }
  sum = f32x4.add(sum, other);
  for (; left > 0; left -= 4) {
    let e = expBelow0(f32x4.sub(v128.load(x), most), k);
    if (left < 4) e = v128.and(e, laneMask(left));
    sum = f32x4.add(sum, e);
    storeLanes(y, e, left);
    x += 16;
    y += 16;
  }
  return sumLanes(sum);
}

/** y = y·scale. */
function scaleAll(y: usize, n: i32, scale: f32): void {
  const s = f32x4.splat(scale);
  let left = n;
  for (; left >= 8; left -= 8) {
    v128.store(y, f32x4.mul(v128.load(y), s));
    v128.store(y, f32x4.mul(v128.load(y, 16), s), 16);
    y += 32;
  }
  for (; left > 0; left -= 4) {
    storeLanes(y, f32x4.mul(v128.load(y), s), left);
    y += 16;
  }
}
