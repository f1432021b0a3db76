// Pooling: maximum (or minimum) and average over windows, forward and backward. Lanes run over channels.
// Backward collects: each input pixel looks up the windows that cover it, so that no two tasks write
// the same place.

import { isWide, loadBytes, loadChoice, storeBytes, storeChoice } from './argmax';
import { Window } from '../conv/im2col';
import { In, Out } from '../core/op';
import { largestOfWindow, meanOfWindow } from './fold';
import {
  begin,
  end,
  firstCover,
  inside,
  lastCover,
  pixel,
  Pooling,
  PoolingBackward,
} from './poolwindow';
import { addScaled, storeLanes, zeroExactly } from '../core/simd';

/** y = max, or min; `argmax` (the tap's number, first of equals: see argmax.ts) is kept unless 0. */
@unmanaged
export class MaxPool extends Pooling {
  y: Out;
  argmax: Out;
  x: In;
  /** The sign bit for the minimum, which is −max(−x); else 0. */
  sign: u32;
  /** Whether NaN is larger than all numbers; else less: TF.js passes over it. */
  keepsNaN: i32;
}

/** The lanes of v that are NaN, where that is kept. */
// @ts-ignore: decorator
@inline
function lostIn(v: v128, keeps: v128): v128 {
  return v128.and(f32x4.ne(v, v), keeps);
}

@unmanaged
export class MaxPoolBackward extends PoolingBackward {
  dx: Out;
  dy: In;
  argmax: In;
}

/** y = mean of the pixels inside the image. */
@unmanaged
export class AveragePool extends Pooling {
  y: Out;
  x: In;
}

@unmanaged
export class AveragePoolBackward extends PoolingBackward {
  dx: Out;
  dy: In;
}

export function maxPool(op: MaxPool, task: i32): void {
  const image = task / op.outputHeight;
  const i = task - image * op.outputHeight;
  const top = begin(i, op.strideHeight, op.padTop, op.height, op.outputHeight);
  const r0 = max(0, -top);
  const r1 = end(i, top, op.kernelHeight, op.strideHeight, op.height, op.outputHeight) - top;
  const four = op.kernelHeight == 2 && op.kernelWidth == 2 && r1 - r0 == 2 && op.sign == 0;
  // Read once: after a store, a field is read again.
  const width = op.width,
    outputs = op.outputWidth,
    channels = op.channels;
  const kernel = op.kernelWidth,
    stride = op.strideWidth,
    pad = op.padLeft;
  const first = pixel(op.x, op, image, top + r0, 0);
  const line = (<usize>(width * channels)) << 2;
  // Where nobody asks which tap it is. To look for NaN before takes less than to look in each window.
  const alone = op.argmax == 0 && op.sign == 0 && !(four && op.keepsNaN);
  const plain = alone && !(op.keepsNaN && mayHaveNaN(first, first + <usize>(r1 - r0) * line));
  let index = task * outputs * channels;
  for (let j = 0; j < outputs; j++) {
    const left = begin(j, stride, pad, width, outputs);
    const s0 = max(0, -left);
    const s1 = end(j, left, kernel, stride, width, outputs) - left;
    const corner = first + ((<usize>((left + s0) * channels)) << 2);
    if (plain) {
      largestOfWindow(op.y + ((<usize>index) << 2), corner, channels, line, r1 - r0, s1 - s0);
    } else if (four && s1 - s0 == 2) {
      maxOfFour(op, corner, index);
    } else {
      for (let c = 0; c < channels; c += 8) {
        const at = corner + ((<usize>c) << 2);
        maxOfWindow(op, at, index + c, channels - c, r0, r1, s0, s1);
      }
    }
    index += channels;
  }
}

/** The commonest window, 2×2 inside the image, without its loops: three times as fast. */
function maxOfFour(op: MaxPool, corner: usize, index: i32): void {
  const channels = op.channels;
  const step = (<usize>channels) << 2;
  const line = <usize>op.width * step;
  const keeps = i32x4.splat(-op.keepsNaN);
  const least = f32x4.splat(-Infinity);
  for (let c = 0; c < channels; c += 4) {
    const first = v128.load(corner),
      v1 = v128.load(corner + step);
    const v0 = v128.bitselect(first, f32x4.pmax(least, first), keeps);
    const v2 = v128.load(corner + line),
      v3 = v128.load(corner + line + step);
    const better1 = v128.or(f32x4.gt(v1, v0), lostIn(v1, keeps));
    const best1 = v128.bitselect(v1, v0, better1);
    const better2 = v128.or(f32x4.gt(v2, best1), lostIn(v2, keeps));
    const best2 = v128.bitselect(v2, best1, better2);
    const better3 = v128.or(f32x4.gt(v3, best2), lostIn(v3, keeps));
    storeLanes(
      op.y + ((<usize>(index + c)) << 2),
      v128.bitselect(v3, best2, better3),
      channels - c,
    );
    if (op.argmax) {
      let at = v128.and(better1, i32x4.splat(1));
      at = v128.bitselect(i32x4.splat(2), at, better2);
      at = v128.bitselect(i32x4.splat(3), at, better3);
      storeBytes(op.argmax + index + c, at, channels - c);
    }
    corner += 16;
  }
}

/** Whether there may be a NaN from `at` to `end`: whether a sum is NaN. */
function mayHaveNaN(at: usize, end: usize): bool {
  let s0 = f32x4.splat(0),
    s1 = s0,
    s2 = s0,
    s3 = s0;
  for (; at < end; at += 64) {
    s0 = f32x4.add(s0, v128.load(at));
    s1 = f32x4.add(s1, v128.load(at, 16));
    s2 = f32x4.add(s2, v128.load(at, 32));
    s3 = f32x4.add(s3, v128.load(at, 48));
  }
  const sum = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  return v128.any_true(f32x4.ne(sum, sum));
}

/** Any window, and which of its taps it is where that is kept, up to 8 channels: two vectors side by side, as each tap waits for the one before. */
function maxOfWindow(
  op: MaxPool,
  corner: usize,
  index: i32,
  count: i32,
  r0: i32,
  r1: i32,
  s0: i32,
  s1: i32,
): void {
  const step = (<usize>op.channels) << 2;
  const line = <usize>op.width * step;
  const sign = i32x4.splat(op.sign),
    keeps = i32x4.splat(-op.keepsNaN);
  let best0 = f32x4.splat(-Infinity),
    best1 = best0;
  let at0 = i32x4.splat(r0 * op.kernelWidth + s0),
    at1 = at0;
  for (let r = r0; r < r1; r++) {
    let from = corner;
    for (let s = s0; s < s1; s++) {
      const tap = i32x4.splat(r * op.kernelWidth + s);
      const v0 = v128.xor(v128.load(from), sign),
        v1 = v128.xor(v128.load(from, 16), sign);
      const better0 = v128.or(f32x4.gt(v0, best0), lostIn(v0, keeps));
      const better1 = v128.or(f32x4.gt(v1, best1), lostIn(v1, keeps));
      best0 = v128.bitselect(v0, best0, better0);
      best1 = v128.bitselect(v1, best1, better1);
      at0 = v128.bitselect(tap, at0, better0);
      at1 = v128.bitselect(tap, at1, better1);
      from += step;
    }
    corner += line;
  }
  const y = op.y + ((<usize>index) << 2);
  const wide = isWide(op.kernelHeight * op.kernelWidth);
  storeLanes(y, v128.xor(best0, sign), count);
  if (op.argmax) storeChoice(op.argmax, index, at0, count, wide);
  if (count <= 4) return;
  storeLanes(y + 16, v128.xor(best1, sign), count - 4);
  if (op.argmax) storeChoice(op.argmax, index + 4, at1, count - 4, wide);
}

export function maxPoolBackward(op: MaxPoolBackward, task: i32): void {
  const apart = op.strideHeight >= op.kernelHeight && op.strideWidth >= op.kernelWidth;
  if (apart && !isWide(op.kernelHeight * op.kernelWidth)) spreadLine(op, task);
  else collectLine(op, task);
}

/** The line's gradient where small windows do not overlap: each hands its dy to one of its pixels. */
function spreadLine(op: MaxPoolBackward, task: i32): void {
  const image = task / op.height;
  const h = task - image * op.height + op.padTop;
  const channels = op.channels;
  const step = (<usize>channels) << 2;
  const line = op.dx + <usize>(task * op.width) * step;
  const i = h / op.strideHeight;
  const r = h - i * op.strideHeight;
  const seen = i < op.outputHeight && r < op.kernelHeight;
  // Windows that touch, from the first pixel to the last, leave nothing to be cleared.
  const gapless =
    op.strideWidth == op.kernelWidth && op.outputWidth * op.strideWidth - op.padLeft >= op.width;
  if (!seen || !gapless) memory.fill(line, 0, <usize>op.width * step);
  if (!seen) return;
  let index = (image * op.outputHeight + i) * op.outputWidth * channels;
  for (let j = 0; j < op.outputWidth; j++) {
    const left = j * op.strideWidth - op.padLeft;
    const s0 = max(0, -left);
    const s1 = min(op.kernelWidth, op.width - left);
    for (let c = 0; c < channels; c += 4) {
      const at = loadBytes(op.argmax + index + c);
      const dy = v128.load(op.dy + ((<usize>(index + c)) << 2));
      let to = line + <usize>(left + s0) * step + ((<usize>c) << 2);
      if (s1 - s0 == 2) {
        const first = i32x4.eq(at, i32x4.splat(r * op.kernelWidth + s0));
        const second = i32x4.eq(at, i32x4.splat(r * op.kernelWidth + s0 + 1));
        storeLanes(to, v128.and(dy, first), channels - c);
        storeLanes(to + step, v128.and(dy, second), channels - c);
        continue;
      }
      for (let s = s0; s < s1; s++) {
        const chosen = i32x4.eq(at, i32x4.splat(r * op.kernelWidth + s));
        storeLanes(to, v128.and(dy, chosen), channels - c);
        to += step;
      }
    }
    index += channels;
  }
}

/** The line's gradient where windows may overlap, or are large: each pixel asks all that cover it. */
function collectLine(op: MaxPoolBackward, task: i32): void {
  const image = task / op.height;
  const h = task - image * op.height;
  const i0 = firstCover(h, op.kernelHeight, op.strideHeight, op.padTop, op.height, op.outputHeight);
  const i1 = lastCover(h, op.strideHeight, op.padTop, op.height, op.outputHeight);
  for (let w = 0; w < op.width; w++) {
    const j0 = firstCover(w, op.kernelWidth, op.strideWidth, op.padLeft, op.width, op.outputWidth);
    const j1 = lastCover(w, op.strideWidth, op.padLeft, op.width, op.outputWidth);
    const to = pixel(op.dx, op, image, h, w);
    zeroExactly(to, op.channels);
    for (let i = i0; i <= i1; i++) {
      const r = h - begin(i, op.strideHeight, op.padTop, op.height, op.outputHeight);
      for (let j = j0; j <= j1; j++) {
        const s = w - begin(j, op.strideWidth, op.padLeft, op.width, op.outputWidth);
        addChosen(
          op,
          to,
          (image * op.outputHeight + i) * op.outputWidth + j,
          r * op.kernelWidth + s,
        );
      }
    }
  }
}

/** Adds a window's dy to dx in the channels where its maximum is the given tap. */
function addChosen(op: MaxPoolBackward, dx: usize, window: i32, tap: i32): void {
  const channels = op.channels;
  const chosen = i32x4.splat(tap);
  const wide = isWide(op.kernelHeight * op.kernelWidth);
  const index = window * channels;
  let dy = op.dy + ((<usize>index) << 2);
  for (let c = 0; c < channels; c += 4) {
    const own = i32x4.eq(loadChoice(op.argmax, index + c, wide), chosen);
    storeLanes(dx, f32x4.add(v128.load(dx), v128.and(v128.load(dy), own)), channels - c);
    dx += 16;
    dy += 16;
  }
}

export function averagePool(op: AveragePool, task: i32): void {
  const image = task / op.outputHeight;
  const i = task - image * op.outputHeight;
  const top = max(0, begin(i, op.strideHeight, op.padTop, op.height, op.outputHeight));
  const rows = inside(i, op.kernelHeight, op.strideHeight, op.padTop, op.height, op.outputHeight);
  const width = op.width,
    outputs = op.outputWidth,
    channels = op.channels;
  const kernel = op.kernelWidth,
    stride = op.strideWidth,
    pad = op.padLeft;
  const first = pixel(op.x, op, image, top, 0);
  const step = (<usize>channels) << 2;
  const line = <usize>width * step;
  let to = op.y + <usize>(task * outputs) * step;
  for (let j = 0; j < outputs; j++) {
    const left = max(0, begin(j, stride, pad, width, outputs));
    const columns = inside(j, kernel, stride, pad, width, outputs);
    const corner = first + <usize>left * step;
    meanOfWindow(to, corner, channels, line, rows, columns, 1 / <f32>(rows * columns));
    to += step;
  }
}

export function averagePoolBackward(op: AveragePoolBackward, task: i32): void {
  const image = task / op.height;
  const h = task - image * op.height;
  const i0 = firstCover(h, op.kernelHeight, op.strideHeight, op.padTop, op.height, op.outputHeight);
  const i1 = lastCover(h, op.strideHeight, op.padTop, op.height, op.outputHeight);
  const width = op.width,
    outputs = op.outputWidth,
    channels = op.channels;
  const kernel = op.kernelWidth,
    stride = op.strideWidth,
    pad = op.padLeft;
  let to = pixel(op.dx, op, image, h, 0);
  for (let w = 0; w < width; w++) {
    const j0 = firstCover(w, kernel, stride, pad, width, outputs);
    const j1 = lastCover(w, stride, pad, width, outputs);
    zeroExactly(to, channels);
    for (let i = i0; i <= i1; i++) {
      const rows = inside(
        i,
        op.kernelHeight,
        op.strideHeight,
        op.padTop,
        op.height,
        op.outputHeight,
      );
      for (let j = j0; j <= j1; j++) {
        const columns = inside(j, kernel, stride, pad, width, outputs);
        const window = (image * op.outputHeight + i) * outputs + j;
        addScaled(
          to,
          op.dy + ((<usize>(window * channels)) << 2),
          1 / <f32>(rows * columns),
          channels,
        );
      }
    }
    to += (<usize>channels) << 2;
  }
}
