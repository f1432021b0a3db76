// im2col and col2im: patches of an image as rows of a matrix, and back.
//
// Convolution never makes the whole matrix: `gather` copies the few rows and columns that one block
// of a multiplication needs ("implicit im2col"). Column (r·kernelWidth + s)·channels + c of row
// (image, i, j) is the input at (i·strideHeight − padTop + r·dilationHeight, …, c), or 0 outside.

import { In, Op, Out } from '../core/op';
import { addExactly, copy, zero } from '../core/simd';

/** What slides over what: the geometry that convolution, pooling and im2col share. */
@unmanaged
export class Window extends Op {
  batch: i32;
  height: i32;
  width: i32;
  /** Channels of a pixel in memory, and how many of them, from the first, the window sees. */
  pixelChannels: i32;
  channels: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  padTop: i32;
  padLeft: i32;
  dilationHeight: i32;
  dilationWidth: i32;
  outputHeight: i32;
  outputWidth: i32;
}

/** Outputs of all images: rows of the patch matrix. */
// @ts-ignore: decorator
@inline
export function pixels(op: Window): i32 {
  return op.batch * op.outputHeight * op.outputWidth;
}

/** The whole patch matrix: [batch·outputHeight·outputWidth × kernelHeight·kernelWidth·channels]. */
@unmanaged
export class Im2col extends Window {
  columns: Out;
  x: In;
}

/** Columns copied at a time: they pass through scratch, as `gather` writes a little too far. */
const CHUNK: i32 = 4096;

export function im2colTasks(op: Im2col): i32 {
  return pixels(op);
}

export function im2col(op: Im2col, task: i32, scratch: usize): void {
  const k = op.kernelHeight * op.kernelWidth * op.channels;
  const to = op.columns + ((<usize>(task * k)) << 2);
  for (let k0 = 0; k0 < k; k0 += CHUNK) {
    const kc = min(CHUNK, k - k0);
    gather(op, op.x, task, 1, k0, kc, scratch, kc);
    memory.copy(to + ((<usize>k0) << 2), scratch, (<usize>kc) << 2);
  }
}

/** The adjoint of im2col: each input pixel is the sum of the matrix elements that show it. */
@unmanaged
export class Col2im extends Window {
  x: Out;
  columns: In;
}

export function col2imTasks(op: Col2im): i32 {
  return op.batch * op.height;
}

export function col2im(op: Col2im, task: i32): void {
  const image = task / op.height;
  const h = task - image * op.height;
  const channels = op.channels;
  const k = op.kernelHeight * op.kernelWidth * channels;
  let to = op.x + ((<usize>(task * op.width * channels)) << 2);
  for (let w = 0; w < op.width; w++) {
    memory.fill(to, 0, (<usize>channels) << 2);
    for (let r = 0; r < op.kernelHeight; r++) {
      const i = cover(h + op.padTop - r * op.dilationHeight, op.strideHeight, op.outputHeight);
      if (i < 0) continue;
      for (let s = 0; s < op.kernelWidth; s++) {
        const j = cover(w + op.padLeft - s * op.dilationWidth, op.strideWidth, op.outputWidth);
        if (j < 0) continue;
        const row = (image * op.outputHeight + i) * op.outputWidth + j;
        const from = op.columns + ((<usize>(row * k + (r * op.kernelWidth + s) * channels)) << 2);
        addExactly(to, from, channels);
      }
    }
    to += (<usize>channels) << 2;
  }
}

/** The output position whose window begins `distance` before a pixel, or −1 where there is none. */
// @ts-ignore: decorator
@inline
function cover(distance: i32, stride: i32, outputs: i32): i32 {
  if (distance < 0 || distance % stride != 0) return -1;
  const at = distance / stride;
  return at < outputs ? at : -1;
}

/**
 * Copies columns k0 … k0+kc−1 of rows `first` … first+rows−1 of the patch matrix of `x` to `to`,
 * `ld` floats from row to row. Writes up to 12 bytes past each row: rows are filled in ascending
 * order, and after the last there must be room.
 */
export function gather(
  op: Window,
  x: usize,
  first: i32,
  rows: i32,
  k0: i32,
  kc: i32,
  to: usize,
  ld: i32,
): void {
  const outputHeight = op.outputHeight,
    outputWidth = op.outputWidth;
  const strideHeight = op.strideHeight,
    strideWidth = op.strideWidth;
  const padTop = op.padTop,
    padLeft = op.padLeft;
  const tap = k0 / op.channels;
  const channel = k0 - tap * op.channels;
  const r = tap / op.kernelWidth;
  const s = tap - r * op.kernelWidth;
  // Where the corner of a window may be if all of it is to lie inside the image.
  const lowest = op.height - (op.kernelHeight - 1) * op.dilationHeight;
  const rightmost = op.width - (op.kernelWidth - 1) * op.dilationWidth;
  const step = (<usize>ld) << 2;
  let j = first % outputWidth;
  const line = first / outputWidth;
  let i = line % outputHeight;
  let image = line / outputHeight;
  for (let row = 0; row < rows; row++) {
    const top = i * strideHeight - padTop;
    const left = j * strideWidth - padLeft;
    if (top >= 0 && left >= 0 && top < lowest && left < rightmost) {
      copyPatch(op, x, image, top, left, r, s, channel, kc, to);
    } else {
      clipPatch(op, x, image, top, left, r, s, channel, kc, to);
    }
    to += step;
    if (++j == outputWidth) {
      j = 0;
      if (++i == outputHeight) {
        i = 0;
        image++;
      }
    }
  }
}

/** Whether neighbouring taps are neighbours in memory too: a row of the kernel is then one copy. */
// @ts-ignore: decorator
@inline
function joined(op: Window): bool {
  return op.dilationWidth == 1 && op.channels == op.pixelChannels;
}

/** The row of a patch inside the image, from channel `channel` of tap (r, s) on. */
// @ts-ignore: decorator
@inline
function copyPatch(
  op: Window,
  x: usize,
  image: i32,
  top: i32,
  left: i32,
  r: i32,
  s: i32,
  channel: i32,
  kc: i32,
  to: usize,
): void {
  const channels = op.channels,
    kernelWidth = op.kernelWidth;
  const oneCopy = joined(op);
  const column = (<usize>(op.dilationWidth * op.pixelChannels)) << 2;
  const line = (<usize>(op.dilationHeight * op.width * op.pixelChannels)) << 2;
  let start =
    x +
    ((<usize>(((image * op.height + top) * op.width + left) * op.pixelChannels)) << 2) +
    <usize>r * line;
  while (kc > 0) {
    const run = min(kc, oneCopy ? (kernelWidth - s) * channels - channel : channels - channel);
    copy(to, start + <usize>s * column + ((<usize>channel) << 2), run);
    to += (<usize>run) << 2;
    kc -= run;
    channel = 0;
    if (oneCopy || ++s == kernelWidth) {
      s = 0;
      start += line;
    }
  }
}

/** The same for a patch that is partly outside, where it is zero. */
function clipPatch(
  op: Window,
  x: usize,
  image: i32,
  top: i32,
  left: i32,
  r: i32,
  s: i32,
  channel: i32,
  kc: i32,
  to: usize,
): void {
  const channels = op.channels;
  const lineFloats = op.width * op.pixelChannels;
  const oneCopy = joined(op);
  while (kc > 0) {
    const run = min(kc, oneCopy ? (op.kernelWidth - s) * channels - channel : channels - channel);
    const h = top + r * op.dilationHeight;
    const at = (left + s * op.dilationWidth) * op.pixelChannels + channel;
    if (<u32>h >= <u32>op.height) {
      zero(to, run);
    } else {
      const line = x + ((<usize>((image * op.height + h) * lineFloats)) << 2);
      const before = min(run, max(0, -at));
      const inside = max(0, min(run, lineFloats - at) - before);
      if (before) zero(to, before);
      copy(to + ((<usize>before) << 2), line + ((<usize>(at + before)) << 2), inside);
      if (before + inside < run)
        zero(to + ((<usize>(before + inside)) << 2), run - before - inside);
    }
    to += (<usize>run) << 2;
    kc -= run;
    channel = 0;
    if (oneCopy || ++s == op.kernelWidth) {
      s = 0;
      r++;
    }
  }
}

/**
 * The adjoint of `gather`: adds columns k0 … k0+kc−1 of patches `first` … first+rows−1, which are
 * row by row at `from`, to the pixels of `x` that they show.
 */
export function scatter(
  op: Window,
  x: usize,
  first: i32,
  rows: i32,
  k0: i32,
  kc: i32,
  from: usize,
): void {
  const tap = k0 / op.channels;
  const channel = k0 - tap * op.channels;
  const r = tap / op.kernelWidth;
  const s = tap - r * op.kernelWidth;
  let j = first % op.outputWidth;
  const line = first / op.outputWidth;
  let i = line % op.outputHeight;
  let image = line / op.outputHeight;
  for (let row = 0; row < rows; row++) {
    addPatch(
      op,
      x,
      image,
      i * op.strideHeight - op.padTop,
      j * op.strideWidth - op.padLeft,
      r,
      s,
      channel,
      kc,
      from,
    );
    from += (<usize>kc) << 2;
    if (++j == op.outputWidth) {
      j = 0;
      if (++i == op.outputHeight) {
        i = 0;
        image++;
      }
    }
  }
}

function addPatch(
  op: Window,
  x: usize,
  image: i32,
  top: i32,
  left: i32,
  r: i32,
  s: i32,
  channel: i32,
  kc: i32,
  from: usize,
): void {
  const channels = op.channels;
  const lineFloats = op.width * op.pixelChannels;
  const oneRun = joined(op);
  while (kc > 0) {
    const run = min(kc, oneRun ? (op.kernelWidth - s) * channels - channel : channels - channel);
    const h = top + r * op.dilationHeight;
    const at = (left + s * op.dilationWidth) * op.pixelChannels + channel;
    if (<u32>h < <u32>op.height) {
      const line = x + ((<usize>((image * op.height + h) * lineFloats)) << 2);
      const before = max(0, -at);
      const inside = min(run, lineFloats - at) - before;
      addExactly(line + ((<usize>(at + before)) << 2), from + ((<usize>before) << 2), inside);
    }
    from += (<usize>run) << 2;
    kc -= run;
    channel = 0;
    if (oneRun || ++s == op.kernelWidth) {
      s = 0;
      r++;
    }
  }
}
