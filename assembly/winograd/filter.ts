// Filters transformed for Winograd's algorithm: U = G·g·Gᵀ, each of its planes packed for multiplication.

import { blockScratch } from '../gemm/blocks';
import { In, Op, Out } from '../core/op';
import { packedColumns, panelColumns, panels } from '../gemm/pack';
import { columnPart, GAP, partsOf, pointsOf, rowPart, tapOf, tapsOf } from './form';
import { tapLines } from './lines';
import { laneMask } from '../core/simd';

/** Floats from one plane of transformed filters to the next. */
// @ts-ignore: decorator
@inline
export function filterPlane(channels: i32, filters: i32): i32 {
  return packedColumns(filters) * channels + GAP;
}

/**
 * Rows are channels, part by part; columns are filters. For backward-data, `flip`, rows are filters, and columns
 * channels. The taps are every so many of a filter's, forwards or backwards.
 */
@unmanaged
export class WinogradFilter extends Op {
  /** [points × points] planes of panels, each followed by 16 floats of nothing. */
  packed: Out;
  /** Rows of taps, each of `tapRow` rows of filters: those of channels, tap by tap. What is past them is 0. */
  filter: In;
  tapRow: i32;
  channels: i32;
  filters: i32;
  flip: i32;
  /** Taps of the form, as `Window` has them. */
  kernelHeight: i32;
  kernelWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  outputsHeight: i32;
  outputsWidth: i32;
  /** Which of the filter's is the first of them, and the step to the next. */
  firstRow: i32;
  rowStep: i32;
  firstColumn: i32;
  columnStep: i32;
  /** The columns that are made. */
  first: i32;
  columns: i32;
}

export function winogradFilterTasks(op: WinogradFilter): i32 {
  return panels(op.columns);
}

/** Bytes of a tap in the stage: 4 rows of 8 columns. */
// @ts-ignore: decorator
@inline const TAP: usize = 128;

export function winogradFilter(op: WinogradFilter, task: i32, scratch: usize): void {
  const k = op.flip ? op.filters : op.channels;
  const n = op.columns;
  const j = task * panelColumns(n);
  const columns = panelColumns(n - j);
  const kh = op.kernelHeight,
    kw = op.kernelWidth,
    mh = op.outputsHeight,
    mw = op.outputsWidth;
  const height = tapsOf(kh, mh, op.strideHeight),
    width = tapsOf(kw, mw, op.strideWidth);
  const rowPoints = pointsOf(kh, mh, op.strideHeight),
    columnPoints = pointsOf(kw, mw, op.strideWidth);
  const columnParts = partsOf(kw, mw, op.strideWidth);
  const parts = partsOf(kh, mh, op.strideHeight) * columnParts;
  const plane = (<usize>filterPlane(parts * k, n)) << 2;
  const stage = blockScratch(scratch);
  const half = stage + <usize>(height * width) * TAP;
  for (let part = 0; part < parts; part++) {
    const rowOf = rowPart(part, columnParts),
      columnOf = columnPart(part, columnParts);
    for (let p = 0; p < k; p += 4) {
      const rows = min(4, k - p);
      for (let c = 0; c < columns; c += 8) {
        let to = stage;
        for (let r = 0; r < height; r++) {
          for (let s = 0; s < width; s++) {
            const row = tapOf(kh, mh, op.strideHeight, rowOf, r),
              column = tapOf(kw, mw, op.strideWidth, columnOf, s);
            if (row >= kh || column >= kw) {
              memory.fill(to, 0, TAP);
            } else {
              const down = op.firstRow + row * op.rowStep,
                right = op.firstColumn + column * op.columnStep;
              stageTap(op, to, down, right, p, op.first + j + c);
            }
            to += TAP;
          }
        }
        let into = op.packed + ((<usize>(j * parts * k + (part * k + p) * columns + c)) << 2);
        for (let r = 0; r < rows; r++) {
          const from = stage + ((<usize>r) << 5);
          const line = <usize>width * TAP;
          tapLines(
            rowPoints,
            height,
            from,
            from + line,
            from + 2 * line,
            from + 3 * line,
            from + 4 * line,
            TAP,
            width,
            half,
            32,
            (<usize>width) << 5,
          );
          tapLines(
            columnPoints,
            width,
            half,
            half + 32,
            half + 64,
            half + 96,
            half + 128,
            (<usize>width) << 5,
            rowPoints,
            into,
            <usize>columnPoints * plane,
            plane,
          );
          into += (<usize>columns) << 2;
        }
      }
    }
  }
}

/** A tap for 4 rows from `p` on and 8 columns from `n` on. */
function stageTap(op: WinogradFilter, to: usize, row: i32, column: i32, p: i32, n: i32): void {
  const first = column * op.channels;
  // A last tap may be of fewer channels.
  const channels = min(op.channels, op.tapRow - first);
  const from = op.filter + ((<usize>((row * op.tapRow + first) * op.filters)) << 2);
  if (op.flip) stageFlipped(op, to, from, channels, p, n);
  else stageFilter(op, to, from, channels, p, n);
}

/** to[r] = filter[p + r][n … n+7]. */
function stageFilter(
  op: WinogradFilter,
  to: usize,
  from: usize,
  channels: i32,
  p: i32,
  n: i32,
): void {
  const mask0 = laneMask(op.filters - n),
    mask1 = laneMask(op.filters - n - 4);
  for (let r = p; r < p + 4; r++) {
    const at = from + ((<usize>(r * op.filters + n)) << 2);
    const is = r < channels;
    v128.store(to, is ? v128.and(v128.load(at), mask0) : f32x4.splat(0));
    v128.store(to, is ? v128.and(v128.load(at, 16), mask1) : f32x4.splat(0), 16);
    to += 32;
  }
}

/** to[r] = filter[n … n+7][p + r]. */
function stageFlipped(
  op: WinogradFilter,
  to: usize,
  from: usize,
  channels: i32,
  p: i32,
  n: i32,
): void {
  const step = (<usize>op.filters) << 2;
  from += (<usize>p) << 2;
  for (let c = n; c < n + 8; c += 4) {
    const mask = laneMask(channels - c);
    // Channels that do not exist are read from the first one and masked away.
    const s0 = c < channels ? <usize>c * step : 0;
    const s1 = c + 1 < channels ? s0 + step : s0;
    const s2 = c + 2 < channels ? s0 + 2 * step : s0;
    const s3 = c + 3 < channels ? s0 + 3 * step : s0;
    const v0 = v128.load(from + s0),
      v1 = v128.load(from + s1);
    const v2 = v128.load(from + s2),
      v3 = v128.load(from + s3);
    const t0 = v128.shuffle<i32>(v0, v1, 0, 4, 1, 5),
      t1 = v128.shuffle<i32>(v0, v1, 2, 6, 3, 7);
    const t2 = v128.shuffle<i32>(v2, v3, 0, 4, 1, 5),
      t3 = v128.shuffle<i32>(v2, v3, 2, 6, 3, 7);
    v128.store(to, v128.and(v128.shuffle<i64>(t0, t2, 0, 2), mask));
    v128.store(to, v128.and(v128.shuffle<i64>(t0, t2, 1, 3), mask), 32);
    v128.store(to, v128.and(v128.shuffle<i64>(t1, t3, 0, 2), mask), 64);
    v128.store(to, v128.and(v128.shuffle<i64>(t1, t3, 1, 3), mask), 96);
    to += 16;
  }
}
