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
    const total = f32x4.splat(1 / exponentials(y, x, n, most, scratch));
    for (let c = 0; c < n; c += 4) {
      const i = (<usize>c) << 2;
      storeLanes(y + i, f32x4.mul(v128.load(y + i), total), n - c);
    }
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
  let sum = f32x4.splat(0);
  for (let left = n; left > 0; left -= 4) {
    let e = expBelow0(f32x4.sub(v128.load(x), most), k);
    if (left < 4) e = v128.and(e, laneMask(left));
    sum = f32x4.add(sum, e);
    storeLanes(y, e, left);
    x += 16;
    y += 16;
  }
  return sumLanes(sum);
}
