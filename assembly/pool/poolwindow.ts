// Where the windows of pooling lie along one side of the image, clipped to it: padding is never part of
// a window.
//
// A stride of 0 means adaptive pooling: of `outputs` windows, number i is ⌊i·side / outputs⌋ up to
// ⌈(i + 1)·side / outputs⌉, as PyTorch has it, and `kernel` is as long as the longest. Seen from the
// input it is the same: position `at` is in windows ⌊at·outputs / side⌋ up to ⌈(at + 1)·outputs / side⌉.

import { Window } from '../conv/im2col';

/** A pooling forward: a task is one line of outputs of one image. */
@unmanaged
export class Pooling extends Window {}

export function poolingTasks(op: Pooling): i32 {
  return op.batch * op.outputHeight;
}

/** A pooling backward: a task is one line of inputs. */
@unmanaged
export class PoolingBackward extends Window {}

export function poolingBackwardTasks(op: PoolingBackward): i32 {
  return op.batch * op.height;
}

/** The address of a pixel's first channel. */
// @ts-ignore: decorator
@inline
export function pixel(base: usize, op: Window, image: i32, h: i32, w: i32): usize {
  return base + ((<usize>(((image * op.height + h) * op.width + w) * op.channels)) << 2);
}

function floorScaled(i: i32, from: i32, to: i32): i32 {
  return <i32>((<i64>i * to) / from);
}
function ceilScaled(i: i32, from: i32, to: i32): i32 {
  return <i32>((<i64>i * to + from - 1) / from);
}

/** Where window i begins: before the image where there is padding. */
// @ts-ignore: decorator
@inline
export function begin(i: i32, stride: i32, pad: i32, side: i32, outputs: i32): i32 {
  return stride ? i * stride - pad : floorScaled(i, outputs, side);
}

/** Where window i, which begins at `start`, ends in the image. */
// @ts-ignore: decorator
@inline
export function end(i: i32, start: i32, kernel: i32, stride: i32, side: i32, outputs: i32): i32 {
  return stride ? min(side, start + kernel) : ceilScaled(i + 1, outputs, side);
}

/** How much of window i is in the image. */
// @ts-ignore: decorator
@inline
export function inside(i: i32, kernel: i32, stride: i32, pad: i32, side: i32, outputs: i32): i32 {
  const start = begin(i, stride, pad, side, outputs);
  return end(i, start, kernel, stride, side, outputs) - max(0, start);
}

/** The first and last window that position `at` is in. */
// @ts-ignore: decorator
@inline
export function firstCover(
  at: i32,
  kernel: i32,
  stride: i32,
  pad: i32,
  side: i32,
  outputs: i32,
): i32 {
  return stride ? max(0, at + pad - kernel + stride) / stride : floorScaled(at, side, outputs);
}
// @ts-ignore: decorator
@inline
export function lastCover(at: i32, stride: i32, pad: i32, side: i32, outputs: i32): i32 {
  return stride ? min(outputs - 1, (at + pad) / stride) : ceilScaled(at + 1, side, outputs) - 1;
}
