// Padding of images, forward and backward: zeros around them, or the image reflected at its outermost
// pixels, which are not repeated. Backward of zeros cuts the middle out; backward of reflection adds up
// what shows the same pixel.

import { In, Op, Out } from '../core/op';
import { addExactly, copyExactly, zeroExactly } from '../core/simd';

/** An image and what is around it. Reflected, it has more pixels than are added on any side. */
@unmanaged
export class Padding extends Op {
  batch: i32;
  height: i32;
  width: i32;
  channels: i32;
  top: i32;
  bottom: i32;
  left: i32;
  right: i32;
  reflect: i32;
}

/** y[batch, top + height + bottom, left + width + right, channels] = x[batch, height, width, channels], padded. */
@unmanaged
export class Pad extends Padding {
  y: Out;
  x: In;
}

@unmanaged
export class PadBackward extends Padding {
  dx: Out;
  dy: In;
}

// @ts-ignore: decorator
@inline
function paddedHeight(op: Padding): i32 {
  return op.top + op.height + op.bottom;
}
// @ts-ignore: decorator
@inline
function paddedLine(op: Padding): usize {
  return (<usize>((op.left + op.width + op.right) * op.channels)) << 2;
}

/** Where position `at` lies, or is reflected to, on a side of the image: −1 and `side` go to 1 and side − 2. */
// @ts-ignore: decorator
@inline
function reflected(at: i32, side: i32): i32 {
  return at < 0 ? -at : at < side ? at : 2 * (side - 1) - at;
}

/** A task is one line of y. */
export function padTasks(op: Pad): i32 {
  return op.batch * paddedHeight(op);
}

export function pad(op: Pad, task: i32): void {
  const image = task / paddedHeight(op);
  const h = task - image * paddedHeight(op) - op.top;
  const line = paddedLine(op);
  const y = op.y + <usize>task * line;
  if (!op.reflect && <u32>h >= <u32>op.height) {
    memory.fill(y, 0, line);
    return;
  }
  const own = (<usize>(op.width * op.channels)) << 2;
  const x = op.x + <usize>(image * op.height + reflected(h, op.height)) * own;
  const middle = y + ((<usize>(op.left * op.channels)) << 2);
  memory.copy(middle, x, own);
  border(op, y, x, -op.left, 0);
  border(op, middle + own, x, op.width, op.width + op.right);
}

/** Fills columns `w` to `end` − 1 of a line of y, which are beside the image; x is the image's line. */
function border(op: Pad, to: usize, x: usize, w: i32, end: i32): void {
  if (!op.reflect) return zeroExactly(to, (end - w) * op.channels);
  const step = (<usize>op.channels) << 2;
  for (; w < end; w++) {
    copyExactly(to, x + <usize>reflected(w, op.width) * step, op.channels);
    to += step;
  }
}

/** A task is one line of dx. */
export function padBackwardTasks(op: PadBackward): i32 {
  return op.batch * op.height;
}

export function padBackward(op: PadBackward, task: i32): void {
  const image = task / op.height;
  const h = task - image * op.height;
  const line = paddedLine(op);
  const own = (<usize>(op.width * op.channels)) << 2;
  const dx = op.dx + <usize>task * own;
  const first =
    op.dy +
    <usize>(image * paddedHeight(op) + op.top) * line +
    ((<usize>(op.left * op.channels)) << 2);
  memory.copy(dx, first + <usize>h * line, own);
  if (!op.reflect) return;
  addSides(op, dx, first + <usize>h * line);
  const above = -h,
    below = 2 * (op.height - 1) - h;
  if (above < 0 && above >= -op.top) addLine(op, dx, first + <usize>above * line);
  if (below >= op.height && below < op.height + op.bottom)
    addLine(op, dx, first + <usize>below * line);
}

/** Adds a line of dy to one of dx; `dy` is where its part inside the image begins. */
function addLine(op: PadBackward, dx: usize, dy: usize): void {
  addExactly(dx, dy, op.width * op.channels);
  addSides(op, dx, dy);
}

/** Adds what is to the left and right of the middle to the pixels that it shows. */
function addSides(op: PadBackward, dx: usize, dy: usize): void {
  const step = (<usize>op.channels) << 2;
  const last = <usize>(op.width - 1) * step;
  for (let at = step, end = <usize>op.left * step; at <= end; at += step)
    addExactly(dx + at, dy - at, op.channels);
  for (let at = step, end = <usize>op.right * step; at <= end; at += step) {
    addExactly(dx + last - at, dy + last + at, op.channels);
  }
}
