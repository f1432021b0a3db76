// Rows that are chosen by their numbers: taken, and added up; and running sums.

import { In, Op, Out } from '../core/op';
import { addExactly, copyExactly, zeroExactly } from '../core/simd';
import { PIECE, rowsOf } from './combine';

/**
 * y[batch, outer, count, slice] = x[batch, outer, indices[batch, count], slice], x[batch, outer, n, slice]. Indices are
 * whole numbers, 0 to n − 1. Bits are moved as they are.
 */
@unmanaged
export class Gather extends Op {
  batch: i32;
  outer: i32;
  n: i32;
  count: i32;
  slice: i32;
  y: Out;
  x: In;
  indices: In;
}

export function gatherTasks(op: Gather): i32 {
  const rows = rowsOf(op.slice);
  return (op.batch * op.outer * op.count + rows - 1) / rows;
}

export function gather(op: Gather, task: i32): void {
  const count = op.count,
    slice = op.slice,
    n = op.n;
  const bytes = (<usize>slice) << 2;
  let row = task * rowsOf(slice);
  const end = min(op.batch * op.outer * count, row + rowsOf(slice));
  let array = row / count,
    i = row - array * count;
  let y = op.y + <usize>row * bytes;
  for (; row < end; row++) {
    const at = load<i32>(op.indices + ((<usize>((array / op.outer) * count + i)) << 2));
    const x = op.x + <usize>(array * n + at) * bytes;
    if (slice == 1) store<u32>(y, load<u32>(x));
    else copyExactly(y, x, slice);
    y += bytes;
    if (++i < count) continue;
    i = 0;
    array++;
  }
}

/** y[segments, inner] = the sum of those rows of x[count, inner] whose index is that of the segment; others are left out. */
@unmanaged
export class SegmentSum extends Op {
  segments: i32;
  count: i32;
  inner: i32;
  y: Out;
  x: In;
  indices: In;
}

/** Columns of a task. */
const COLUMNS: i32 = 64;

export function segmentSumTasks(op: SegmentSum): i32 {
  return (op.inner + COLUMNS - 1) / COLUMNS;
}

export function segmentSum(op: SegmentSum, task: i32): void {
  const inner = op.inner;
  const column = task * COLUMNS;
  const columns = min(COLUMNS, inner - column);
  const at = (<usize>column) << 2;
  const bytes = (<usize>inner) << 2;
  for (let i = 0; i < op.segments; i++) zeroExactly(op.y + at + <usize>i * bytes, columns);
  for (let i = 0; i < op.count; i++) {
    const segment = load<i32>(op.indices + ((<usize>i) << 2));
    if (<u32>segment >= <u32>op.segments) continue;
    addExactly(op.y + at + <usize>segment * bytes, op.x + at + <usize>i * bytes, columns);
  }
}

/** y = the sum of x up to each element of n, in x[outer, n, inner]: without itself where it `excludes`. */
@unmanaged
export class Cumulate extends Op {
  outer: i32;
  n: i32;
  inner: i32;
  excludes: i32;
  /** From the last to the first. */
  reverse: i32;
  y: Out;
  x: In;
}

// @ts-ignore: decorator
@inline
function arraysOf(op: Cumulate): i32 {
  return max(1, PIECE / max(1, op.n * op.inner));
}

export function cumulateTasks(op: Cumulate): i32 {
  return (op.outer + arraysOf(op) - 1) / arraysOf(op);
}

export function cumulate(op: Cumulate, task: i32): void {
  const n = op.n,
    inner = op.inner;
  const line = (<isize>inner) << 2;
  const step = op.reverse ? -line : line;
  const end = min(op.outer, (task + 1) * arraysOf(op));
  for (let outer = task * arraysOf(op); outer < end; outer++) {
    const first = <isize>(outer * n + (op.reverse ? n - 1 : 0)) * line;
    for (let c = 0; c < inner; c++) {
      let at = first + ((<isize>c) << 2);
      let sum: f32 = 0;
      for (let i = 0; i < n; i++) {
        const x = load<f32>(op.x + at);
        const before = sum;
        sum += x;
        store<f32>(op.y + at, op.excludes ? before : sum);
        at += step;
      }
    }
  }
}
