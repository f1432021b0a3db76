// Copies between arrays whose dimensions lie otherwise: transposed, reversed, with gaps, repeated. Dimensions are collapsed
// before (src/operators/arrays/strides.ts): five outer ones and rows of `n`. Steps are in elements.

import { In, InOut, Op, Out } from '../core/op';
import { addExactly, copyExactly, storeLanes } from '../core/simd';
import { PIECE, piecesOf, rowsOf } from './combine';

/** y[Σ i·yStep] = x[Σ i·xStep], for all i of [d0, d1, d2, d3, d4, n]; or += where it `adds`. */
@unmanaged
export class StridedCopy extends Op {
  /** Nothing is written between its elements. Where the copy adds, no two are at one place. */
  y: InOut;
  x: In;
  d0: i32;
  d1: i32;
  d2: i32;
  d3: i32;
  d4: i32;
  n: i32;
  x0: i32;
  x1: i32;
  x2: i32;
  x3: i32;
  x4: i32;
  xStep: i32;
  y0: i32;
  y1: i32;
  y2: i32;
  y3: i32;
  y4: i32;
  yStep: i32;
  adds: i32;
}

// @ts-ignore: decorator
@inline
function rowsIn(op: StridedCopy): i32 {
  return op.d0 * op.d1 * op.d2 * op.d3 * op.d4;
}

export function stridedCopyTasks(op: StridedCopy): i32 {
  const rows = rowsOf(op.n);
  return ((rowsIn(op) + rows - 1) / rows) * piecesOf(op.n);
}

export function stridedCopy(op: StridedCopy, task: i32): void {
  const n = op.n;
  const pieces = piecesOf(n);
  const block = task / pieces;
  const from = (task - block * pieces) * PIECE;
  const count = min(n, from + PIECE) - from;
  let row = block * rowsOf(n);
  const end = min(rowsIn(op), row + rowsOf(n));
  let rest = row;
  let i4 = rest % op.d4;
  rest /= op.d4;
  let i3 = rest % op.d3;
  rest /= op.d3;
  let i2 = rest % op.d2;
  rest /= op.d2;
  let i1 = rest % op.d1;
  let i0 = rest / op.d1;
  for (; row < end; row++) {
    const x = i0 * op.x0 + i1 * op.x1 + i2 * op.x2 + i3 * op.x3 + i4 * op.x4 + from * op.xStep;
    const y = i0 * op.y0 + i1 * op.y1 + i2 * op.y2 + i3 * op.y3 + i4 * op.y4 + from * op.yStep;
    copyRow(op, op.y + ((<isize>y) << 2), op.x + ((<isize>x) << 2), count);
    if (++i4 < op.d4) continue;
    i4 = 0;
    if (++i3 < op.d3) continue;
    i3 = 0;
    if (++i2 < op.d2) continue;
    i2 = 0;
    if (++i1 < op.d1) continue;
    i1 = 0;
    i0++;
  }
}

function copyRow(op: StridedCopy, y: usize, x: usize, count: i32): void {
  const xStep = (<isize>op.xStep) << 2,
    yStep = (<isize>op.yStep) << 2;
  if (xStep == 4 && yStep == 4) {
    if (op.adds) addExactly(y, x, count);
    else copyExactly(y, x, count);
    return;
  }
  if (yStep == 4 && !op.adds) return gatherRow(y, x, xStep, count);
  for (; count > 0; count--) {
    const before = op.adds ? load<f32>(y) : 0;
    store<f32>(y, before + load<f32>(x));
    x += xStep;
    y += yStep;
  }
}

/** Four at a time; the rest one by one, as what is beside x may not be read. */
function gatherRow(y: usize, x: usize, step: isize, count: i32): void {
  for (; count >= 4; count -= 4) {
    let v = v128.load32_zero(x);
    v = v128.load32_lane(x + step, v, 1);
    v = v128.load32_lane(x + 2 * step, v, 2);
    v = v128.load32_lane(x + 3 * step, v, 3);
    v128.store(y, v);
    x += 4 * step;
    y += 16;
  }
  for (; count > 0; count--) {
    store<f32>(y, load<f32>(x));
    x += step;
    y += 4;
  }
}

/** y = value. */
@unmanaged
export class Fill extends Op {
  y: Out;
  count: i32;
  value: f32;
}

export function fillTasks(op: Fill): i32 {
  return piecesOf(op.count);
}

export function fill(op: Fill, task: i32): void {
  const value = f32x4.splat(op.value);
  const end = min(op.count, (task + 1) * PIECE);
  for (let i = task * PIECE; i < end; i += 4) storeLanes(op.y + ((<usize>i) << 2), value, end - i);
}
