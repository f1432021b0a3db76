// Blocked matrix multiplication as BLIS does it (Van Zee & van de Geijn, 2015): B is packed in
// panels of NR columns (pack.ts), a block of MC rows of A stays in L2, a kc×NR panel of B stays in
// L1, and the microkernel (tile.ts) keeps MR×NR of C in registers.
//
// KC depends on nothing but k, so the order of every sum, and so every bit of the result, is the
// same whatever the tile, the block of rows or the number of threads.

import { In, Op, Out } from '../core/op';
import { isWide, panelColumns } from './pack';
import { LEAST_COLUMNS, mostParts, partColumn, partsFor } from '../core/parts';
import { storeLanes } from '../core/simd';
import {
  MR,
  NR,
  tileColumns5x16,
  tileColumns5x8,
  tileColumns6x16,
  tileColumns6x8,
  tilePixels5x16,
  tilePixels5x8,
  tilePixels6x16,
  tilePixels6x8,
  tileRows1x16,
  tileRows1x8,
  tileRows5x16,
  tileRows5x8,
  tileRows6x16,
  tileRows6x8,
  tileTaps5x16,
  tileTaps5x8,
  tileTaps6x16,
  tileTaps6x8,
} from './tile';

/** The most rows of a block of A: a multiple of MR. 60 × KC floats are a small part of L2. */
// @ts-ignore: decorator
@inline export const MC: i32 = 60;
/** The most steps of k between two visits to C: a panel of B is then 16 KiB, a third of L1. */
// @ts-ignore: decorator
@inline export const KC: i32 = 512;
/** Columns of B that filter gradients pack at a time. */
// @ts-ignore: decorator
@inline export const NC: i32 = 256;

// A thread's scratch: two tables of row pointers, a spare tile, a table of offsets, the packed part of
// B, the block of A. The slack is for gathers, which write up to 12 bytes too far.
const TABLE_BYTES: usize = 256;
const SPARE_BYTES: usize = (<usize>(MR * 2 * NR)) << 2;
const OFFSETS_BYTES: usize = (<usize>KC) << 2;
const PANELS_BYTES: usize = (<usize>(KC * NC)) << 2;
/** Floats of the block of A: MC rows of KC, or the lines that they are read from. */
export const BLOCK: i32 = 32768;
/** Bytes of scratch that every thread needs, whatever the program. */
export const SCRATCH_BYTES: usize =
  2 * TABLE_BYTES + SPARE_BYTES + OFFSETS_BYTES + PANELS_BYTES + ((<usize>BLOCK) << 2) + 64;

// @ts-ignore: decorator
@inline export function rowTable(scratch: usize): usize {
  return scratch;
}
// @ts-ignore: decorator
@inline export function outputTable(scratch: usize): usize {
  return scratch + TABLE_BYTES;
}
// @ts-ignore: decorator
@inline function spareTile(scratch: usize): usize {
  return scratch + 2 * TABLE_BYTES;
}
// @ts-ignore: decorator
@inline export function offsetTable(scratch: usize): usize {
  return scratch + 2 * TABLE_BYTES + SPARE_BYTES;
}
// @ts-ignore: decorator
@inline export function panelScratch(scratch: usize): usize {
  return offsetTable(scratch) + OFFSETS_BYTES;
}
// @ts-ignore: decorator
@inline export function blockScratch(scratch: usize): usize {
  return panelScratch(scratch) + PANELS_BYTES;
}

/** c[m×n] = op(a)·b + bias, then ReLU where asked: dense layers and matMul. */
@unmanaged
export class Gemm extends Op {
  c: Out;
  /** [m×k] with `lda` floats from row to row, or [k×m] when `transposeA` is set. */
  a: In;
  /** Packed by `pack`. */
  b: In;
  /** [n], or 0 for none. */
  bias: In;
  m: i32;
  n: i32;
  k: i32;
  lda: i32;
  ldc: i32;
  transposeA: i32;
  rectify: i32;
}

export function gemmTasks(op: Gemm): i32 {
  const block = blockRows(op.m);
  op.parts = partsFor(op.shared, op.m, block, mostParts(op.n, LEAST_COLUMNS));
  return ((op.m + block - 1) / block) * op.parts;
}

export function gemm(op: Gemm, task: i32, scratch: usize): void {
  const block = blockRows(op.m);
  const blocks = (op.m + block - 1) / block;
  const part = task / blocks;
  const column = partColumn(part, op.parts, op.n);
  const n = partColumn(part + 1, op.parts, op.n) - column;
  const b = op.b + ((<usize>(column * op.k)) << 2);
  const first = (task - part * blocks) * block;
  const rows = min(block, op.m - first);
  const outputs = outputTable(scratch);
  fillTable(outputs, op.c + ((<usize>(first * op.ldc)) << 2), rows, op.ldc);
  if (!op.transposeA)
    fillTable(rowTable(scratch), op.a + ((<usize>(first * op.lda)) << 2), rows, op.lda);
  const kc = blockLength(op.k);
  let k0 = 0;
  do {
    const length = min(kc, op.k - k0);
    const last = k0 + length == op.k;
    const addend = k0 ? ITSELF : NOTHING;
    const bias = k0 || !op.bias ? <usize>0 : op.bias + ((<usize>column) << 2);
    const rectify = last && op.rectify != 0;
    if (op.transposeA) {
      const a = op.a + ((<usize>(k0 * op.lda + first)) << 2);
      multiplyColumns(
        scratch,
        a,
        op.lda,
        b,
        op.k,
        k0,
        length,
        rows,
        n,
        column,
        addend,
        bias,
        rectify,
      );
    } else {
      multiplyRows(scratch, k0, b, op.k, k0, length, rows, n, column, addend, bias, rectify);
    }
    k0 += kc;
  } while (k0 < op.k);
}

/** Rows of a block: m in equal parts of whole register tiles, of at most MC rows. */
export function blockRows(m: i32): i32 {
  const blocks = max(1, (m + MC - 1) / MC);
  const tiles = max(1, (m + MR - 1) / MR);
  return ((tiles + blocks - 1) / blocks) * MR;
}

/** How many steps of k a block takes: k in equal parts of at most KC, so that none is much shorter. */
export function blockLength(k: i32): i32 {
  const blocks = max(1, (k + KC - 1) / KC);
  return (k + blocks - 1) / blocks;
}

/** Pointers to `rows` rows that are `ld` floats apart, padded to whole tiles by the last one. */
export function fillTable(table: usize, first: usize, rows: i32, ld: i32): void {
  let row = first;
  for (let i = 0; i < rows; i++) {
    store<usize>(table + ((<usize>i) << 2), row);
    row += (<usize>ld) << 2;
  }
  padTable(table, rows);
}

/** The microkernel loads MR pointers even for fewer rows: the missing ones repeat the last. */
export function padTable(table: usize, rows: i32): void {
  const last = load<usize>(table + ((<usize>(rows - 1)) << 2));
  for (let i = rows; i % MR != 0; i++) store<usize>(table + ((<usize>i) << 2), last);
}

/**
 * C rows = A·B + what `addend` says, for k0 ≤ p < k0 + kc, A through the row table from column `aColumn` on, C through
 * the output table from column `column` on, B from panels of `k` rows. Bias is for the caller's
 * first block, ReLU for the last.
 */
export function multiplyRows(
  scratch: usize,
  aColumn: i32,
  b: usize,
  k: i32,
  k0: i32,
  kc: i32,
  rows: i32,
  n: i32,
  column: i32,
  addend: i32,
  bias: usize,
  rectify: bool,
): void {
  const step = (<usize>aColumn) << 2;
  multiply(
    Access.Rows,
    scratch,
    rowTable(scratch),
    step,
    b,
    k,
    k0,
    kc,
    rows,
    n,
    column,
    addend,
    bias,
    rectify,
  );
}

/** The same with a k-major A: element (i, p) is at a[p·lda + i]. Columns of C begin at `column`. */
export function multiplyColumns(
  scratch: usize,
  a: usize,
  lda: i32,
  b: usize,
  k: i32,
  k0: i32,
  kc: i32,
  rows: i32,
  n: i32,
  column: i32,
  addend: i32,
  bias: usize,
  rectify: bool,
): void {
  const step = (<usize>lda) << 2;
  multiply(Access.Columns, scratch, a, step, b, k, k0, kc, rows, n, column, addend, bias, rectify);
}

/** The same with A in lines: row pointers in the row table, steps in the offset table (lines.ts). */
export function multiplyTaps(
  scratch: usize,
  b: usize,
  k: i32,
  k0: i32,
  kc: i32,
  rows: i32,
  n: i32,
  addend: i32,
  bias: usize,
  rectify: bool,
): void {
  const offsets = offsetTable(scratch);
  multiply(
    Access.Taps,
    scratch,
    rowTable(scratch),
    offsets,
    b,
    k,
    k0,
    kc,
    rows,
    n,
    0,
    addend,
    bias,
    rectify,
  );
}

/** The same with a k-major A in lines: rows from `a` on, steps in the offset table. */
export function multiplyPixels(
  scratch: usize,
  a: usize,
  b: usize,
  kc: i32,
  rows: i32,
  n: i32,
  column: i32,
  addend: i32,
): void {
  const offsets = offsetTable(scratch);
  multiply(Access.Pixels, scratch, a, offsets, b, kc, 0, kc, rows, n, column, addend, 0, false);
}

const enum Access {
  Rows,
  Columns,
  Taps,
  Pixels,
}

/** What products are added to, in bytes from C: C itself, or nothing. Else what has C's layout. */
// @ts-ignore: decorator
@inline export const ITSELF: i32 = 0;
// @ts-ignore: decorator
@inline export const NOTHING: i32 = 1;

/** What the microkernels begin with where there is no bias. */
export const ZEROS: usize = memory.data(64, 16);

// @ts-ignore: decorator
@inline
function multiply(
  access: Access,
  scratch: usize,
  a: usize,
  step: usize,
  b: usize,
  k: i32,
  k0: i32,
  kc: i32,
  rows: i32,
  n: i32,
  column: i32,
  addend: i32,
  bias: usize,
  rectify: bool,
): void {
  const outputs = outputTable(scratch);
  let j = 0;
  while (j < n) {
    const columns = panelColumns(n - j);
    const nr = min(columns, n - j);
    const panel = b + ((<usize>(j * k + k0 * columns)) << 2);
    const at = (<usize>(column + j)) << 2;
    const biasAt = bias ? bias + ((<usize>j) << 2) : ZEROS;
    const exact = addend != NOTHING || nr < columns;
    let mr = 0;
    for (let i = 0; i < rows; i += mr) {
      mr = tileRows(rows - i);
      const entry = (<usize>i) << 2;
      const spare =
        exact && (addend != NOTHING || i + mr >= rows || !joined(outputs + entry, mr, nr, columns))
          ? spareTile(scratch)
          : 0;
      if (isWide(columns))
        wideTile(
          access,
          outputs + entry,
          at,
          a + entry,
          step,
          panel,
          kc,
          mr,
          biasAt,
          rectify,
          spare,
        );
      else
        narrowTile(
          access,
          outputs + entry,
          at,
          a + entry,
          step,
          panel,
          kc,
          mr,
          biasAt,
          rectify,
          spare,
        );
      if (addend != NOTHING) addTile(outputs + entry, at, addend, spare, mr, columns, nr, rectify);
      else if (spare) storeTile(outputs + entry, at, spare, mr, columns, nr, rectify);
    }
    j += columns;
  }
}

/**
 * Rows of the next tile when `left` are left: MR, or one less until the others come out even. 49 rows are five
 * tiles of 5 and four of 6 then, not nine of 6.
 */
// @ts-ignore: decorator
@inline
function tileRows(left: i32): i32 {
  const even = !ASC_FEATURE_RELAXED_SIMD || left % MR == 0;
  return min(left, even ? MR : MR - 1);
}

/**
 * Whether rows of C follow each other without a gap, so that what a row of the tile at `c` stores too far
 * is overwritten by the next, and by the next tile.
 */
// @ts-ignore: decorator
@inline
function joined(c: usize, mr: i32, nr: i32, columns: i32): bool {
  const step = load<usize>(c + ((<usize>mr) << 2)) - load<usize>(c);
  return 2 * nr >= columns && step == (<usize>(mr * nr)) << 2;
}

/** C = what is `addend` bytes after it + what a microkernel left in `spare`: its first `nr` columns. */
function addTile(
  c: usize,
  cOffset: usize,
  addend: i32,
  spare: usize,
  rows: i32,
  columns: i32,
  nr: i32,
  rectify: bool,
): void {
  const floor = f32x4.splat(rectify ? 0 : -Infinity);
  for (let i = 0; i < rows; i++) {
    const to = load<usize>(c + ((<usize>i) << 2)) + cOffset;
    for (let j = 0; j < nr; j += 8) {
      const from = spare + ((<usize>j) << 2),
        at = to + ((<usize>j) << 2);
      const c0 = v128.load(at + addend),
        c1 = v128.load(at + addend, 16);
      const v0 = f32x4.pmax(f32x4.add(c0, v128.load(from)), floor);
      const v1 = f32x4.pmax(f32x4.add(c1, v128.load(from, 16)), floor);
      if (nr - j >= 8) {
        v128.store(at, v1, 16);
        v128.store(at, v0);
      } else {
        storePart(at, v0, v1, nr - j);
      }
    }
    spare += (<usize>columns) << 2;
  }
}

/** Stores what a microkernel left in `spare`: its first `nr` columns. */
function storeTile(
  c: usize,
  cOffset: usize,
  spare: usize,
  rows: i32,
  columns: i32,
  nr: i32,
  rectify: bool,
): void {
  const floor = f32x4.splat(rectify ? 0 : -Infinity);
  // What a row of C stores too far, the next one overwrites where it follows at once.
  const spills = 2 * nr >= columns;
  let to = load<usize>(c) + cOffset;
  for (let i = 1; i <= rows; i++) {
    const next = i < rows ? load<usize>(c + ((<usize>i) << 2)) + cOffset : 0;
    const whole = spills && next == to + ((<usize>nr) << 2);
    for (let j = 0; j < nr; j += 8) {
      const from = spare + ((<usize>j) << 2),
        at = to + ((<usize>j) << 2);
      const v0 = f32x4.pmax(v128.load(from), floor),
        v1 = f32x4.pmax(v128.load(from, 16), floor);
      if (whole || nr - j >= 8) {
        v128.store(at, v0);
        v128.store(at, v1, 16);
      } else {
        storePart(at, v0, v1, nr - j);
      }
    }
    spare += (<usize>columns) << 2;
    to = next;
  }
}

/** The first `count` lanes of eight. */
// @ts-ignore: decorator
@inline
function storePart(to: usize, v0: v128, v1: v128, count: i32): void {
  storeLanes(to, v0, count);
  if (count > 4) storeLanes(to + 16, v1, count - 4);
}

/** The narrow microkernel for an access, a number of rows and this build. */
// @ts-ignore: decorator
@inline
function narrowTile(
  access: Access,
  c: usize,
  at: usize,
  a: usize,
  step: usize,
  b: usize,
  kc: i32,
  mr: i32,
  bias: usize,
  rectify: bool,
  spare: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD && mr == 6) {
    if (access == Access.Rows) return tileRows6x8(c, at, a, step, b, kc, mr, bias, rectify, spare);
    if (access == Access.Columns)
      return tileColumns6x8(c, at, a, step, b, kc, mr, bias, rectify, spare);
    if (access == Access.Taps) return tileTaps6x8(c, at, a, step, b, kc, mr, bias, rectify, spare);
    return tilePixels6x8(c, at, a, step, b, kc, mr, bias, rectify, spare);
  }
  if (access == Access.Rows) {
    if (mr == 1) return tileRows1x8(c, at, a, step, b, kc, mr, bias, rectify, spare);
    return tileRows5x8(c, at, a, step, b, kc, mr, bias, rectify, spare);
  }
  if (access == Access.Columns)
    return tileColumns5x8(c, at, a, step, b, kc, mr, bias, rectify, spare);
  if (access == Access.Taps) return tileTaps5x8(c, at, a, step, b, kc, mr, bias, rectify, spare);
  return tilePixels5x8(c, at, a, step, b, kc, mr, bias, rectify, spare);
}

/** The wide one. */
// @ts-ignore: decorator
@inline
function wideTile(
  access: Access,
  c: usize,
  at: usize,
  a: usize,
  step: usize,
  b: usize,
  kc: i32,
  mr: i32,
  bias: usize,
  rectify: bool,
  spare: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD && mr == 6) {
    if (access == Access.Rows) return tileRows6x16(c, at, a, step, b, kc, mr, bias, rectify, spare);
    if (access == Access.Columns)
      return tileColumns6x16(c, at, a, step, b, kc, mr, bias, rectify, spare);
    if (access == Access.Taps) return tileTaps6x16(c, at, a, step, b, kc, mr, bias, rectify, spare);
    return tilePixels6x16(c, at, a, step, b, kc, mr, bias, rectify, spare);
  }
  if (access == Access.Rows) {
    if (mr == 1) return tileRows1x16(c, at, a, step, b, kc, mr, bias, rectify, spare);
    return tileRows5x16(c, at, a, step, b, kc, mr, bias, rectify, spare);
  }
  if (access == Access.Columns)
    return tileColumns5x16(c, at, a, step, b, kc, mr, bias, rectify, spare);
  if (access == Access.Taps) return tileTaps5x16(c, at, a, step, b, kc, mr, bias, rectify, spare);
  return tilePixels5x16(c, at, a, step, b, kc, mr, bias, rectify, spare);
}
