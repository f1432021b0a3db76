// Convolution at stride 1 by Winograd's minimal filtering (Lavin & Gray, arXiv 1509.09308): F(4×4, 3×3) and F(2×2, 5×5)
// forward and backward-data, F(3×3, 4×4) backward-filter. 36 multiplications do the work of 144, or of 100, as 36 matrix
// products over channels; transforms before and after them only add and scale. F(5×5, 2×2) would round too coarsely: 3.4
// times as much as naive sums.
//
// All of them evaluate polynomials (points.ts) at the points 0, ±√½, ±√2 and ∞: half the error of the usual
// 0, ±1, ±2 (Barabasz et al., arXiv 1803.10986). patch.ts has the patches, backward.ts the gradient of the
// filters.

import {
  blockLength,
  blockRows,
  blockScratch,
  fillTable,
  outputTable,
  rowTable,
  SCRATCH_BYTES,
} from '../gemm/blocks';
import { ITSELF, multiplyRows, NOTHING, ZEROS } from '../gemm/multiply';
import { Window } from '../conv/im2col';
import { In, Op, Out } from '../core/op';
import { packedColumns, panelColumns, panels } from '../gemm/pack';
import { LEAST_COLUMNS, mostParts, partColumn, partsFor } from '../core/parts';
import { GAP, HALF_BYTES, PATCH, padded, patches, PLANES, stepOf, transformPatch } from './patch';
import { filterLine, outputLine, productLine } from './points';
import { laneMask, storeLanes, zero } from '../core/simd';
import { MR } from '../gemm/tile';

/** Floats from one plane of transformed filters to the next. */
// @ts-ignore: decorator
@inline
function filterPlane(channels: i32, filters: i32): i32 {
  return packedColumns(filters) * channels + GAP;
}

/**
 * Filters transformed, each plane packed for multiplication: U = G·g·Gᵀ. Rows are channels, columns are
 * filters; for backward-data, `flip`, the taps are turned round and rows are filters, columns channels.
 */
@unmanaged
export class WinogradFilter extends Op {
  /** [36] planes of panels, each followed by 16 floats of nothing. */
  packed: Out;
  /** [taps × taps × channels × filters]. */
  filter: In;
  /** 3 or 5. */
  taps: i32;
  channels: i32;
  filters: i32;
  flip: i32;
  /** The columns that are made. */
  first: i32;
  columns: i32;
}

export function winogradFilterTasks(op: WinogradFilter): i32 {
  return panels(op.columns);
}

export function winogradFilter(op: WinogradFilter, task: i32, scratch: usize): void {
  const k = op.flip ? op.filters : op.channels;
  const n = op.columns;
  const j = task * panelColumns(n);
  const columns = panelColumns(n - j);
  const plane = (<usize>filterPlane(k, n)) << 2;
  const row = (<usize>columns) << 2;
  const taps = <usize>op.taps;
  const stage = blockScratch(scratch);
  const half = stage + taps * taps * 64;
  for (let p = 0; p < k; p += 4) {
    const rows = min(4, k - p);
    for (let c = 0; c < columns; c += 4) {
      if (op.flip) stageFlipped(op, stage, p, op.first + j + c);
      else stageFilter(op, stage, p, op.first + j + c);
      let to = op.packed + ((<usize>(j * k + p * columns + c)) << 2);
      for (let r = 0; r < rows; r++) {
        const from = stage + ((<usize>r) << 4);
        for (let s: usize = 0; s < taps; s++)
          filterLine(from + s * 64, taps * 64, op.taps, half + s * 16, taps * 16);
        for (let i: usize = 0; i < 6; i++)
          filterLine(half + i * taps * 16, 16, op.taps, to + i * 6 * plane, plane);
        to += row;
      }
    }
  }
}

/** stage[tap][r] = filter[tap][p + r][n … n+3]. */
function stageFilter(op: WinogradFilter, stage: usize, p: i32, n: i32): void {
  const mask = laneMask(op.filters - n);
  const rows = min(4, op.channels - p);
  const taps = op.taps * op.taps;
  for (let tap = 0; tap < taps; tap++) {
    for (let r = 0; r < rows; r++) {
      const from = op.filter + ((<usize>((tap * op.channels + p + r) * op.filters + n)) << 2);
      v128.store(stage + ((<usize>r) << 4), v128.and(v128.load(from), mask));
    }
    stage += 64;
  }
}

/** stage[tap][r] = filter[the last − tap][n … n+3][p + r]. */
function stageFlipped(op: WinogradFilter, stage: usize, p: i32, n: i32): void {
  const mask = laneMask(op.channels - n);
  const step = (<usize>op.filters) << 2;
  // Channels that do not exist are read from the first one and masked away.
  const s0 = n < op.channels ? <usize>n * step : 0;
  const s1 = n + 1 < op.channels ? s0 + step : s0;
  const s2 = n + 2 < op.channels ? s0 + 2 * step : s0;
  const s3 = n + 3 < op.channels ? s0 + 3 * step : s0;
  for (let tap = op.taps * op.taps - 1; tap >= 0; tap--) {
    const from = op.filter + ((<usize>(tap * op.channels * op.filters + p)) << 2);
    const v0 = v128.load(from + s0),
      v1 = v128.load(from + s1);
    const v2 = v128.load(from + s2),
      v3 = v128.load(from + s3);
    const t0 = v128.shuffle<i32>(v0, v1, 0, 4, 1, 5),
      t1 = v128.shuffle<i32>(v0, v1, 2, 6, 3, 7);
    const t2 = v128.shuffle<i32>(v2, v3, 0, 4, 1, 5),
      t3 = v128.shuffle<i32>(v2, v3, 2, 6, 3, 7);
    v128.store(stage, v128.and(v128.shuffle<i64>(t0, t2, 0, 2), mask));
    v128.store(stage, v128.and(v128.shuffle<i64>(t0, t2, 1, 3), mask), 16);
    v128.store(stage, v128.and(v128.shuffle<i64>(t1, t3, 0, 2), mask), 32);
    v128.store(stage, v128.and(v128.shuffle<i64>(t1, t3, 1, 3), mask), 48);
    stage += 64;
  }
}

/** y = filters ⋆ x + bias + residual, then ReLU where asked: a square of outputs from each patch. */
@unmanaged
export class Winograd extends Window {
  /** [batch × yHeight × yWidth] pixels, yColumn floats from one to the next. */
  y: Out;
  x: In;
  /** Transformed by `winogradFilter`. */
  packed: In;
  /** [filters], or 0 for none. */
  bias: In;
  /** Laid out as y is, or 0 for none. */
  residual: In;
  filters: i32;
  /** Size of the output, in pixels; the window's output size counts patches. */
  yHeight: i32;
  yWidth: i32;
  yColumn: i32;
  rectify: i32;
}

/**
 * Patches that are worked on together: two register tiles' worth, which stay in cache from transform to
 * transform, or more where the filters are so large that reading them is what takes the time, if that
 * leaves work for all threads.
 */
function blockOf(op: Winograd): i32 {
  if (op.channels * op.filters <= LARGE) return 2 * MR;
  const share = (patches(op) + op.shared - 1) / op.shared;
  return share < LEAST_SHARE ? blockRows(patches(op)) : min(blockRows(patches(op)), share);
}

/** With fewer patches than this, reading the filters takes longer than multiplying by them. */
// @ts-ignore: decorator
@inline const LEAST_SHARE: i32 = 10;

// @ts-ignore: decorator
@inline const LARGE: i32 = 65536;

export function winogradTasks(op: Winograd): i32 {
  const block = blockOf(op);
  // Each part transforms its patches again.
  op.parts = partsFor(op.shared, patches(op), block, mostParts(op.filters, LEAST_COLUMNS));
  return ((patches(op) + block - 1) / block) * op.parts;
}

/** Bytes of scratch beyond what every op has: transformed patches, products, a patch half-way, a line of zeros. */
export function winogradScratch(op: Winograd): usize {
  const block = blockOf(op);
  const planes = PLANES * (block * (padded(op.channels) + padded(op.filters)) + 2 * GAP);
  return ((<usize>(planes + PATCH * padded(op.channels))) << 2) + HALF_BYTES;
}

export function winograd(op: Winograd, task: i32, scratch: usize): void {
  const block = blockOf(op);
  const blocks = (patches(op) + block - 1) / block;
  const part = task / blocks;
  const first = (task - part * blocks) * block;
  const count = min(block, patches(op) - first);
  const column = partColumn(part, op.parts, op.filters);
  const n = partColumn(part + 1, op.parts, op.filters) - column;
  const ldv = padded(op.channels),
    ldm = padded(op.filters);
  const vPlane = block * ldv + GAP,
    mPlane = block * ldm + GAP;
  const v = scratch + SCRATCH_BYTES;
  const m = v + ((<usize>(PLANES * vPlane)) << 2);
  const half = m + ((<usize>(PLANES * mPlane)) << 2);
  const zeros = half + HALF_BYTES;
  zero(zeros, PATCH * ldv);
  for (let t = 0; t < count; t++) {
    transformPatch(
      op,
      op.x,
      first + t,
      0,
      op.channels,
      v + ((<usize>(t * ldv)) << 2),
      (<usize>vPlane) << 2,
      half,
      zeros,
    );
  }
  fillTable(rowTable(scratch), v, count, ldv);
  fillTable(outputTable(scratch), m, count, ldm);
  const k = op.channels;
  const kc = blockLength(k);
  let packed = op.packed + ((<usize>(column * k)) << 2);
  for (let plane = 0; plane < PLANES; plane++) {
    for (let k0 = 0; k0 < k; k0 += kc) {
      multiplyRows(
        scratch,
        plane * vPlane + k0,
        packed,
        k,
        k0,
        min(kc, k - k0),
        count,
        n,
        plane * mPlane,
        k0 ? ITSELF : NOTHING,
        0,
        false,
      );
    }
    packed += (<usize>filterPlane(k, op.filters)) << 2;
  }
  for (let t = 0; t < count; t++) {
    transformProducts(
      op,
      first + t,
      column,
      n,
      m + ((<usize>(t * ldm)) << 2),
      (<usize>mPlane) << 2,
      half,
    );
  }
}

/**
 * Aᵀ·m·A, bias, residual and ReLU: the square of outputs of a patch, or as many as are inside the image, for `filters`
 * filters from `first` on.
 */
function transformProducts(
  op: Winograd,
  index: i32,
  first: i32,
  filters: i32,
  from: usize,
  plane: usize,
  half: usize,
): void {
  const line = index / op.outputWidth;
  const image = line / op.outputHeight;
  const step = stepOf(op);
  const top = (line - image * op.outputHeight) * step;
  const left = (index - line * op.outputWidth) * step;
  const column = (<usize>op.yColumn) << 2;
  const row = <usize>op.yWidth * column;
  const rows = min(step, op.yHeight - top),
    columns = min(step, op.yWidth - left);
  const floor = f32x4.splat(op.rectify ? 0 : -Infinity);
  const done = half + 4 * 6 * 32;
  let to =
    op.y + <usize>((image * op.yHeight + top) * op.yWidth + left) * column + ((<usize>first) << 2);
  for (let n = 0; n < filters; n += 8) {
    for (let j: usize = 0; j < 6; j++)
      productLine(from + j * plane, 6 * plane, step, half + j * 32, 6 * 32);
    const bias = op.bias ? op.bias + ((<usize>(first + n)) << 2) : ZEROS;
    const whole = columns == step && filters - n >= 8;
    for (let i = 0; i < rows; i++) {
      const at = to + <usize>i * row;
      const residual = op.residual ? at + (op.residual - op.y) : 0;
      outputLine(
        half + <usize>i * 192,
        step,
        bias,
        whole ? at : done,
        whole ? column : 32,
        whole ? residual : 0,
        whole ? floor : f32x4.splat(-Infinity),
      );
      if (!whole) copyLine(at, column, residual, done, columns, filters - n, floor);
    }
    from += 32;
    to += 32;
  }
}

/** The first `columns` of a line of outputs at `from`, and of each the first `n` filters. */
function copyLine(
  to: usize,
  column: usize,
  residual: usize,
  from: usize,
  columns: i32,
  n: i32,
  floor: v128,
): void {
  const step = residual ? column : 0;
  if (!residual) residual = ZEROS;
  for (let j = 0; j < columns; j++) {
    const v0 = f32x4.pmax(f32x4.add(v128.load(from), v128.load(residual)), floor);
    const v1 = f32x4.pmax(f32x4.add(v128.load(from, 16), v128.load(residual, 16)), floor);
    storeLanes(to, v0, n);
    if (n > 4) storeLanes(to + 16, v1, n - 4);
    to += column;
    residual += step;
    from += 32;
  }
}
