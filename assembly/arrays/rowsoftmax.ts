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

function largest(x: usize, n: i32): f32 {
  const none = f32x4.splat(-Infinity);
  let best0 = none,
    best1 = none;
  let left = n;
  for (; left >= 8; left -= 8) {
    best0 = f32x4.max(best0, v128.load(x));
    best1 = f32x4.max(best1, v128.load(x, 16));
    x += 32;
  }
  for (; left > 0; left -= 4) {
    best0 = f32x4.max(best0, v128.bitselect(v128.load(x), none, laneMask(left)));
    x += 16;
  }
  return maxLanes(f32x4.max(best0, best1));
}

/** y = e^(x − most); returns their sum. */
function exponentials(y: usize, x: usize, n: i32, most: v128, k: usize): f32 {
  let sum0 = f32x4.splat(0),
    sum1 = sum0;
  let left = n;
  // Two at a time: each waits for itself often.
  for (; left >= 8; left -= 8) {
    const e0 = expBelow0(f32x4.sub(v128.load(x), most), k);
    const e1 = expBelow0(f32x4.sub(v128.load(x, 16), most), k);
    sum0 = f32x4.add(sum0, e0);
    sum1 = f32x4.add(sum1, e1);
    v128.store(y, e0);
    v128.store(y, e1, 16);
    x += 32;
    y += 32;
  }
  for (; left > 0; left -= 4) {
    const e = exponential(f32x4.sub(v128.load(x), most), k);
    sum0 = f32x4.add(sum0, v128.and(e, laneMask(left)));
    storeLanes(y, e, left);
    x += 16;
    y += 16;
  }
  return sumLanes(f32x4.add(sum0, sum1));
}

function exponential(x: v128, k: usize): v128 {
  return expBelow0(x, k);
}
