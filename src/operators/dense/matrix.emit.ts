// Matrix products and sums over rows as ops: what dense layers and matMul are made of.

import { NR } from '../../../bindings/constants.js';
import { type Emitter, none, type Operand, type Value } from '../../program/emitter.js';

/** Floats of a packed [k×n] matrix. */
export function panelSize(k: number, n: number): number {
  return Math.ceil(n / NR) * NR * k;
}

/** b as panels, for multiplying with: [k×n], or [n×k] where `transpose` is set, in each of its groups. */
export function packedMatrix(
  e: Emitter,
  b: Value,
  size: { k: number; n: number; ldb: number; transpose?: boolean; groups?: number },
): Value {
  const { k, n, ldb, transpose = false, groups = 1 } = size;
  return e.form(b, [groups, Math.max(1, panelSize(k, n))], (to, packed) =>
    to.emit('pack', { packed, b, k, n, ldb, transpose: transpose ? 1 : 0, groups }),
  );
}

/** Sizes of c[m×n] = a[m×k]·b[k×n]; the flags say which operand is stored transposed. */
export interface MatMul {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** c = op(a)·op(b) + bias, then ReLU if `rectify`. */
export function matMul(
  e: Emitter,
  c: Value,
  a: Value,
  b: Value,
  size: MatMul,
  bias: Operand = none,
  rectify = false,
): void {
  const { m, n, k, transposeA = false, transposeB = false } = size;
  const packed = packedMatrix(e, b, { k, n, ldb: transposeB ? k : n, transpose: transposeB });
  e.emit('gemm', {
    c,
    a,
    b: packed,
    bias,
    m,
    n,
    k,
    lda: transposeA ? m : k,
    ldc: n,
    transposeA: transposeA ? 1 : 0,
    rectify: rectify ? 1 : 0,
  });
}

/** Partial sums of one result: no more than this many, and no more floats than this together. */
const MOST_PARTS = 16;
const MOST_FLOATS = 4 << 20;

/**
 * Emits a sum over many units of work in parts, and then the sum of the parts. How many there are
 * depends on the shape alone, and so does the order of summation.
 *
 * @param units how much work there is, in rows or pixels or lines
 * @param least how much of it a part takes at least
 */
export function sumInParts(
  e: Emitter,
  y: Value,
  units: number,
  least: number,
  emitParts: (partials: Value, splits: number) => void,
): void {
  const wanted = Math.min(MOST_PARTS, units / least, MOST_FLOATS / y.size);
  const splits = Math.max(1, Math.floor(wanted));
  if (splits === 1) {
    emitParts(y, 1);
    return;
  }
  const partials = e.value([splits, ...y.shape]);
  emitParts(partials, splits);
  e.emit('sumPartials', { y, partials, splits, count: y.size });
}

/** Rows that one partial sum takes at least. */
const SPLIT_ROWS = 1024;

/** y[channels] = the sum of `rows` rows of x. */
export function sumRows(e: Emitter, y: Value, x: Value, rows: number, channels: number): void {
  sumInParts(e, y, rows, SPLIT_ROWS, (partials, splits) =>
    e.emit('columnSum', { partials, x, rows, channels, splits }),
  );
}

/** y[rows × channels] += row, to each row, then ReLU if `rectify`. */
export function addToRows(
  e: Emitter,
  y: Value,
  row: Value,
  channels: number,
  rectify: boolean,
): void {
  const size = { rows: y.size / channels, channels, rectify: rectify ? 1 : 0 };
  e.emit('normApply', { y, x: y, mean: none, scale: none, beta: row, residual: none, ...size });
}
