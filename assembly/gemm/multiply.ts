// One block of a product: rows of A, read in one of four ways, times panels of B. It goes through the tiles of C,
// and chooses the microkernel (tile.ts) of each.

import { offsetTable, outputTable, rowTable, spareTile } from './blocks';
import { isWide, panelColumns } from './pack';
import { addTile, storeTile } from './spare';
import { Access, evenTile, MR, narrowTile, wideTile } from './tile';

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

/**
 * C = A·B for rows that are evenly apart, in whole tiles, from row `k0` of panels of `k` rows on: for products so short
 * that a tile's tables would be half of the work. Rows of C have room for whole panels.
 */
export function multiplyEven(
  c: usize,
  ldc: i32,
  a: usize,
  lda: i32,
  b: usize,
  k: i32,
  k0: i32,
  kc: i32,
  rows: i32,
  n: i32,
): void {
  const cRow = (<usize>ldc) << 2,
    aRow = (<usize>lda) << 2;
  const end = a + <usize>rows * aRow;
  let j = 0;
  while (j < n) {
    const columns = panelColumns(n - j);
    const panel = panelAt(b, k, k0, j, columns);
    let to = c + ((<usize>j) << 2);
    for (let from = a; from < end; from += <usize>MR * aRow) {
      evenTile(isWide(columns), to, cRow, from, aRow, panel, kc);
      to += <usize>MR * cRow;
    }
    j += columns;
  }
}

/** Row `k0` of the panel that begins with column `j`. */
// @ts-ignore: decorator
@inline
function panelAt(b: usize, k: i32, k0: i32, j: i32, columns: i32): usize {
  return b + ((<usize>(j * k + k0 * columns)) << 2);
}

/** Where that is which products are added to, in bytes from C: C itself; or nothing. Any other has C's layout. */
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
    const panel = panelAt(b, k, k0, j, columns);
    const at = (<usize>(column + j)) << 2;
    const biasAt = bias ? bias + ((<usize>j) << 2) : ZEROS;
    const exact = addend != NOTHING || nr < columns;
    let mr = 0;
    for (let i = 0; i < rows; i += mr) {
      mr = access == Access.Rows ? evenRows(rows - i) : tileRows(rows - i);
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
 * Rows of the next tile when `left` are left: MR, or one less until the rest is whole tiles of MR. So 49 rows are
 * five tiles of 5 and four of 6, not nine of 6.
 */
// @ts-ignore: decorator
@inline
function tileRows(left: i32): i32 {
  const even = !ASC_FEATURE_RELAXED_SIMD || left % MR == 0;
  return min(left, even ? MR : MR - 1);
}

/** The same where there are tiles of 4 rows, too: as few tiles as can be, of about as many rows. So 8 rows are 4 and 4. */
// @ts-ignore: decorator
@inline
function evenRows(left: i32): i32 {
  const tiles = (left + MR - 1) / MR;
  return (left + tiles - 1) / tiles;
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
