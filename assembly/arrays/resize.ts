// Images [batch, height, width, channels] in another size as TF.js has it: bilinear or nearest, forward and backward.
// Lanes run over channels. What ONNX has is in axis.ts, one dimension after the other.

import { SCRATCH_BYTES } from '../gemm/blocks';
import { In, Op, Out } from '../core/op';
import { addScaled, copyExactly, madd, storeLanes, zeroExactly } from '../core/simd';

@unmanaged
export class Resizing extends Op {
  batch: i32;
  height: i32;
  width: i32;
  channels: i32;
  outputHeight: i32;
  outputWidth: i32;
  /** Whether the one nearest is taken; else it is bilinear. */
  nearest: i32;
  alignCorners: i32;
  halfPixel: i32;
}

/** A place along a dimension: the elements before and after it, and how far it is from the first. */
const PLACE: usize = 16;

export function resizingScratch(op: Resizing): usize {
  return <usize>(op.outputHeight + op.outputWidth) * PLACE;
}

/** Writes where output i of m is among n. */
function writePlace(op: Resizing, to: usize, i: i32, n: i32, m: i32): void {
  const ends = op.alignCorners && m > 1 ? 1 : 0;
  const ratio = <f64>(n - ends) / <f64>(m - ends);
  const half = op.halfPixel ? 0.5 : 0.0;
  let first: i32, second: i32;
  let share: f32 = 0;
  if (op.nearest) {
    const at = ratio * (<f64>i + half);
    first = min(n - 1, max(0, <i32>floor(op.alignCorners ? at + 0.5 : at)));
    second = first;
  } else {
    const at = ratio * (<f64>i + half) - half;
    first = max(0, <i32>floor(at));
    second = min(n - 1, <i32>ceil(at));
    share = <f32>(at - <f64>first);
  }
  store<i32>(to, first);
  store<i32>(to, second, 4);
  store<f32>(to, share, 8);
}

/** Writes those of all columns and then of all rows to scratch; returns where. */
function places(op: Resizing, scratch: usize): usize {
  let to = scratch + SCRATCH_BYTES;
  for (let i = 0; i < op.outputWidth; i++) {
    writePlace(op, to, i, op.width, op.outputWidth);
    to += PLACE;
  }
  for (let i = 0; i < op.outputHeight; i++) {
    writePlace(op, to, i, op.height, op.outputHeight);
    to += PLACE;
  }
  return scratch + SCRATCH_BYTES;
}

/** y = x in another size. */
@unmanaged
export class Resize extends Resizing {
  y: Out;
  x: In;
}

/** Rows of a task: each task computes all places. */
const ROWS: i32 = 32;

export function resizeTasks(op: Resize): i32 {
  return (op.batch * op.outputHeight + ROWS - 1) / ROWS;
}

export function resize(op: Resize, task: i32, scratch: usize): void {
  const columns = places(op, scratch);
  const lines = columns + <usize>op.outputWidth * PLACE;
  const step = (<usize>op.channels) << 2;
  const height = op.outputHeight;
  const end = min(op.batch * height, (task + 1) * ROWS);
  for (let row = task * ROWS; row < end; row++) {
    const image = row / height;
    const place = lines + <usize>(row - image * height) * PLACE;
    const x = op.x + <usize>(image * op.height * op.width) * step;
    const line = <usize>op.width * step;
    const top = x + <usize>load<i32>(place) * line,
      bottom = x + <usize>load<i32>(place, 4) * line;
    const y = op.y + <usize>(row * op.outputWidth) * step;
    if (op.nearest) nearestRow(op, y, top, columns, step);
    else bilinearRow(op, y, top, bottom, columns, load<f32>(place, 8), step);
  }
}

function nearestRow(op: Resize, y: usize, x: usize, columns: usize, step: usize): void {
  const channels = op.channels;
  for (let j = op.outputWidth; j > 0; j--) {
    copyExactly(y, x + <usize>load<i32>(columns) * step, channels);
    columns += PLACE;
    y += step;
  }
}

function bilinearRow(
  op: Resize,
  y: usize,
  top: usize,
  bottom: usize,
  columns: usize,
  share: f32,
  step: usize,
): void {
  const channels = op.channels;
  const down = f32x4.splat(share);
  for (let j = op.outputWidth; j > 0; j--) {
    const left = <usize>load<i32>(columns) * step,
      right = <usize>load<i32>(columns, 4) * step;
    const across = v128.load32_splat(columns, 8);
    let from = top + left;
    const toRight = right - left,
      toBottom = bottom - top;
    let to = y;
    for (let c = channels; c > 0; c -= 4) {
      const upper = between(v128.load(from), v128.load(from + toRight), across);
      const below = from + toBottom;
      const lower = between(v128.load(below), v128.load(below + toRight), across);
      storeLanes(to, between(upper, lower, down), c);
      from += 16;
      to += 16;
    }
    columns += PLACE;
    y += step;
  }
}

/** a + (b − a)·share. */
// @ts-ignore: decorator
@inline
function between(a: v128, b: v128, share: v128): v128 {
  return madd(f32x4.sub(b, a), share, a);
}

/** dx: each dy goes to those that it was made of. */
@unmanaged
export class ResizeBackward extends Resizing {
  dx: Out;
  dy: In;
}

export function resizeBackwardTasks(op: ResizeBackward): i32 {
  return op.batch;
}

export function resizeBackward(op: ResizeBackward, task: i32, scratch: usize): void {
  const columns = places(op, scratch);
  const channels = op.channels;
  const step = (<usize>channels) << 2;
  const line = <usize>op.width * step;
  const dx = op.dx + <usize>(task * op.height) * line;
  let dy = op.dy + <usize>(task * op.outputHeight * op.outputWidth) * step;
  zeroExactly(dx, op.height * op.width * channels);
  let place = columns + <usize>op.outputWidth * PLACE;
  for (let i = 0; i < op.outputHeight; i++) {
    const top = dx + <usize>load<i32>(place) * line,
      bottom = dx + <usize>load<i32>(place, 4) * line;
    const down = load<f32>(place, 8);
    let column = columns;
    for (let j = 0; j < op.outputWidth; j++) {
      const left = <usize>load<i32>(column) * step,
        right = <usize>load<i32>(column, 4) * step;
      const across = load<f32>(column, 8);
      addScaled(top + left, dy, (1 - down) * (1 - across), channels);
      if (!op.nearest) {
        addScaled(top + right, dy, (1 - down) * across, channels);
        addScaled(bottom + left, dy, down * (1 - across), channels);
        addScaled(bottom + right, dy, down * across, channels);
      }
      dy += step;
      column += PLACE;
    }
    place += PLACE;
  }
}
