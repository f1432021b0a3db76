// Packing: the right-hand matrix B[k×n] of every multiplication is laid out in panels of NR columns,
// [⌈n/NR⌉][k][NR], zero-filled on the right, so that the microkernel reads it as one stream.

import { In, Op, Out } from './op';
import { laneMask } from './simd';
import { NR } from './tile';

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
  /** Column groups of `b` packed one behind the other: of n columns, or of k when `transpose` is set. */
  groups: i32;
}

export function packTiles(op: Pack): i32 {
  return op.groups * panels(op.n);
}

export function pack(op: Pack, tile: i32): void {
  const perGroup = panels(op.n);
  const group = tile / perGroup;
  const j = (tile - group * perGroup) * NR;
  const to = op.packed + (<usize>tile * op.k * NR << 2);
  if (op.transpose) packPanelTransposed(to, op.b + (<usize>(j * op.ldb + group * op.k) << 2), op.k, op.n - j, op.ldb);
  else packPanel(to, op.b + (<usize>(group * op.n + j) << 2), op.k, op.n - j, op.ldb);
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

export function packFilterTiles(op: PackFilter): i32 {
  return op.groups * panels(op.channels);
}

export function packFilter(op: PackFilter, tile: i32): void {
  const perGroup = panels(op.channels);
  const group = tile / perGroup;
  const j = (tile - group * perGroup) * NR;
  const ld = op.filters * op.groups;
  let to = op.packed + (<usize>tile * op.rows * op.columns * op.filters * NR << 2);
  for (let r = 0; r < op.rows; r++) {
    for (let s = 0; s < op.columns; s++) {
      const tap = (op.firstRow - r * op.rowStep) * op.kernelWidth + op.firstColumn - s * op.columnStep;
      const from = op.filter + (<usize>((tap * op.channels + j) * ld + group * op.filters) << 2);
      packPanelTransposed(to, from, op.filters, op.channels - j, ld);
      to += <usize>(op.filters * NR) << 2;
    }
  }
}

/** Panels of NR columns that n columns make. */
// @ts-ignore: decorator
@inline
export function panels(n: i32): i32 {
  return (n + NR - 1) / NR;
}

/** One panel: columns 0 … NR−1 of the k rows at `b`, zeros from column n on. */
export function packPanel(to: usize, b: usize, k: i32, n: i32, ldb: i32): void {
  const step = <usize>ldb << 2;
  const mask0 = laneMask(n);
  const mask1 = laneMask(n - 4);
  for (const end = to + (<usize>(k * NR) << 2); to < end; to += NR << 2) {
    v128.store(to, v128.and(v128.load(b), mask0));
    v128.store(to, v128.and(v128.load(b, 16), mask1), 16);
    b += step;
  }
}

/** One panel of a matrix stored by columns: element (p, j) is at b[j·ldb + p]. */
function packPanelTransposed(to: usize, b: usize, k: i32, n: i32, ldb: i32): void {
  const step = <usize>ldb << 2;
  for (let j = 0; j < NR; j += 4) {
    // Past the last column nothing may be read: any column will do, all of it is masked away.
    packFour(to + (<usize>j << 2), j < n ? b + <usize>j * step : b, k, n - j, step);
  }
}

/** Four columns of a panel: 4×4 transposes, then the last k mod 4 rows one by one. */
function packFour(to: usize, b: usize, k: i32, n: i32, step: usize): void {
  const row: usize = NR << 2;
  const mask = laneMask(n);
  // Columns that do not exist are read from the first one and masked away.
  const b1 = n > 1 ? b + step : b;
  const b2 = n > 2 ? b + 2 * step : b;
  const b3 = n > 3 ? b + 3 * step : b;
  let p: usize = 0;
  for (const end = <usize>(k & ~3) << 2; p < end; p += 16) {
    const v0 = v128.load(b + p), v1 = v128.load(b1 + p);
    const v2 = v128.load(b2 + p), v3 = v128.load(b3 + p);
    const t0 = v128.shuffle<i32>(v0, v1, 0, 4, 1, 5), t1 = v128.shuffle<i32>(v0, v1, 2, 6, 3, 7);
    const t2 = v128.shuffle<i32>(v2, v3, 0, 4, 1, 5), t3 = v128.shuffle<i32>(v2, v3, 2, 6, 3, 7);
    v128.store(to, v128.and(v128.shuffle<i64>(t0, t2, 0, 2), mask));
    v128.store(to + row, v128.and(v128.shuffle<i64>(t0, t2, 1, 3), mask));
    v128.store(to + 2 * row, v128.and(v128.shuffle<i64>(t1, t3, 0, 2), mask));
    v128.store(to + 3 * row, v128.and(v128.shuffle<i64>(t1, t3, 1, 3), mask));
    to += 4 * row;
  }
  for (const end = <usize>k << 2; p < end; p += 4) {
    const v = f32x4(load<f32>(b + p), load<f32>(b1 + p), load<f32>(b2 + p), load<f32>(b3 + p));
    v128.store(to, v128.and(v, mask));
    to += row;
  }
}
