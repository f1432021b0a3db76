// Concatenation along the last dimension: rows of one input are copied into their part of the output's
// rows, and backward out of it.

import { In, InOut, Op } from '../core/op';
import { copyExactly } from '../core/simd';

/** y[rows × columns] = x[rows × columns], whose rows begin yRow and xRow floats apart. */
@unmanaged
export class Concat extends Op {
  /** Nothing is written between its rows. */
  y: InOut;
  x: In;
  rows: i32;
  columns: i32;
  yRow: i32;
  xRow: i32;
}

/** Floats of a task: some 64 KiB. */
const TASK: i32 = 16384;

/** Rows of a task. */
// @ts-ignore: decorator
@inline
function taskRows(op: Concat): i32 {
  return max(1, TASK / max(1, op.columns));
}

export function concatTasks(op: Concat): i32 {
  return (op.rows + taskRows(op) - 1) / taskRows(op);
}

export function concat(op: Concat, task: i32): void {
  const first = task * taskRows(op);
  const last = min(op.rows, first + taskRows(op));
  const columns = op.columns;
  const yRow = (<usize>op.yRow) << 2,
    xRow = (<usize>op.xRow) << 2;
  let y = op.y + <usize>first * yRow;
  let x = op.x + <usize>first * xRow;
  for (let row = first; row < last; row++) {
    copyExactly(y, x, columns);
    y += yRow;
    x += xRow;
  }
}
