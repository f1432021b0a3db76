// Forms of Winograd's algorithm: taps, points and parts along each dimension, and the patches of images that they see.
//
// A form F(outputs, taps) makes outputs + taps − 1 products, one at each of its points, from as many pixels. It is for
// taps side by side at stride 1. Others are cut into two parts along a dimension: at stride 2 into even and odd taps,
// which meet even and odd pixels; longer filters into their first half and the rest. All parts have the same points and
// the same outputs, so their products are summed before they are transformed back: parts are more channels.
//
// A `Window` says it thus: `kernel` counts all taps, `dilation` is the stride of the convolution, and `stride` the pixels
// from one patch to the next, outputs · dilation. The window's output size counts patches.

import { Window } from '../conv/im2col';
import { MOST_POINTS, pixelLines, pixelRows } from './lines';

/** Floats between planes, so that no two begin in the same set of the cache. */
// @ts-ignore: decorator
@inline export const GAP: i32 = 16;

/** Bytes of a patch between its two transforms, of 8 channels. */
// @ts-ignore: decorator
@inline export const HALF_BYTES: usize = (<usize>(MOST_POINTS * MOST_POINTS)) << 5;

/** One dimension: `kernel` taps in all, of a convolution with a stride. */
// @ts-ignore: decorator
@inline
export function partsOf(kernel: i32, outputs: i32, stride: i32): i32 {
  return stride == 2 || outputs + kernel - 1 > MOST_POINTS ? 2 : 1;
}

/** Taps of the first part; the second has as many, or one less. */
// @ts-ignore: decorator
@inline
export function tapsOf(kernel: i32, outputs: i32, stride: i32): i32 {
  return partsOf(kernel, outputs, stride) == 2 ? (kernel + 1) >> 1 : kernel;
}

// @ts-ignore: decorator
@inline
export function pointsOf(kernel: i32, outputs: i32, stride: i32): i32 {
  return outputs + tapsOf(kernel, outputs, stride) - 1;
}

/** Which tap of all is tap `t` of a part. */
// @ts-ignore: decorator
@inline
export function tapOf(kernel: i32, outputs: i32, stride: i32, part: i32, t: i32): i32 {
  return stride == 2 ? 2 * t + part : part * tapsOf(kernel, outputs, stride) + t;
}

/** Outputs along the height of a patch. */
// @ts-ignore: decorator
@inline
export function rowsOut(op: Window): i32 {
  return op.strideHeight >> (op.dilationHeight - 1);
}

// @ts-ignore: decorator
@inline
export function columnsOut(op: Window): i32 {
  return op.strideWidth >> (op.dilationWidth - 1);
}

// @ts-ignore: decorator
@inline
export function rowParts(op: Window): i32 {
  return partsOf(op.kernelHeight, rowsOut(op), op.dilationHeight);
}

// @ts-ignore: decorator
@inline
export function columnParts(op: Window): i32 {
  return partsOf(op.kernelWidth, columnsOut(op), op.dilationWidth);
}

// @ts-ignore: decorator
@inline
export function rowTaps(op: Window): i32 {
  return tapsOf(op.kernelHeight, rowsOut(op), op.dilationHeight);
}

// @ts-ignore: decorator
@inline
export function columnTaps(op: Window): i32 {
  return tapsOf(op.kernelWidth, columnsOut(op), op.dilationWidth);
}

// @ts-ignore: decorator
@inline
export function rowPoints(op: Window): i32 {
  return rowsOut(op) + rowTaps(op) - 1;
}

// @ts-ignore: decorator
@inline
export function columnPoints(op: Window): i32 {
  return columnsOut(op) + columnTaps(op) - 1;
}

/** Entries of a transformed patch: plane columnPoints·i + j has entry (i, j) of all patches. */
// @ts-ignore: decorator
@inline
export function planes(op: Window): i32 {
  return rowPoints(op) * columnPoints(op);
}

// Parts are in the order (0, 1), (0, 0), (1, 0), (1, 1) of row and column part, as far as there are such: then those that
// have the last tap along a dimension, which alone is seen at ∞, follow each other.

/** The part of rows that part `part` of a form is. */
// @ts-ignore: decorator
@inline
export function rowPart(part: i32, columns: i32): i32 {
  return part >= columns ? 1 : 0;
}

// @ts-ignore: decorator
@inline
export function columnPart(part: i32, columns: i32): i32 {
  return part < columns ? columns - 1 - part : part - columns;
}

/** The first part that planes of column j multiply: a part without the last tap has nothing at ∞. */
// @ts-ignore: decorator
@inline
export function firstPart(op: Window, j: i32): i32 {
  return isShort(op.kernelWidth, columnTaps(op), j == columnPoints(op) - 1)
    ? columnParts(op) - 1
    : 0;
}

/** How many parts plane (i, j) multiplies. */
// @ts-ignore: decorator
@inline
export function partCount(op: Window, i: i32, j: i32): i32 {
  const rows = isShort(op.kernelHeight, rowTaps(op), i == rowPoints(op) - 1) ? 1 : rowParts(op);
  return isShort(op.kernelWidth, columnTaps(op), j == columnPoints(op) - 1)
    ? rows
    : rows * columnParts(op);
}

/** Whether, at the last point, the second part has no product: it has a tap less. */
// @ts-ignore: decorator
@inline
function isShort(kernel: i32, taps: i32, last: bool): bool {
  return last && kernel & 1 && kernel > taps;
}

/** Channels in whole pairs of vectors. */
// @ts-ignore: decorator
@inline
export function padded(channels: i32): i32 {
  return (channels + 7) & ~7;
}

/** Floats of a transformed patch in a plane: the channels of each part, and what the last one writes too far. */
// @ts-ignore: decorator
@inline
export function patchFloats(op: Window): i32 {
  const parts = rowParts(op) * columnParts(op);
  return padded((parts - 1) * op.channels + padded(op.channels));
}

// @ts-ignore: decorator
@inline
export function patches(op: Window): i32 {
  return op.batch * op.outputHeight * op.outputWidth;
}

/** Floats of a line of zeros, for what is outside of an image. */
// @ts-ignore: decorator
@inline
export function zerosFor(op: Window): i32 {
  return MOST_POINTS * op.dilationWidth * padded(op.channels);
}

/**
 * Bᵀ·d·B of channels `begin` … `end`−1 of a part of a patch, `begin` a multiple of 8: entry (i, j) to plane
 * columnPoints·i + j. `zeros` is a line for what is outside.
 */
export function transformPatch(
  op: Window,
  x: usize,
  index: i32,
  part: i32,
  begin: i32,
  end: i32,
  to: usize,
  plane: usize,
  half: usize,
  zeros: usize,
): void {
  const line = index / op.outputWidth;
  const image = line / op.outputHeight;
  const height = rowPoints(op),
    width = columnPoints(op);
  const down = op.dilationHeight,
    right = op.dilationWidth;
  const row = rowPart(part, columnParts(op)),
    column = columnPart(part, columnParts(op));
  const top =
    (line - image * op.outputHeight) * op.strideHeight -
    op.padTop +
    tapOf(op.kernelHeight, rowsOut(op), down, row, 0);
  const left =
    (index - line * op.outputWidth) * op.strideWidth -
    op.padLeft +
    tapOf(op.kernelWidth, columnsOut(op), right, column, 0);
  // Columns of the patch that are inside: from `inside` on to `outside`.
  const inside = left < 0 ? min(width, (right - 1 - left) >> (right - 1)) : 0;
  const outside = max(inside, min(width, (op.width - left + right - 1) >> (right - 1)));
  const pixel = (<usize>op.channels) << 2;
  const first =
    x +
    ((<usize>((image * op.height * op.width + left + inside * right) * op.channels + begin)) << 2);
  to += (<usize>begin) << 2;
  let p0 = lineOf(op, first, top, zeros),
    p1 = lineOf(op, first, top + down, zeros),
    p2 = lineOf(op, first, top + 2 * down, zeros),
    p3 = lineOf(op, first, top + 3 * down, zeros),
    p4 = lineOf(op, first, top + 4 * down, zeros),
    p5 = lineOf(op, first, top + 5 * down, zeros);
  const step = <usize>right * pixel;
  const line0 = half + ((<usize>inside) << 5);
  const stride = (<usize>width) << 5;
  clearColumns(half, height, width, 0, inside);
  clearColumns(half, height, width, outside, width);
  for (let c = begin; c < end; c += 8) {
    pixelLines(height, p0, p1, p2, p3, p4, p5, step, outside - inside, line0, 32, stride);
    pixelRows(width, half, height, to, <usize>width * plane, plane);
    p0 += 32;
    p1 += 32;
    p2 += 32;
    p3 += 32;
    p4 += 32;
    p5 += 32;
    to += 32;
  }
}

/** Line `h` of an image, or zeros where there is none. */
// @ts-ignore: decorator
@inline
function lineOf(op: Window, first: usize, h: i32, zeros: usize): usize {
  return <u32>h < <u32>op.height ? first + ((<usize>(h * op.width * op.channels)) << 2) : zeros;
}

/** Zeros in columns `begin` … `end`−1 of `rows` rows of `columns`, of 8 channels. */
export function clearColumns(half: usize, rows: i32, columns: i32, begin: i32, end: i32): void {
  for (let j = begin; j < end; j++) {
    let to = half + ((<usize>j) << 5);
    for (let i = 0; i < rows; i++) {
      v128.store(to, f32x4.splat(0));
      v128.store(to, f32x4.splat(0), 16);
      to += (<usize>columns) << 5;
    }
  }
}
