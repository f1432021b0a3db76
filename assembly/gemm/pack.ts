// Packing: the right-hand matrix B[k×n] of every multiplication is laid out in panels, [panels][k][columns],
// zero-filled on the right, so that the microkernel reads it as one stream. A panel has NR columns, or
// twice as many where the wide tile is in use and more than NR columns are left: either way column j of
// B, a multiple of NR, begins k·j floats from the start, and the whole takes as much room.

import { In, Op, Out } from '../core/op';
import { laneMask } from '../core/simd';
import { NR } from './tile';

/** Whether this instance multiplies with the wide tile; a build without it (`WIDE`, build.d.ts) never does. */
let wide: bool = false;

/** Chooses the tile. Panels packed and programs prepared before must not be used any more. Returns `usesWideTile()`. */
export function useWideTile(on: bool): bool {
  wide = WIDE != 0 && on;
  return wide;
}

export function usesWideTile(): bool {
  return wide;
}

/** Columns of the panel that comes next where `left` columns are left. */
// @ts-ignore: decorator
@inline
export function panelColumns(left: i32): i32 {
  return WIDE && wide && left > NR ? 2 * NR : NR;
}

// @ts-ignore: decorator
@inline
export function isWide(columns: i32): bool {
  return WIDE && columns > NR;
}

/** The first column of the panel that column j of n is in. */
export function panelOf(j: i32, n: i32): i32 {
  const start = j - (j % (2 * NR));
  return isWide(panelColumns(n - start)) ? start : j - (j % NR);
}

/** Columns of n that a packed matrix has. */
// @ts-ignore: decorator
@inline
export function packedColumns(n: i32): i32 {
  return ((n + NR - 1) / NR) * NR;
}

/** B from memory: `packed` = panels of `b`, which is [k×n], or [n×k] when `transpose` is set. */
@unmanaged
export class Pack extends Op {
  packed: Out;
  b: In;
  k: i32;
  n: i32;
  /** Floats from one row of `b` to the next. */
  ldb: i32;
  transpose: i32;
  /** Column groups of `b` packed one after the other: of n columns, or of k when `transpose` is set. */
  groups: i32;
}

export function packTasks(op: Pack): i32 {
  return op.groups * panels(op.n);
}

export function pack(op: Pack, task: i32): void {
  const perGroup = panels(op.n);
  const group = task / perGroup;
  const j = (task - group * perGroup) * panelColumns(op.n);
  const to = op.packed + ((<usize>((group * packedColumns(op.n) + j) * op.k)) << 2);
  if (op.transpose)
    packPanelTransposed(
      to,
      op.b + ((<usize>(j * op.ldb + group * op.k)) << 2),
      op.k,
      op.n - j,
      op.ldb,
      panelColumns(op.n - j),
    );
  else packPanel(to, op.b + ((<usize>(group * op.n + j)) << 2), op.k, op.n - j, op.ldb);
}

/**
 * The B of backward-data: rows are (tap, output channel) of the taps that reach one residue class of
 * input pixels, columns are input channels. `filter` is [kernelHeight×kernelWidth×channels×filters].
 */
@unmanaged
export class PackFilter extends Op {
  packed: Out;
  filter: In;
  kernelWidth: i32;
  /** Input channels of one group. */
  channels: i32;
  /** Output channels of one group, and of all. */
  filters: i32;
  groups: i32;
  /** Taps of this class: first, step downwards and count, for each axis. */
  firstRow: i32;
  rowStep: i32;
  rows: i32;
  firstColumn: i32;
  columnStep: i32;
  columns: i32;
}

export function packFilterTasks(op: PackFilter): i32 {
  return op.groups * panels(op.channels);
}

export function packFilter(op: PackFilter, task: i32): void {
  const perGroup = panels(op.channels);
  const group = task / perGroup;
  const j = (task - group * perGroup) * panelColumns(op.channels);
  const columns = panelColumns(op.channels - j);
  const ld = op.filters * op.groups;
  let to =
    op.packed +
    ((<usize>((group * packedColumns(op.channels) + j) * op.rows * op.columns * op.filters)) << 2);
  for (let r = 0; r < op.rows; r++) {
    for (let s = 0; s < op.columns; s++) {
      const tap =
        (op.firstRow - r * op.rowStep) * op.kernelWidth + op.firstColumn - s * op.columnStep;
      const from = op.filter + ((<usize>((tap * op.channels + j) * ld + group * op.filters)) << 2);
      packPanelTransposed(to, from, op.filters, op.channels - j, ld, columns);
      to += (<usize>(op.filters * columns)) << 2;
    }
  }
}

/** Panels that n columns make. */
export function panels(n: i32): i32 {
  const columns = panelColumns(n);
  return (n + columns - 1) / columns;
}

/** All panels of the k×n matrix at `b`, one after the other. */
export function packPanels(to: usize, b: usize, k: i32, n: i32, ldb: i32): void {
  let j = 0;
  while (j < n) {
    packPanel(to, b + ((<usize>j) << 2), k, n - j, ldb);
    const columns = panelColumns(n - j);
    to += (<usize>(k * columns)) << 2;
    j += columns;
  }
}

/** The first panel of the k rows at `b`: zeros from column n on. */
function packPanel(to: usize, b: usize, k: i32, n: i32, ldb: i32): void {
  const columns = panelColumns(n);
  const step = (<usize>ldb) << 2;
  const end = to + ((<usize>(k * columns)) << 2);
  if (isWide(columns)) {
    const mask2 = laneMask(n - 8);
    const mask3 = laneMask(n - 12);
    for (; to < end; to += (2 * NR) << 2) {
      const v0 = v128.load(b),
        v1 = v128.load(b, 16),
        v2 = v128.load(b, 32),
        v3 = v128.load(b, 48);
      v128.store(to, v1, 16);
      v128.store(to, v0);
      v128.store(to, v128.and(v3, mask3), 48);
      v128.store(to, v128.and(v2, mask2), 32);
      b += step;
    }
    return;
  }
  const mask0 = laneMask(n);
  const mask1 = laneMask(n - 4);
  for (; to < end; to += NR << 2) {
    const v0 = v128.load(b),
      v1 = v128.load(b, 16);
    v128.store(to, v128.and(v1, mask1), 16);
    v128.store(to, v128.and(v0, mask0));
    b += step;
  }
}

/** One panel of a matrix stored by columns: element (p, j) is at b[j·ldb + p]. */
function packPanelTransposed(to: usize, b: usize, k: i32, n: i32, ldb: i32, columns: i32): void {
  const step = (<usize>ldb) << 2;
  for (let j = 0; j < columns; j += 4) {
    // Past the last column nothing may be read: any column will do, all of it is masked away.
    packFour(
      to + ((<usize>j) << 2),
      (<usize>columns) << 2,
      j < n ? b + <usize>j * step : b,
      k,
      n - j,
      step,
    );
  }
}

/** Four columns of a panel whose rows are `row` bytes apart: 4×4 transposes, then the last k mod 4 rows one by one. */
function packFour(to: usize, row: usize, b: usize, k: i32, n: i32, step: usize): void {
  const mask = laneMask(n);
  // Columns that do not exist are read from the first one and masked away.
  const b1 = n > 1 ? b + step : b;
  const b2 = n > 2 ? b + 2 * step : b;
  const b3 = n > 3 ? b + 3 * step : b;
  let p: usize = 0;
  for (const end = (<usize>(k & ~3)) << 2; p < end; p += 16) {
    const v0 = v128.load(b + p),
      v1 = v128.load(b1 + p);
    const v2 = v128.load(b2 + p),
      v3 = v128.load(b3 + p);
    const t0 = v128.shuffle<i32>(v0, v1, 0, 4, 1, 5),
      t1 = v128.shuffle<i32>(v0, v1, 2, 6, 3, 7);
    const t2 = v128.shuffle<i32>(v2, v3, 0, 4, 1, 5),
      t3 = v128.shuffle<i32>(v2, v3, 2, 6, 3, 7);
    v128.store(to, v128.and(v128.shuffle<i64>(t0, t2, 0, 2), mask));
    v128.store(to + row, v128.and(v128.shuffle<i64>(t0, t2, 1, 3), mask));
    v128.store(to + 2 * row, v128.and(v128.shuffle<i64>(t1, t3, 0, 2), mask));
    v128.store(to + 3 * row, v128.and(v128.shuffle<i64>(t1, t3, 1, 3), mask));
    to += 4 * row;
  }
  for (const end = (<usize>k) << 2; p < end; p += 4) {
    const v = f32x4(load<f32>(b + p), load<f32>(b1 + p), load<f32>(b2 + p), load<f32>(b3 + p));
    v128.store(to, v128.and(v, mask));
    to += row;
  }
}
