// What a task of depthwise convolution works on: a block of outputs, and what it sees of the image, 16
// channels of it, copied into scratch together with the padding. Columns a stride apart become
// neighbours there. So whatever the strides, the dilations and the borders, the next output sees the
// next pixels, and each tap is at the same distance from the first pixel that an output sees.

import { PIXEL } from './depthtile';
import { Window } from './im2col';

/** Channels of a block. */
// @ts-ignore: decorator
@inline export const CHANNELS: i32 = 16;
/** The longest part of a line of outputs: three lines for it to see are half of L1. */
const COLUMNS: i32 = 32;
/** Pixels that several lines of outputs may see: a small part of L2. */
const PIXELS: i32 = 640;
/** Pixels that any block may see: src/operators/conv/depthwise.emit.ts gives larger kernels to others. */
export const MOST_PIXELS: i32 = 2048;

/** A block of outputs, and the sizes of its copy. It is in scratch. */
@unmanaged
export class Block {
  image: i32;
  i: i32;
  j: i32;
  lines: i32;
  columns: i32;
  channel: i32;
  channels: i32;
  /** Pixels of the copy: of each residue of columns modulo the stride, and of a line with all of them. */
  phase: i32;
  width: i32;
  /** Residues that some tap sees. */
  phases: i32;
  /** What depthwise() has packed: how many taps, and where runs of three, two and one begin in the table. */
  taps: i32;
  threes: usize;
  twos: usize;
  ones: usize;
  end: usize;
}

// Scratch: the block, the taps' table, their weights or sums, a line of 8 channels of outputs, the copy.
// A tile reads and writes SIDE outputs even where there are fewer.
const TABLE: usize = 64;
const WEIGHTS: usize = TABLE + ((<usize>MOST_PIXELS) << 2) + 64;
const SPARE: usize = WEIGHTS + <usize>(MOST_PIXELS + 8) * PIXEL;
const COPY: usize = SPARE + <usize>COLUMNS * PIXEL;

// @ts-ignore: decorator
@inline export function tapTable(scratch: usize): usize {
  return scratch + TABLE;
}
// @ts-ignore: decorator
@inline export function tapRows(scratch: usize): usize {
  return scratch + WEIGHTS;
}
// @ts-ignore: decorator
@inline export function spareLine(scratch: usize): usize {
  return scratch + SPARE;
}
// @ts-ignore: decorator
@inline export function blockCopy(scratch: usize): usize {
  return scratch + COPY;
}

/** Pixels from the first tap to the last. */
// @ts-ignore: decorator
@inline
function reach(kernel: i32, dilation: i32): i32 {
  return max(0, kernel - 1) * dilation + 1;
}

/** How many parts of at most `most` there are in `whole`. */
// @ts-ignore: decorator
@inline
function parts(whole: i32, most: i32): i32 {
  return (whole + most - 1) / most;
}

// @ts-ignore: decorator
@inline
function phasesOf(op: Window): i32 {
  return min(op.strideWidth, reach(op.kernelWidth, op.dilationWidth));
}
// @ts-ignore: decorator
@inline
function phaseOf(op: Window, columns: i32): i32 {
  return columns - 1 + parts(reach(op.kernelWidth, op.dilationWidth), op.strideWidth);
}

/** Columns of a block: the outputs of a line in equal parts. */
function blockColumns(op: Window): i32 {
  const room = MOST_PIXELS / (reach(op.kernelHeight, op.dilationHeight) * phasesOf(op));
  const most = max(1, min(COLUMNS, room - phaseOf(op, 0)));
  return parts(op.outputWidth, parts(op.outputWidth, most));
}

/** Lines of a block: the lines of an image in equal parts. */
function blockLines(op: Window, columns: i32): i32 {
  const room = PIXELS / (phasesOf(op) * phaseOf(op, columns));
  const most = max(1, (room - reach(op.kernelHeight, op.dilationHeight)) / op.strideHeight + 1);
  return parts(op.outputHeight, parts(op.outputHeight, most));
}

/** Blocks of 16 channels. */
// @ts-ignore: decorator
@inline
export function channelBlocks(op: Window): i32 {
  return parts(op.channels, CHANNELS);
}

/** Blocks of the same channels. */
export function blocksOf(op: Window): i32 {
  const columns = blockColumns(op);
  return (
    op.batch * parts(op.outputHeight, blockLines(op, columns)) * parts(op.outputWidth, columns)
  );
}

/** Says where block `index` of the channels from `channel` on lies. */
export function placeBlock(op: Window, index: i32, channel: i32, scratch: usize): Block {
  const columns = blockColumns(op);
  const lines = blockLines(op, columns);
  const across = parts(op.outputWidth, columns),
    down = parts(op.outputHeight, lines);
  const row = index / across;
  const b = changetype<Block>(scratch);
  b.image = row / down;
  b.i = (row - b.image * down) * lines;
  b.j = (index - row * across) * columns;
  b.lines = min(lines, op.outputHeight - b.i);
  b.columns = min(columns, op.outputWidth - b.j);
  b.channel = channel;
  b.channels = min(CHANNELS, op.channels - channel);
  b.phase = phaseOf(op, b.columns);
  b.phases = phasesOf(op);
  b.width = b.phases * b.phase;
  return b;
}

/** Where column `w` of what an output sees is in the copy, in pixels. */
// @ts-ignore: decorator
@inline
export function columnAt(op: Window, b: Block, w: i32): i32 {
  const steps = w / op.strideWidth;
  return (w - steps * op.strideWidth) * b.phase + steps;
}

/** Copies what the block sees to `copy`. Channels after its last are whatever is in memory there. */
export function copyBlock(op: Window, b: Block, x: usize, copy: usize): void {
  const stride = op.strideWidth;
  const top = b.i * op.strideHeight - op.padTop;
  const end = top + (b.lines - 1) * op.strideHeight + reach(op.kernelHeight, op.dilationHeight);
  const pixel = (<usize>op.channels) << 2;
  const line = <usize>op.width * pixel;
  const image = x + <usize>(b.image * op.height) * line + ((<usize>b.channel) << 2);
  for (let phase = 0; phase < b.phases; phase++) {
    // Columns left, left + stride, …: `before` of them are to the left of the image, `inside` in it.
    const left = b.j * stride - op.padLeft + phase;
    const before = max(0, min(b.phase, (stride - 1 - left) / stride));
    const inside = max(0, min(b.phase, (op.width - left + stride - 1) / stride) - before);
    const first = image + <usize>(left + before * stride) * pixel;
    let to = copy + <usize>(phase * b.phase) * PIXEL;
    for (let h = top; h < end; h++) {
      if (<u32>h < <u32>op.height) {
        clear(to, before);
        copyPixels(
          to + <usize>before * PIXEL,
          first + <usize>h * line,
          inside,
          <usize>stride * pixel,
        );
        clear(to + <usize>(before + inside) * PIXEL, b.phase - before - inside);
      } else {
        clear(to, b.phase);
      }
      to += <usize>b.width * PIXEL;
    }
  }
}

// @ts-ignore: decorator
@inline
function copyPixels(to: usize, from: usize, count: i32, step: usize): void {
  for (const end = to + <usize>count * PIXEL; to < end; to += PIXEL) {
    copyPixel(to, from);
    from += step;
  }
}

/** Copies 16 floats. */
// @ts-ignore: decorator
@inline
export function copyPixel(to: usize, from: usize): void {
  const v0 = v128.load(from),
    v1 = v128.load(from, 16),
    v2 = v128.load(from, 32),
    v3 = v128.load(from, 48);
  v128.store(to, v1, 16);
  v128.store(to, v0);
  v128.store(to, v3, 48);
  v128.store(to, v2, 32);
}

/** Zeros in whole pixels. For so few, calling memory.fill takes longer than the zeros. */
// @ts-ignore: decorator
@inline
function clear(to: usize, count: i32): void {
  for (const end = to + <usize>count * PIXEL; to < end; to += PIXEL) fillPixel(to, 0);
}

/** Makes 16 floats the same. */
// @ts-ignore: decorator
@inline
export function fillPixel(to: usize, value: f32): void {
  const v = f32x4.splat(value);
  v128.store(to, v, 16);
  v128.store(to, v);
  v128.store(to, v, 48);
  v128.store(to, v, 32);
}
