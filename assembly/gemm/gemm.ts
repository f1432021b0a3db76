// Blocked matrix multiplication as BLIS does it (Van Zee & van de Geijn, 2015): B is packed in
// panels of NR columns (pack.ts), a block of MC rows of A stays in L2, a kc×NR panel of B stays in
// L1 (blocks.ts, multiply.ts), and the microkernel (tile.ts) keeps MR×NR of C in registers.

import { In, Op, Out } from '../core/op';
import { LEAST_COLUMNS, mostParts, partColumn, partsFor } from '../core/parts';
import { blockLength, blockRows, fillTable, outputTable, rowTable } from './blocks';
import { ITSELF, multiplyColumns, multiplyRows, NOTHING } from './multiply';

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
