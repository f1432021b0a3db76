// The identity shortcut of a residual network (He et al., arXiv 1512.03385, option A) where a block has
// fewer pixels and more channels than what comes in: pixels are left out, and channels of zeros added.

import { In, Op, Out } from '../core/op';
import { copyExactly } from '../core/simd';

/** What both directions know: x is [batch, height, width, channels], y [batch, ⌈height/stride⌉, ⌈width/stride⌉, filters]. */
@unmanaged
export class Shortcut extends Op {
  batch: i32;
  height: i32;
  width: i32;
  channels: i32;
  filters: i32;
  stride: i32;
}

/** y = every stride-th pixel of x each way, then zeros. */
@unmanaged
export class IdentityShortcut extends Shortcut {
  y: Out;
  x: In;
}

/** dx = dy without those channels, and zero at the pixels that were left out. */
@unmanaged
export class IdentityShortcutBackward extends Shortcut {
  dx: Out;
  dy: In;
}

// @ts-ignore: decorator
@inline
function outputs(side: i32, stride: i32): i32 {
  return (side + stride - 1) / stride;
}

/** A line of outputs. */
export function identityShortcutTasks(op: IdentityShortcut): i32 {
  return op.batch * outputs(op.height, op.stride);
}

export function identityShortcut(op: IdentityShortcut, task: i32): void {
  const lines = outputs(op.height, op.stride);
  const columns = outputs(op.width, op.stride);
  const image = task / lines;
  const line = (task - image * lines) * op.stride;
  const bytes = (<usize>op.channels) << 2;
  const rest = (<usize>(op.filters - op.channels)) << 2;
  let x = op.x + <usize>((image * op.height + line) * op.width) * bytes;
  let y = op.y + <usize>(task * columns) * (bytes + rest);
  for (let j = 0; j < columns; j++) {
    copyExactly(y, x, op.channels);
    memory.fill(y + bytes, 0, rest);
    x += <usize>op.stride * bytes;
    y += bytes + rest;
  }
}

/** A line of inputs. */
export function identityShortcutBackwardTasks(op: IdentityShortcutBackward): i32 {
  return op.batch * op.height;
}

export function identityShortcutBackward(op: IdentityShortcutBackward, task: i32): void {
  const bytes = (<usize>op.channels) << 2;
  const image = task / op.height;
  const h = task - image * op.height;
  const line = h / op.stride;
  let dx = op.dx + <usize>(task * op.width) * bytes;
  memory.fill(dx, 0, <usize>op.width * bytes);
  if (line * op.stride != h) return;
  const columns = outputs(op.width, op.stride);
  const first = (image * outputs(op.height, op.stride) + line) * columns;
  const step = (<usize>op.filters) << 2;
  let dy = op.dy + <usize>first * step;
  for (let j = 0; j < columns; j++) {
    copyExactly(dx, dy, op.channels);
    dx += <usize>op.stride * bytes;
    dy += step;
  }
}
