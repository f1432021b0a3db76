// The gradient of 3×3 filters at stride 1 by Winograd's F(3×3, 4×4). forward.ts has the forward pass, the gradient of
// the input, and the source. Patches of x and 4×4 squares of dy are transformed, multiplied
// as 36 matrix products over patches, and their sums transformed back to taps.

import { blockRows, fillTable, MC, outputTable, SCRATCH_BYTES } from '../gemm/blocks';
import { ITSELF, multiplyColumns, NOTHING } from '../gemm/multiply';
import { Window } from '../conv/im2col';
import { In, Out } from '../core/op';
import { packedColumns, panelColumns, panelOf } from '../gemm/pack';
import { LEAST_COLUMNS, partsFor } from '../core/parts';
import { GAP, HALF_BYTES, PATCH, padded, patches, PLANES, transformPatch } from './patch';
import { clearLine, gradientLine, sumLine } from './points';
import { storeLanes, zero } from '../core/simd';

/** Gradients along a side of a patch's square. */
// @ts-ignore: decorator
@inline const STEP: i32 = 4;

/** The filters' gradient: partials[s] = the sum over the s-th part of the patches. */
@unmanaged
export class WinogradBackwardFilter extends Window {
  /** [splits][3][3][channels][filters]. */
  partials: Out;
  x: In;
  /** [batch × yHeight × yWidth × filters]. */
  dy: In;
  filters: i32;
  yHeight: i32;
  yWidth: i32;
  splits: i32;
}

/** The most patches that are summed in registers before memory is added to. */
// @ts-ignore: decorator
@inline const GRADIENT_BLOCK: i32 = 128;

/** The most patches that a part has. */
// @ts-ignore: decorator
@inline
function mostPatches(op: WinogradBackwardFilter): i32 {
  return (patches(op) + op.splits - 1) / op.splits;
}

// @ts-ignore: decorator
@inline
function gradientBlock(op: WinogradBackwardFilter): i32 {
  return min(GRADIENT_BLOCK, mostPatches(op));
}

export function winogradBackwardFilterTasks(op: WinogradBackwardFilter): i32 {
  // Each part transforms dy again, and its own channels of x.
  op.parts = partsFor(op.shared, op.splits, 1, max(1, op.channels / LEAST_COLUMNS));
  return op.splits * op.parts;
}

/** The first channel of a part: no vector is in two. */
function partChannel(op: WinogradBackwardFilter, part: i32): i32 {
  return part == op.parts ? op.channels : ((op.channels * part) / op.parts) & -8;
}

/**
 * For how many channels sums are kept at a time: for all where parts take several blocks of patches, else
 * for as many as are multiplied together: these stay in cache until they are transformed.
 */
function sumsKept(op: WinogradBackwardFilter): i32 {
  return mostPatches(op) > GRADIENT_BLOCK ? op.channels : min(op.channels, MC);
}

/** Bytes of scratch: transformed patches and gradients, their products, a patch half-way, a line of zeros. */
export function winogradBackwardFilterScratch(op: WinogradBackwardFilter): usize {
  const ldm = packedColumns(op.filters);
  const planes =
    PLANES * (gradientBlock(op) * (padded(op.channels) + ldm) + sumsKept(op) * ldm + 3 * GAP);
  return ((<usize>(planes + PATCH * padded(max(op.channels, op.filters)))) << 2) + HALF_BYTES;
}

export function winogradBackwardFilter(
  op: WinogradBackwardFilter,
  task: i32,
  scratch: usize,
): void {
  const split = task / op.parts;
  const part = task - split * op.parts;
  const total = patches(op);
  const begin = <i32>((<i64>total * split) / op.splits);
  const end = <i32>((<i64>total * (split + 1)) / op.splits);
  const channels = op.channels,
    n = op.filters;
  const ldv = padded(channels),
    ldm = packedColumns(n);
  const block = gradientBlock(op);
  const vPlane = block * ldv + GAP,
    wPlane = block * ldm + GAP,
    uPlane = sumsKept(op) * ldm + GAP;
  const v = scratch + SCRATCH_BYTES;
  const w = v + ((<usize>(PLANES * vPlane)) << 2);
  const u = w + ((<usize>(PLANES * wPlane)) << 2);
  const half = u + ((<usize>(PLANES * uPlane)) << 2);
  const zeros = half + HALF_BYTES;
  const partial = op.partials + ((<usize>(split * 9 * channels * n)) << 2);
  const tap = (<usize>(channels * n)) << 2;
  zero(zeros, PATCH * padded(max(channels, n)));
  const firstRow = partChannel(op, part),
    endRow = partChannel(op, part + 1);
  const rowsEach = blockRows(endRow - firstRow);
  for (let first = begin; first < end; first += block) {
    const count = min(block, end - first);
    for (let t = 0; t < count; t++) {
      transformPatch(
        op,
        op.x,
        first + t,
        firstRow,
        endRow,
        v + ((<usize>(t * ldv)) << 2),
        (<usize>vPlane) << 2,
        half,
        zeros,
      );
      transformGradient(op, first + t, w, t, count, (<usize>wPlane) << 2, half, zeros);
    }
    for (let m0 = firstRow; m0 < endRow; m0 += rowsEach) {
      const rows = min(rowsEach, endRow - m0);
      const sums = sumsKept(op) == channels ? u + ((<usize>(m0 * ldm)) << 2) : u;
      for (let plane = 0; plane < PLANES; plane++) {
        const a = v + ((<usize>(plane * vPlane + m0)) << 2);
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
      if (first + count < end) continue;
      for (let c = 0; c < rows; c++) {
        const to = partial + ((<usize>((m0 + c) * n)) << 2);
        transformSums(sums + ((<usize>(c * ldm)) << 2), (<usize>uPlane) << 2, n, to, tap, half);
      }
    }
  }
}

/** The 4×4 gradients of a patch to 6×6 points, without the divisors: row `t` of `count` of each packed plane. */
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
  const top = (line - image * op.outputHeight) * STEP;
  const left = (index - line * op.outputWidth) * STEP;
  const filters = op.filters;
  const column = (<usize>filters) << 2;
  const row = <usize>op.yWidth * column;
  let r0 = op.dy + <usize>((image * op.yHeight + top) * op.yWidth + left) * column;
  let r1 = top + 1 < op.yHeight ? r0 + row : zeros;
  let r2 = top + 2 < op.yHeight ? r0 + 2 * row : zeros;
  let r3 = top + 3 < op.yHeight ? r0 + 3 * row : zeros;
  for (let n = 0; n < filters; n += 8) {
    for (let j = 0; j < STEP; j++) {
      const at = <usize>j * column,
        into = half + ((<usize>j) << 5);
      if (left + j < op.yWidth) gradientLine(r0 + at, r1 + at, r2 + at, r3 + at, into, 4 * 32);
      else clearLine(into, 4 * 32);
    }
    const first = panelOf(n, filters);
    const into =
      to + ((<usize>(first * count + t * panelColumns(filters - first) + n - first)) << 2);
    for (let i: usize = 0; i < 6; i++) {
      const at = half + i * 128;
      gradientLine(at, at + 32, at + 64, at + 96, into + i * 6 * plane, plane);
    }
    r0 += 32;
    r1 += 32;
    r2 += 32;
    r3 += 32;
  }
}

/** The sums over patches to 3×3 taps, with the divisors: one channel's, for all n filters. */
function transformSums(
  from: usize,
  plane: usize,
  n: i32,
  to: usize,
  tap: usize,
  half: usize,
): void {
  const done = half + 3 * 6 * 32;
  for (let j = 0; j < n; j += 4) {
    for (let s: usize = 0; s < 6; s++) sumLine(from + s * plane, 6 * plane, half + s * 16, 6 * 16);
    for (let r: usize = 0; r < 3; r++) {
      sumLine(half + r * 96, 16, done, 16);
      for (let s: usize = 0; s < 3; s++)
        storeLanes(to + (r * 3 + s) * tap, v128.load(done + s * 16), n - j);
    }
    from += 16;
    to += 16;
  }
}
