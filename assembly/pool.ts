// Pooling: maximum, average and p-norm over windows, forward and backward. Lanes run over channels;
// padding is never part of a window. Backward collects: each input pixel looks up the windows that
// cover it, so that no two tiles write the same place.

import { Window } from './im2col';
import { In, Out } from './op';
import { exp, log, storeLanes } from './simd';

/** y = max; `argmax` (u8, the tap's number, first of equals) is kept for backward unless 0. */
@unmanaged
export class MaxPool extends Window {
  y: Out;
  argmax: Out;
  x: In;
}

@unmanaged
export class MaxPoolBackward extends Window {
  dx: Out;
  dy: In;
  argmax: In;
}

/** y = mean of the pixels inside the image. */
@unmanaged
export class AveragePool extends Window {
  y: Out;
  x: In;
}

@unmanaged
export class AveragePoolBackward extends Window {
  dx: Out;
  dy: In;
}

/** y = (scale · Σ|x|ᵖ)^(1/p). The lecture's form has scale = 1/window, ONNX's has 1. */
@unmanaged
export class LpPool extends Window {
  y: Out;
  x: In;
  p: f32;
  scale: f32;
}

@unmanaged
export class LpPoolBackward extends Window {
  dx: Out;
  dy: In;
  x: In;
  y: In;
  p: f32;
  scale: f32;
}

/** A forward tile is one line of outputs of one image; a backward tile one line of inputs. */
export function poolTiles(op: Window): i32 {
  return op.batch * op.outputHeight;
}

export function poolBackwardTiles(op: Window): i32 {
  return op.batch * op.height;
}

/** The address of a pixel's first channel. */
// @ts-ignore: decorator
@inline
function pixel(base: usize, op: Window, image: i32, h: i32, w: i32): usize {
  return base + (<usize>(((image * op.height + h) * op.width + w) * op.channels) << 2);
}

/** How many pixels the window at (top, left) has inside the image. */
// @ts-ignore: decorator
@inline
function inside(start: i32, kernel: i32, side: i32): i32 {
  return min(kernel, side - start) - max(0, -start);
}

/** The first and last output whose window covers input position `at` (already padded). */
// @ts-ignore: decorator
@inline
function firstCover(at: i32, kernel: i32, stride: i32): i32 {
  return max(0, at - kernel + stride) / stride;
}
// @ts-ignore: decorator
@inline
function lastCover(at: i32, stride: i32, outputs: i32): i32 {
  return min(outputs - 1, at / stride);
}

export function maxPool(op: MaxPool, tile: i32): void {
  const image = tile / op.outputHeight;
  const top = (tile - image * op.outputHeight) * op.strideHeight - op.padTop;
  const r0 = max(0, -top);
  const r1 = min(op.kernelHeight, op.height - top);
  const channels = op.channels;
  const line = <usize>(op.width * channels) << 2;
  let index = tile * op.outputWidth * channels;
  for (let j = 0; j < op.outputWidth; j++) {
    const left = j * op.strideWidth - op.padLeft;
    const s0 = max(0, -left);
    const s1 = min(op.kernelWidth, op.width - left);
    const corner = pixel(op.x, op, image, top + r0, left + s0);
    if (op.kernelHeight == 2 && op.kernelWidth == 2 && r1 - r0 == 2 && s1 - s0 == 2) {
      maxOfFour(op, corner, line, index);
      index += channels;
      continue;
    }
    for (let c = 0; c < channels; c += 4) {
      let best = f32x4.splat(-Infinity);
      let at = i32x4.splat(r0 * op.kernelWidth + s0);
      let row = corner + (<usize>c << 2);
      for (let r = r0; r < r1; r++) {
        let from = row;
        for (let s = s0; s < s1; s++) {
          const v = v128.load(from);
          const better = v128.or(f32x4.gt(v, best), f32x4.ne(v, v));
          best = v128.bitselect(v, best, better);
          at = v128.bitselect(i32x4.splat(r * op.kernelWidth + s), at, better);
          from += <usize>channels << 2;
        }
        row += line;
      }
      storeLanes(op.y + (<usize>(index + c) << 2), best, channels - c);
      if (op.argmax) storeBytes(op.argmax + index + c, at, channels - c);
    }
    index += channels;
  }
}

/** The commonest window, 2×2 inside the image, without its loops: three times as fast. */
function maxOfFour(op: MaxPool, corner: usize, line: usize, index: i32): void {
  const channels = op.channels;
  const step = <usize>channels << 2;
  for (let c = 0; c < channels; c += 4) {
    const v0 = v128.load(corner), v1 = v128.load(corner + step);
    const v2 = v128.load(corner + line), v3 = v128.load(corner + line + step);
    const better1 = v128.or(f32x4.gt(v1, v0), f32x4.ne(v1, v1));
    const best1 = v128.bitselect(v1, v0, better1);
    const better2 = v128.or(f32x4.gt(v2, best1), f32x4.ne(v2, v2));
    const best2 = v128.bitselect(v2, best1, better2);
    const better3 = v128.or(f32x4.gt(v3, best2), f32x4.ne(v3, v3));
    storeLanes(op.y + (<usize>(index + c) << 2), v128.bitselect(v3, best2, better3), channels - c);
    if (op.argmax) {
      let at = v128.and(better1, i32x4.splat(1));
      at = v128.bitselect(i32x4.splat(2), at, better2);
      at = v128.bitselect(i32x4.splat(3), at, better3);
      storeBytes(op.argmax + index + c, at, channels - c);
    }
    corner += 16;
  }
}

/** Four small non-negative integers as bytes, the first `count` of them. */
// @ts-ignore: decorator
@inline
function storeBytes(to: usize, v: v128, count: i32): void {
  const words = i16x8.narrow_i32x4_s(v, v);
  const bytes = i8x16.narrow_i16x8_u(words, words);
  if (count >= 4) {
    v128.store32_lane(to, bytes, 0);
  } else {
    v128.store8_lane(to, bytes, 0);
    if (count > 1) v128.store8_lane(to, bytes, 1, 1);
    if (count > 2) v128.store8_lane(to, bytes, 2, 2);
  }
}

export function maxPoolBackward(op: MaxPoolBackward, tile: i32): void {
  const apart = op.strideHeight >= op.kernelHeight && op.strideWidth >= op.kernelWidth;
  if (apart) spreadLine(op, tile);
  else collectLine(op, tile);
}

/** The line's gradient where windows do not overlap: each hands its dy to one of its pixels. */
function spreadLine(op: MaxPoolBackward, tile: i32): void {
  const image = tile / op.height;
  const h = tile - image * op.height + op.padTop;
  const channels = op.channels;
  const step = <usize>channels << 2;
  const line = op.dx + <usize>(tile * op.width) * step;
  const i = h / op.strideHeight;
  const r = h - i * op.strideHeight;
  const seen = i < op.outputHeight && r < op.kernelHeight;
  // Windows that touch, from the first pixel to the last, leave nothing to be cleared.
  const gapless = op.strideWidth == op.kernelWidth && op.outputWidth * op.strideWidth - op.padLeft >= op.width;
  if (!seen || !gapless) memory.fill(line, 0, <usize>op.width * step);
  if (!seen) return;
  let index = (image * op.outputHeight + i) * op.outputWidth * channels;
  for (let j = 0; j < op.outputWidth; j++) {
    const left = j * op.strideWidth - op.padLeft;
    const s0 = max(0, -left);
    const s1 = min(op.kernelWidth, op.width - left);
    for (let c = 0; c < channels; c += 4) {
      const at = loadBytes(op.argmax + index + c);
      const dy = v128.load(op.dy + (<usize>(index + c) << 2));
      let to = line + <usize>(left + s0) * step + (<usize>c << 2);
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

/** Four bytes as integers. */
// @ts-ignore: decorator
@inline
function loadBytes(from: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(from)));
}

/** The line's gradient where windows may overlap: each pixel asks all that cover it. */
function collectLine(op: MaxPoolBackward, tile: i32): void {
  const image = tile / op.height;
  const h = tile - image * op.height;
  const channels = op.channels;
  const i0 = firstCover(h + op.padTop, op.kernelHeight, op.strideHeight);
  const i1 = lastCover(h + op.padTop, op.strideHeight, op.outputHeight);
  for (let w = 0; w < op.width; w++) {
    const j0 = firstCover(w + op.padLeft, op.kernelWidth, op.strideWidth);
    const j1 = lastCover(w + op.padLeft, op.strideWidth, op.outputWidth);
    const to = pixel(op.dx, op, image, h, w);
    for (let c = 0; c < channels; c += 4) {
      let sum = f32x4.splat(0);
      for (let i = i0; i <= i1; i++) {
        for (let j = j0; j <= j1; j++) {
          const tap = (h + op.padTop - i * op.strideHeight) * op.kernelWidth + w + op.padLeft - j * op.strideWidth;
          const index = ((image * op.outputHeight + i) * op.outputWidth + j) * channels + c;
          const at = loadBytes(op.argmax + index);
          const dy = v128.load(op.dy + (<usize>index << 2));
          sum = f32x4.add(sum, v128.and(dy, i32x4.eq(at, i32x4.splat(tap))));
        }
      }
      storeLanes(to + (<usize>c << 2), sum, channels - c);
    }
  }
}

export function averagePool(op: AveragePool, tile: i32): void {
  const image = tile / op.outputHeight;
  const top = (tile - image * op.outputHeight) * op.strideHeight - op.padTop;
  const channels = op.channels;
  const line = <usize>(op.width * channels) << 2;
  const rows = inside(top, op.kernelHeight, op.height);
  let to = op.y + (<usize>(tile * op.outputWidth * channels) << 2);
  for (let j = 0; j < op.outputWidth; j++) {
    const left = j * op.strideWidth - op.padLeft;
    const columns = inside(left, op.kernelWidth, op.width);
    const corner = pixel(op.x, op, image, max(0, top), max(0, left));
    const scale = f32x4.splat(1 / <f32>(rows * columns));
    for (let c = 0; c < channels; c += 4) {
      let sum = f32x4.splat(0);
      let row = corner + (<usize>c << 2);
      for (let r = 0; r < rows; r++) {
        let from = row;
        for (let s = 0; s < columns; s++) {
          sum = f32x4.add(sum, v128.load(from));
          from += <usize>channels << 2;
        }
        row += line;
      }
      storeLanes(to + (<usize>c << 2), f32x4.mul(sum, scale), channels - c);
    }
    to += <usize>channels << 2;
  }
}

export function averagePoolBackward(op: AveragePoolBackward, tile: i32): void {
  const image = tile / op.height;
  const h = tile - image * op.height;
  const channels = op.channels;
  const i0 = firstCover(h + op.padTop, op.kernelHeight, op.strideHeight);
  const i1 = lastCover(h + op.padTop, op.strideHeight, op.outputHeight);
  for (let w = 0; w < op.width; w++) {
    const j0 = firstCover(w + op.padLeft, op.kernelWidth, op.strideWidth);
    const j1 = lastCover(w + op.padLeft, op.strideWidth, op.outputWidth);
    const to = pixel(op.dx, op, image, h, w);
    for (let c = 0; c < channels; c += 4) {
      let sum = f32x4.splat(0);
      for (let i = i0; i <= i1; i++) {
        const rows = inside(i * op.strideHeight - op.padTop, op.kernelHeight, op.height);
        for (let j = j0; j <= j1; j++) {
          const columns = inside(j * op.strideWidth - op.padLeft, op.kernelWidth, op.width);
          const index = ((image * op.outputHeight + i) * op.outputWidth + j) * channels + c;
          const dy = v128.load(op.dy + (<usize>index << 2));
          sum = f32x4.add(sum, f32x4.mul(dy, f32x4.splat(1 / <f32>(rows * columns))));
        }
      }
      storeLanes(to + (<usize>c << 2), sum, channels - c);
    }
  }
}

/** xᵖ for x ≥ 0, as exp(p·ln x): relative error about (1 + p·|ln x|)·2⁻²³. 0ᵖ = 0. */
// @ts-ignore: decorator
@inline
function power(x: v128, p: v128): v128 {
  return v128.and(exp(f32x4.mul(p, log(x))), f32x4.ne(x, f32x4.splat(0)));
}

export function lpPool(op: LpPool, tile: i32): void {
  const image = tile / op.outputHeight;
  const top = (tile - image * op.outputHeight) * op.strideHeight - op.padTop;
  const channels = op.channels;
  const rows = inside(top, op.kernelHeight, op.height);
  let to = op.y + (<usize>(tile * op.outputWidth * channels) << 2);
  for (let j = 0; j < op.outputWidth; j++) {
    const left = j * op.strideWidth - op.padLeft;
    const columns = inside(left, op.kernelWidth, op.width);
    const corner = pixel(op.x, op, image, max(0, top), max(0, left));
    for (let c = 0; c < channels; c += 4) {
      const y = windowNorm(op, corner + (<usize>c << 2), rows, columns);
      storeLanes(to + (<usize>c << 2), y, channels - c);
    }
    to += <usize>channels << 2;
  }
}

/** The norm of one window, taken relative to its largest element: the powers stay in range. */
function windowNorm(op: LpPool, corner: usize, rows: i32, columns: i32): v128 {
  const step = <usize>op.channels << 2;
  const line = <usize>op.width * step;
  const p = f32x4.splat(op.p);
  let largest = f32x4.splat(0);
  for (let r = 0; r < rows; r++) {
    for (let s = 0; s < columns; s++) {
      largest = f32x4.max(largest, f32x4.abs(v128.load(corner + <usize>r * line + <usize>s * step)));
    }
  }
  let sum = f32x4.splat(0);
  for (let r = 0; r < rows; r++) {
    for (let s = 0; s < columns; s++) {
      const x = f32x4.abs(v128.load(corner + <usize>r * line + <usize>s * step));
      sum = f32x4.add(sum, power(f32x4.div(x, largest), p));
    }
  }
  const y = f32x4.mul(largest, power(f32x4.mul(sum, f32x4.splat(op.scale)), f32x4.splat(1 / op.p)));
  return v128.and(y, f32x4.ne(largest, f32x4.splat(0)));
}

/** dx = Σ dy · scale · sign(x) · (|x| / y)^(p−1), and 0 where y is. */
export function lpPoolBackward(op: LpPoolBackward, tile: i32): void {
  const image = tile / op.height;
  const h = tile - image * op.height;
  const channels = op.channels;
  const i0 = firstCover(h + op.padTop, op.kernelHeight, op.strideHeight);
  const i1 = lastCover(h + op.padTop, op.strideHeight, op.outputHeight);
  const exponent = f32x4.splat(op.p - 1);
  for (let w = 0; w < op.width; w++) {
    const j0 = firstCover(w + op.padLeft, op.kernelWidth, op.strideWidth);
    const j1 = lastCover(w + op.padLeft, op.strideWidth, op.outputWidth);
    const from = pixel(op.x, op, image, h, w);
    const to = pixel(op.dx, op, image, h, w);
    for (let c = 0; c < channels; c += 4) {
      const x = v128.load(from + (<usize>c << 2));
      const sign = v128.and(x, i32x4.splat(0x80000000));
      let sum = f32x4.splat(0);
      for (let i = i0; i <= i1; i++) {
        for (let j = j0; j <= j1; j++) {
          const at = <usize>(((image * op.outputHeight + i) * op.outputWidth + j) * channels + c) << 2;
          const y = v128.load(op.y + at);
          const slope = power(f32x4.div(f32x4.abs(x), y), exponent);
          const term = f32x4.mul(v128.load(op.dy + at), slope);
          sum = f32x4.add(sum, v128.and(term, f32x4.gt(y, f32x4.splat(0))));
        }
      }
      const dx = f32x4.mul(v128.xor(sum, sign), f32x4.splat(op.scale));
      storeLanes(to + (<usize>c << 2), dx, channels - c);
    }
  }
}
