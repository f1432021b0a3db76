// Depthwise convolution: one filter per channel, lanes over channels. Filters are
// [kernelHeight × kernelWidth × channels]. Backward-data is the same op over dy, as in conv.ts.
//
// A task is a block of outputs (depthblock.ts). The blocks depend on the shape alone, and so does the order
// of every sum.

import {
  Block,
  blockCopy,
  blocksOf,
  CHANNELS,
  channelBlocks,
  columnAt,
  copyBlock,
  copyPixel,
  fillPixel,
  placeBlock,
  spareLine,
  tapRows,
  tapTable,
} from './depthblock';
import { PIXEL, SIDE, TAPS, tileOutputs, tileSums } from './depthtile';
import { Window } from './im2col';
import { In, InOut, Out } from '../core/op';
import { storeLanes } from '../core/simd';

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

export function depthwiseTasks(op: Depthwise): i32 {
  return blocksOf(op) * channelBlocks(op);
}

export function depthwise(op: Depthwise, task: i32, scratch: usize): void {
  const index = task / channelBlocks(op);
  const b = placeBlock(op, index, (task - index * channelBlocks(op)) * CHANNELS, scratch);
  let x = blockCopy(scratch);
  copyBlock(op, b, op.x, x);
  packTaps(op, b, scratch);
  const line = b.image * op.yImage + b.i * op.yRow + b.j * op.yColumn + b.channel;
  let y = op.y + ((<usize>line) << 2);
  for (let i = 0; i < b.lines; i++) {
    eightChannels(op, b, y, x, 0, scratch);
    if (b.channels > 8) eightChannels(op, b, y, x, 8, scratch);
    x += <usize>(op.strideHeight * b.width) * PIXEL;
    y += (<usize>op.yRow) << 2;
  }
}

/** Makes the table of runs and the rows of weights that tileOutputs wants. */
function packTaps(op: Depthwise, b: Block, scratch: usize): void {
  const to = tapRows(scratch);
  fillPixel(to, op.rectify ? 0 : -Infinity);
  if (op.bias) copyPixel(to + PIXEL, op.bias + ((<usize>b.channel) << 2));
  else fillPixel(to + PIXEL, 0);
  b.taps = 0;
  b.threes = tapTable(scratch);
  b.twos = packRuns(op, b, 3, b.threes, to + 2 * PIXEL);
  b.ones = packRuns(op, b, 2, b.twos, to + 2 * PIXEL);
  b.end = packRuns(op, b, 1, b.ones, to + 2 * PIXEL);
}

/** Packs the runs of `length` taps that the kernel's rows consist of; returns where the table ends. */
function packRuns(op: Depthwise, b: Block, length: i32, table: usize, weights: usize): usize {
  // Taps so far apart see neighbours in the copy; the whole row where no taps do.
  const step =
    op.strideWidth % op.dilationWidth == 0 ? op.strideWidth / op.dilationWidth : op.kernelWidth;
  for (let s0 = 0; s0 < min(step, op.kernelWidth); s0++) {
    const taps = (op.kernelWidth - s0 + step - 1) / step;
    // Runs of three as long as there are three taps, then one of what is left.
    const threes = (taps / 3) * 3;
    const first = length == 3 ? 0 : threes;
    const end = length == 3 || taps - threes != length ? threes : taps;
    for (let tap = first; tap < end; tap += length) {
      for (let r = 0; r < op.kernelHeight; r++) {
        packRun(op, b, r, s0 + tap * step, step, length, table, weights);
        table += 4;
      }
    }
  }
  return table;
}

// @ts-ignore: decorator
@inline
function packRun(
  op: Depthwise,
  b: Block,
  r: i32,
  s: i32,
  step: i32,
  length: i32,
  table: usize,
  weights: usize,
): void {
  store<usize>(
    table,
    <usize>(r * op.dilationHeight * b.width + columnAt(op, b, s * op.dilationWidth)) * PIXEL,
  );
  for (const end = s + length * step; s < end; s += step) {
    const tap = op.firstTap + r * op.tapRow + s * op.tapColumn;
    copyPixel(
      weights + <usize>b.taps * PIXEL,
      op.filter + ((<usize>(tap * op.channels + b.channel)) << 2),
    );
    b.taps++;
  }
}

/** A line of the block's outputs, its channels from c on. Fewer than a tile's come by way of a spare line. */
function eightChannels(op: Depthwise, b: Block, y: usize, x: usize, c: i32, scratch: usize): void {
  const at = (<usize>c) << 2;
  const count = b.channels - c;
  const column = (<usize>op.yColumn) << 2;
  const weights = tapRows(scratch) + at;
  if (count >= 8 && b.columns >= SIDE) {
    tileOutputs(y + at, column, x + at, b.threes, b.twos, b.ones, b.end, weights, b.columns);
    return;
  }
  let from = spareLine(scratch);
  tileOutputs(from, 32, x + at, b.threes, b.twos, b.ones, b.end, weights, b.columns);
  for (let to = y + at, end = to + <usize>b.columns * column; to != end; to += column) {
    storeLanes(to, v128.load(from), count);
    if (count > 4) storeLanes(to + 16, v128.load(from, 16), count - 4);
    from += 32;
  }
}

/** partials[s] = Σ x·dy for each tap and channel, over the s-th part of the blocks of outputs. */
@unmanaged
export class DepthwiseBackwardFilter extends Window {
  /** [splits][kernelHeight × kernelWidth × channels]. */
  partials: Out;
  x: In;
  dy: In;
  splits: i32;
}

export function depthwiseBackwardFilterTasks(op: DepthwiseBackwardFilter): i32 {
  return op.splits * channelBlocks(op);
}

export function depthwiseBackwardFilter(
  op: DepthwiseBackwardFilter,
  task: i32,
  scratch: usize,
): void {
  const split = task / channelBlocks(op);
  const channel = (task - split * channelBlocks(op)) * CHANNELS;
  const blocks = blocksOf(op);
  const last = (blocks * (split + 1)) / op.splits;
  const taps = op.kernelHeight * op.kernelWidth;
  const sums = tapRows(scratch);
  for (let tap = 0; tap < taps + TAPS; tap++) fillPixel(sums + <usize>tap * PIXEL, 0);
  for (let index = (blocks * split) / op.splits; index < last; index++) {
    const b = placeBlock(op, index, channel, scratch);
    copyBlock(op, b, op.x, blockCopy(scratch));
    placeTaps(op, b, tapTable(scratch));
    addBlock(op, b, scratch);
  }
  const count = min(CHANNELS, op.channels - channel);
  for (let tap = 0; tap < taps; tap++) {
    const to = op.partials + ((<usize>((split * taps + tap) * op.channels + channel)) << 2);
    for (let c = 0; c < count; c += 4) {
      const at = (<usize>c) << 2;
      storeLanes(to + at, v128.load(sums + <usize>tap * PIXEL + at), count - c);
    }
  }
}

/** Tabulates the offsets of all taps, then the first one's again to fill up: sums come TAPS at a time. */
function placeTaps(op: DepthwiseBackwardFilter, b: Block, to: usize): void {
  for (let r = 0; r < op.kernelHeight; r++) {
    for (let s = 0; s < op.kernelWidth; s++) {
      store<usize>(
        to,
        <usize>(r * op.dilationHeight * b.width + columnAt(op, b, s * op.dilationWidth)) * PIXEL,
      );
      to += 4;
    }
  }
  for (let i = 0; i < TAPS; i++) store<usize>(to + ((<usize>i) << 2), 0);
}

/** Adds what a block of outputs gives to every tap. */
function addBlock(op: DepthwiseBackwardFilter, b: Block, scratch: usize): void {
  const step = (<usize>op.channels) << 2;
  const dyLine = <usize>op.outputWidth * step;
  const first = (b.image * op.outputHeight + b.i) * op.outputWidth + b.j;
  const dy = op.dy + <usize>first * step + ((<usize>b.channel) << 2);
  const xLine = <usize>(op.strideHeight * b.width) * PIXEL;
  for (let tap = 0; tap < op.kernelHeight * op.kernelWidth; tap += TAPS) {
    const offsets = tapTable(scratch) + ((<usize>tap) << 2);
    const sums = tapRows(scratch) + <usize>tap * PIXEL;
    for (let at: usize = 0; at < (<usize>b.channels) << 2; at += 32) {
      tileSums(
        sums + at,
        dy + at,
        dyLine,
        step,
        blockCopy(scratch) + at,
        xLine,
        offsets,
        b.lines,
        b.columns,
      );
    }
  }
}
