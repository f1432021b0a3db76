// Pooling across channels: the maximum (maxout, arXiv 1302.4389) or mean of each group of neighbouring
// channels, forward and backward. Groups fill the last dimension, so that all of x is one row of groups.
//
// Forward, lanes run over four groups: the same channel of each is gathered. Backward they run over the channels of
// one group.

import { isWide, loadOne, storeChoice } from './argmax';
import { In, Op, Out } from '../core/op';
import { storeLanes } from '../core/simd';

/** `count` groups of `size` channels. */
@unmanaged
export class ChannelGroups extends Op {
  count: i32;
  size: i32;
}

/** y[count] = the maximum of each group of x[count × size], or the mean. */
@unmanaged
export class ChannelPool extends ChannelGroups {
  y: Out;
  /** The maximum's number in its group, the first of equals (see argmax.ts): kept unless 0. */
  argmax: Out;
  x: In;
  average: i32;
}

/** dx[count × size]: dy where argmax says; where there is none, dy / size everywhere. */
@unmanaged
export class ChannelPoolBackward extends ChannelGroups {
  dx: Out;
  dy: In;
  argmax: In;
}

/** Groups of a task. */
// @ts-ignore: decorator
@inline
function taskGroups(size: i32): i32 {
  return max(1, 4096 / size) << 2;
}

export function channelGroupsTasks(op: ChannelGroups): i32 {
  return (op.count + taskGroups(op.size) - 1) / taskGroups(op.size);
}

export function channelPool(op: ChannelPool, task: i32): void {
  const first = task * taskGroups(op.size);
  const last = min(op.count, first + taskGroups(op.size));
  const step = (<usize>op.size) << 2;
  for (let i = first; i < last; i += 4) {
    // Groups after the last are the last again.
    const x0 = op.x + <usize>i * step;
    const x1 = op.x + <usize>min(i + 1, op.count - 1) * step;
    const x2 = op.x + <usize>min(i + 2, op.count - 1) * step;
    const x3 = op.x + <usize>min(i + 3, op.count - 1) * step;
    if (op.average) meanOfFour(op, i, x0, x1, x2, x3, last - i);
    else maxOfFour(op, i, x0, x1, x2, x3, last - i);
  }
}

/** Channel `at`, in bytes, of four groups. */
// @ts-ignore: decorator
@inline
function gathered(x0: usize, x1: usize, x2: usize, x3: usize, at: usize): v128 {
  let v = v128.load32_zero(x0 + at);
  v = v128.load32_lane(x1 + at, v, 1);
  v = v128.load32_lane(x2 + at, v, 2);
  return v128.load32_lane(x3 + at, v, 3);
}

function meanOfFour(
  op: ChannelPool,
  i: i32,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  count: i32,
): void {
  let sum = gathered(x0, x1, x2, x3, 0);
  for (let k = 1; k < op.size; k++) sum = f32x4.add(sum, gathered(x0, x1, x2, x3, (<usize>k) << 2));
  storeLanes(op.y + ((<usize>i) << 2), f32x4.mul(sum, f32x4.splat(1 / <f32>op.size)), count);
}

function maxOfFour(
  op: ChannelPool,
  i: i32,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  count: i32,
): void {
  let best = gathered(x0, x1, x2, x3, 0);
  let at = i32x4.splat(0);
  for (let k = 1; k < op.size; k++) {
    const v = gathered(x0, x1, x2, x3, (<usize>k) << 2);
    const better = v128.or(f32x4.gt(v, best), f32x4.ne(v, v));
    best = v128.bitselect(v, best, better);
    at = v128.bitselect(i32x4.splat(k), at, better);
  }
  storeLanes(op.y + ((<usize>i) << 2), best, count);
  if (op.argmax) storeChoice(op.argmax, i, at, count, isWide(op.size));
}

export function channelPoolBackward(op: ChannelPoolBackward, task: i32): void {
  const size = op.size;
  const wide = isWide(size);
  const part: f32 = 1 / <f32>size;
  const last = min(op.count, (task + 1) * taskGroups(size));
  for (let i = task * taskGroups(size); i < last; i++) {
    const dx = op.dx + ((<usize>(i * size)) << 2);
    const dy = v128.load32_splat(op.dy + ((<usize>i) << 2));
    if (op.argmax) giveOne(dx, dy, loadOne(op.argmax, i, wide), size);
    else giveAll(dx, f32x4.mul(dy, f32x4.splat(part)), size);
  }
}

/** The group's gradient where one channel has all of it. */
// @ts-ignore: decorator
@inline
function giveOne(dx: usize, dy: v128, at: i32, size: i32): void {
  for (let k = 0; k < size; k += 4) {
    const chosen = i32x4.eq(i32x4.splat(at - k), i32x4(0, 1, 2, 3));
    storeLanes(dx + ((<usize>k) << 2), v128.and(dy, chosen), size - k);
  }
}

/** The same where all have as much. */
// @ts-ignore: decorator
@inline
function giveAll(dx: usize, share: v128, size: i32): void {
  for (let k = 0; k < size; k += 4) storeLanes(dx + ((<usize>k) << 2), share, size - k);
}
