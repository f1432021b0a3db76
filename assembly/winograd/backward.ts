// The gradient of filters by Winograd's algorithm: F(taps, outputs), with the roles of taps and outputs exchanged.
// Patches of x and squares of dy are transformed, multiplied as one matrix product over patches for each plane, and
// their sums transformed back to taps. forward.ts has the forward pass, the gradient of the input, and the source.

import { blockRows, fillTable, MC, outputTable, SCRATCH_BYTES } from '../gemm/blocks';
import { ITSELF, multiplyColumns, NOTHING } from '../gemm/multiply';
import { Window } from '../conv/im2col';
import { In, Out } from '../core/op';
import { packedColumns, panelColumns, panelOf } from '../gemm/pack';
import { LEAST_COLUMNS, partsFor } from '../core/parts';
import {
  clearColumns,
  columnPart,
  columnParts,
  columnPoints,
  columnsOut,
  columnTaps,
  firstPart,
  GAP,
  HALF_BYTES,
  padded,
  partCount,
  patches,
  patchFloats,
  planes,
  rowPart,
  rowParts,
  rowPoints,
  rowsOut,
  rowTaps,
  tapOf,
  transformPatch,
  zerosFor,
} from './form';
import { outputRows, productColumns, tapLines } from './lines';
import { storeLanes, zero } from '../core/simd';
import { MR, NR } from '../gemm/tile';

/** The filters' gradient: partials[s] = the sum over the s-th part of the patches. */
@unmanaged
export class WinogradBackwardFilter extends Window {
  /** [splits][kernelHeight][tapRow][filters]: rows of taps are those of channels, tap by tap. */
  partials: Out;
  x: In;
  /** [batch × yHeight × yWidth × filters]. */
  dy: In;
  tapRow: i32;
  filters: i32;
  yHeight: i32;
  yWidth: i32;
  splits: i32;
}

/** The most patches that are summed in registers before memory is added to: in equal blocks. */
// @ts-ignore: decorator
@inline const GRADIENT_BLOCK: i32 = 160;

/** The most patches that a split has. */
// @ts-ignore: decorator
@inline
function mostPatches(op: WinogradBackwardFilter): i32 {
  return (patches(op) + op.splits - 1) / op.splits;
}

// @ts-ignore: decorator
@inline
function gradientBlock(op: WinogradBackwardFilter): i32 {
  const most = mostPatches(op);
  const blocks = max(1, (most + GRADIENT_BLOCK - 1) / GRADIENT_BLOCK);
  return (most + blocks - 1) / blocks;
}

export function winogradBackwardFilterTasks(op: WinogradBackwardFilter): i32 {
  // Each transforms dy again, and its own channels of x.
  op.parts = partsFor(op.shared, op.splits, 1, max(1, op.channels / LEAST_COLUMNS));
  return op.splits * op.parts;
}

/** The first channel of a task's: no vector is in two. */
function firstChannel(op: WinogradBackwardFilter, task: i32): i32 {
  return task == op.parts ? op.channels : ((op.channels * task) / op.parts) & -8;
}

/** Whether sums of all channels are kept, as each is of several blocks of patches. */
// @ts-ignore: decorator
@inline
function keepsSums(op: WinogradBackwardFilter): bool {
  return mostPatches(op) > GRADIENT_BLOCK;
}

/** The most sums that stay in cache until they are transformed: 512 KiB. */
// @ts-ignore: decorator
@inline const SUMS: i32 = 131072;

/** Channels that are multiplied together. */
function channelsEach(op: WinogradBackwardFilter): i32 {
  const most = SUMS / (planes(op) * max(NR, packedColumns(op.filters)));
  return min(min(op.channels, MC), max(2 * MR, most - (most % MR)));
}

/** Rows of sums in scratch. */
// @ts-ignore: decorator
@inline
function sumRows(op: WinogradBackwardFilter): i32 {
  return keepsSums(op) ? rowParts(op) * columnParts(op) * op.channels : channelsEach(op);
}

/** Bytes of scratch: transformed patches and gradients, their products, a patch half-way and its taps, a line of zeros. */
export function winogradBackwardFilterScratch(op: WinogradBackwardFilter): usize {
  const ldm = packedColumns(op.filters);
  const floats =
    planes(op) * (gradientBlock(op) * (patchFloats(op) + ldm) + sumRows(op) * ldm + 3 * GAP);
  return ((<usize>(floats + zerosOf(op))) << 2) + 2 * HALF_BYTES;
}

/** Zeros for what is outside, of x or of dy. */
// @ts-ignore: decorator
@inline
function zerosOf(op: WinogradBackwardFilter): i32 {
  return max(zerosFor(op), columnsOut(op) * padded(op.filters));
}

export function winogradBackwardFilter(
  op: WinogradBackwardFilter,
  task: i32,
  scratch: usize,
): void {
  const split = task / op.parts;
  const share = task - split * op.parts;
  const total = patches(op);
  const begin = <i32>((<i64>total * split) / op.splits);
  const end = <i32>((<i64>total * (split + 1)) / op.splits);
  const channels = op.channels,
    n = op.filters;
  const parts = rowParts(op) * columnParts(op);
  const ldv = patchFloats(op),
    ldm = packedColumns(n);
  const block = gradientBlock(op);
  const vPlane = block * ldv + GAP,
    wPlane = block * ldm + GAP,
    uPlane = sumRows(op) * ldm + GAP;
  const v = scratch + SCRATCH_BYTES;
  const w = v + ((<usize>(planes(op) * vPlane)) << 2);
  const u = w + ((<usize>(planes(op) * wPlane)) << 2);
  const half = u + ((<usize>(planes(op) * uPlane)) << 2);
  const zeros = half + 2 * HALF_BYTES;
  const partial = op.partials + ((<usize>(split * op.kernelHeight * op.tapRow * n)) << 2);
  zero(zeros, zerosOf(op));
  const firstRow = firstChannel(op, share),
    endRow = firstChannel(op, share + 1);
  const rowsEach = min(blockRows(endRow - firstRow), channelsEach(op));
  for (let first = begin; first < end; first += block) {
    const count = min(block, end - first);
    for (let t = 0; t < count; t++) {
      let to = v + ((<usize>(t * ldv)) << 2);
      for (let s = 0; s < parts; s++) {
        transformPatch(
          op,
          op.x,
          first + t,
          s,
          firstRow,
          endRow,
          to,
          (<usize>vPlane) << 2,
          half,
          zeros,
        );
        to += (<usize>channels) << 2;
      }
      transformGradient(op, first + t, w, t, count, (<usize>wPlane) << 2, half, zeros);
    }
    for (let s = 0; s < parts; s++) {
      for (let m0 = firstRow; m0 < endRow; m0 += rowsEach) {
        const rows = min(rowsEach, endRow - m0);
        const sums = keepsSums(op) ? u + ((<usize>((s * channels + m0) * ldm)) << 2) : u;
        let plane = 0;
        for (let i = 0; i < rowPoints(op); i++) {
          for (let j = 0; j < columnPoints(op); j++, plane++) {
            const from = firstPart(op, j);
            if (s < from || s >= from + partCount(op, i, j)) continue;
            const a = v + ((<usize>(plane * vPlane + s * channels + m0)) << 2);
            const b = w + ((<usize>(plane * wPlane)) << 2);
            fillTable(outputTable(scratch), sums + ((<usize>(plane * uPlane)) << 2), rows, ldm);
            multiplyColumns(
              scratch,
              a,
              ldv,
              b,
              count,
              0,
              count,
              rows,
              n,
              0,
              first > begin ? ITSELF : NOTHING,
              0,
              false,
            );
          }
        }
        if (first + count < end) continue;
        for (let c = 0; c < rows; c++)
          transformSums(
            op,
            s,
            m0 + c,
            sums + ((<usize>(c * ldm)) << 2),
            (<usize>uPlane) << 2,
            partial,
            half,
            zeros,
          );
      }
    }
  }
}

/** A square of gradients of a patch to points: row `t` of `count` of each packed plane. */
function transformGradient(
  op: WinogradBackwardFilter,
  index: i32,
  to: usize,
  t: i32,
  count: i32,
  plane: usize,
  half: usize,
  zeros: usize,
): void {
  const line = index / op.outputWidth;
  const image = line / op.outputHeight;
  const height = rowsOut(op),
    width = columnsOut(op);
  const top = (line - image * op.outputHeight) * height;
  const left = (index - line * op.outputWidth) * width;
  const filters = op.filters;
  const column = (<usize>filters) << 2;
  const row = <usize>op.yWidth * column;
  const inside = min(width, op.yWidth - left);
  let p0 = op.dy + <usize>((image * op.yHeight + top) * op.yWidth + left) * column;
  let p1 = top + 1 < op.yHeight ? p0 + row : zeros;
  let p2 = top + 2 < op.yHeight ? p0 + 2 * row : zeros;
  let p3 = top + 3 < op.yHeight ? p0 + 3 * row : zeros;
  const points = rowPoints(op);
  clearColumns(half, points, width, inside, width);
  for (let n = 0; n < filters; n += 8) {
    tapLines(points, height, p0, p1, p2, p3, zeros, column, inside, half, 32, (<usize>width) << 5);
    const first = panelOf(n, filters);
    const into =
      to + ((<usize>(first * count + t * panelColumns(filters - first) + n - first)) << 2);
    tapLines(
      columnPoints(op),
      width,
      half,
      half + 32,
      half + 64,
      half + 96,
      zeros,
      (<usize>width) << 5,
      points,
      into,
      <usize>columnPoints(op) * plane,
      plane,
    );
    p0 += 32;
    p1 += 32;
    p2 += 32;
    p3 += 32;
  }
}

/** The sums over patches to the taps of a part: one channel's, for all filters. */
function transformSums(
  op: WinogradBackwardFilter,
  part: i32,
  channel: i32,
  from: usize,
  plane: usize,
  partial: usize,
  half: usize,
  zeros: usize,
): void {
  const n = op.filters;
  const height = rowTaps(op),
    width = columnTaps(op);
  const points = columnPoints(op);
  const done = half + HALF_BYTES;
  const down = rowPart(part, columnParts(op)),
    right = columnPart(part, columnParts(op));
  for (let j = 0; j < n; j += 8) {
    productColumns(
      rowPoints(op),
      height,
      from,
      <usize>points * plane,
      plane,
      points,
      half,
      (<usize>points) << 5,
    );
    outputRows(
      points,
      width,
      half,
      height,
      zeros,
      done,
      32,
      (<usize>height) << 5,
      zeros,
      0,
      -Infinity,
    );
    for (let r = 0; r < height; r++) {
      const row = tapOf(op.kernelHeight, rowsOut(op), op.dilationHeight, down, r);
      for (let s = 0; s < width; s++) {
        const tap = tapOf(op.kernelWidth, columnsOut(op), op.dilationWidth, right, s);
        const entry = tap * op.channels + channel;
        if (row >= op.kernelHeight || entry >= op.tapRow) continue;
        const at = done + ((<usize>(s * height + r)) << 5);
        const to = partial + ((<usize>((row * op.tapRow + entry) * n + j)) << 2);
        storeLanes(to, v128.load(at), n - j);
        if (n - j > 4) storeLanes(to + 16, v128.load(at, 16), n - j - 4);
      }
    }
    from += 32;
  }
}
