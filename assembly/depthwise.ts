// Depthwise convolution: one filter per channel, lanes over channels, straight from the image. Filters
// are [kernelHeight × kernelWidth × channels]. Backward-data is the same op over dy, as in conv.ts.

import { Window } from './im2col';
import { In, InOut, Out } from './op';
import { madd, relu, storeLanes } from './simd';

/** y = filter ⋆ x + bias for each channel, then ReLU where asked. */
@unmanaged
export class Depthwise extends Window {
  /** Written at (image·yImage + i·yRow + j·yColumn + channel), in floats, and nowhere else. */
  y: InOut;
  x: In;
  filter: In;
  /** [channels], or 0 for none. */
  bias: In;
  yImage: i32;
  yRow: i32;
  yColumn: i32;
  rectify: i32;
  /** The filter's tap of the window's tap (r, s): firstTap + r·tapRow + s·tapColumn. */
  firstTap: i32;
  tapRow: i32;
  tapColumn: i32;
}

export function depthwiseTiles(op: Depthwise): i32 {
  return op.batch * op.outputHeight;
}

/** Outputs side by side that share the loads of a tap's weights. */
// @ts-ignore: decorator
@inline const SIDE: i32 = 4;

export function depthwise(op: Depthwise, tile: i32): void {
  const image = tile / op.outputHeight;
  const i = tile - image * op.outputHeight;
  const top = i * op.strideHeight - op.padTop;
  const r0 = firstInside(top, op.dilationHeight);
  const r1 = lastInside(top, op.dilationHeight, op.kernelHeight, op.height);
  const reach = (op.kernelWidth - 1) * op.dilationWidth + (SIDE - 1) * op.strideWidth;
  let y = op.y + (<usize>(image * op.yImage + i * op.yRow) << 2);
  for (let j = 0; j < op.outputWidth; ) {
    const left = j * op.strideWidth - op.padLeft;
    const x = op.x + (<usize>((image * op.height + top) * op.width + left) * op.channels << 2);
    if (left >= 0 && left + reach < op.width && j + SIDE <= op.outputWidth) {
      fourOutputs(op, y, x, r0, r1);
      j += SIDE;
      y += <usize>(SIDE * op.yColumn) << 2;
    } else {
      const s0 = firstInside(left, op.dilationWidth);
      const s1 = lastInside(left, op.dilationWidth, op.kernelWidth, op.width);
      oneOutput(op, y, x, r0, r1, s0, s1);
      j++;
      y += <usize>op.yColumn << 2;
    }
  }
}

/** The first tap of a window beginning at `start` that is inside the image, and the one behind the last. */
// @ts-ignore: decorator
@inline
function firstInside(start: i32, dilation: i32): i32 {
  return start >= 0 ? 0 : (-start + dilation - 1) / dilation;
}
// @ts-ignore: decorator
@inline
function lastInside(start: i32, dilation: i32, kernel: i32, side: i32): i32 {
  return start >= side ? 0 : min(kernel, (side - start + dilation - 1) / dilation);
}

function fourOutputs(op: Depthwise, y: usize, x: usize, r0: i32, r1: i32): void {
  const channels = op.channels, kernelWidth = op.kernelWidth;
  const line = <usize>(op.dilationHeight * op.width * channels) << 2;
  const column = <usize>(op.dilationWidth * channels) << 2;
  const next = <usize>(op.strideWidth * channels) << 2;
  const tapColumn = <usize>(op.tapColumn * channels) << 2;
  const to = <usize>op.yColumn << 2;
  for (let c = 0; c < channels; c += 4) {
    const at = <usize>c << 2;
    const bias = op.bias ? v128.load(op.bias + at) : f32x4.splat(0);
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
    for (let r = r0; r < r1; r++) {
      let from = x + <usize>r * line + at;
      let weight = op.filter + (<usize>((op.firstTap + r * op.tapRow) * channels) << 2) + at;
      for (let s = 0; s < kernelWidth; s++) {
        const w = v128.load(weight);
        a0 = madd(w, v128.load(from), a0);
        a1 = madd(w, v128.load(from + next), a1);
        a2 = madd(w, v128.load(from + 2 * next), a2);
        a3 = madd(w, v128.load(from + 3 * next), a3);
        from += column;
        weight += tapColumn;
      }
    }
    finish(op, y + at, a0, bias, channels - c);
    finish(op, y + to + at, a1, bias, channels - c);
    finish(op, y + 2 * to + at, a2, bias, channels - c);
    finish(op, y + 3 * to + at, a3, bias, channels - c);
  }
}

function oneOutput(op: Depthwise, y: usize, x: usize, r0: i32, r1: i32, s0: i32, s1: i32): void {
  const channels = op.channels;
  const line = <usize>(op.dilationHeight * op.width * channels) << 2;
  const column = <usize>(op.dilationWidth * channels) << 2;
  for (let c = 0; c < channels; c += 4) {
    const at = <usize>c << 2;
    const bias = op.bias ? v128.load(op.bias + at) : f32x4.splat(0);
    let sum = f32x4.splat(0);
    for (let r = r0; r < r1; r++) {
      for (let s = s0; s < s1; s++) {
        const tap = op.firstTap + r * op.tapRow + s * op.tapColumn;
        const w = v128.load(op.filter + (<usize>(tap * channels) << 2) + at);
        sum = madd(w, v128.load(x + <usize>r * line + <usize>s * column + at), sum);
      }
    }
    finish(op, y + at, sum, bias, channels - c);
  }
}

// @ts-ignore: decorator
@inline
function finish(op: Depthwise, to: usize, sum: v128, bias: v128, count: i32): void {
  const v = f32x4.add(sum, bias);
  storeLanes(to, op.rectify ? relu(v) : v, count);
}

/** partials[s] = Σ x·dy for each tap and channel, over the s-th part of the lines of outputs. */
@unmanaged
export class DepthwiseGradient extends Window {
  /** [splits][kernelHeight × kernelWidth × channels]. */
  partials: Out;
  x: In;
  dy: In;
  splits: i32;
}

export function depthwiseGradientTiles(op: DepthwiseGradient): i32 {
  return op.splits;
}

export function depthwiseGradient(op: DepthwiseGradient, tile: i32): void {
  const lines = op.batch * op.outputHeight;
  const first = (lines * tile) / op.splits;
  const last = (lines * (tile + 1)) / op.splits;
  const size = op.kernelHeight * op.kernelWidth * op.channels;
  const partial = op.partials + (<usize>(tile * size) << 2);
  memory.fill(partial, 0, <usize>size << 2);
  for (let line = first; line < last; line++) addLine(op, partial, line);
}

/** Adds what one line of outputs gives to every tap. */
function addLine(op: DepthwiseGradient, partial: usize, line: i32): void {
  const image = line / op.outputHeight;
  const top = (line - image * op.outputHeight) * op.strideHeight - op.padTop;
  const channels = op.channels;
  const dy = op.dy + (<usize>(line * op.outputWidth * channels) << 2);
  for (let r = 0; r < op.kernelHeight; r++) {
    const h = top + r * op.dilationHeight;
    if (<u32>h >= <u32>op.height) continue;
    const x = op.x + (<usize>((image * op.height + h) * op.width * channels) << 2);
    for (let s = 0; s < op.kernelWidth; s++) {
      const shift = s * op.dilationWidth - op.padLeft;
      // The outputs j whose tap j·strideWidth + shift is inside the line.
      const j0 = shift >= 0 ? 0 : (-shift + op.strideWidth - 1) / op.strideWidth;
      const j1 = min(op.outputWidth, (op.width - shift + op.strideWidth - 1) / op.strideWidth);
      addTap(op, partial + (<usize>((r * op.kernelWidth + s) * channels) << 2), x, dy, shift, j0, j1);
    }
  }
}

function addTap(op: DepthwiseGradient, to: usize, x: usize, dy: usize, shift: i32, j0: i32, j1: i32): void {
  const channels = op.channels;
  const step = <usize>channels << 2;
  const stride = <usize>op.strideWidth * step;
  for (let c = 0; c < channels; c += 4) {
    const at = <usize>c << 2;
    let from = x + <usize>(j0 * op.strideWidth + shift) * step + at;
    let d = dy + <usize>j0 * step + at;
    // Two sums hide some of the latency of addition.
    let even = f32x4.splat(0), odd = f32x4.splat(0);
    let j = j0;
    for (; j + 2 <= j1; j += 2) {
      even = madd(v128.load(from), v128.load(d), even);
      odd = madd(v128.load(from + stride), v128.load(d + step), odd);
      from += 2 * stride;
      d += 2 * step;
    }
    if (j < j1) even = madd(v128.load(from), v128.load(d), even);
    storeLanes(to + at, f32x4.add(v128.load(to + at), f32x4.add(even, odd)), channels - c);
  }
}
