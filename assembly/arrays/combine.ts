// Functions of two arrays that are broadcast to a common shape, and their gradients, which need a third: dy.
//
// Dimensions are collapsed before (src/operators/arrays/strides.ts): four outer ones and rows of `n`. Steps are in
// elements; a step of 0 repeats. Along a row an operand goes on by 1 or stays.

import { In, Op, Out } from '../core/op';
import { choose, exp, storeLanes } from '../core/simd';
import { naturalLog, sign } from './formulas';
import { angle } from './functions';
import { power, storePowers } from './scalar';

/** What is computed of a, b and c; x and y are operands and result of a reduction or a function, dy y's gradient. */
export const enum CombineFn {
  Add = 0,
  Subtract,
  Multiply,
  Divide,
  Maximum,
  Minimum,
  Power,
  /** a, where it is negative a·b. */
  Prelu,
  /** 1 where it is so, else 0. */
  Equal,
  Greater,
  Less,
  /** dy = c: −c·a/b². */
  DivideB,
  /** c where a > b, half of it where they are equal. */
  Above,
  Below,
  /** c·b·a^(b − 1). */
  PowerA,
  /** c·a^b·ln a; where a is 0, 0. */
  PowerB,
  /** c, where a is negative c·b. */
  PreluA,
  /** c·a where a is negative. */
  PreluB,
  /** c·sign(a). */
  Signed,
  /** c·a/b; where b is 0, 0. */
  Ratio,
  /** c·e^(a − b). */
  Share,
  /** c where a = b. */
  Where,
  // What follows has no gradient here.
  NotEqual,
  GreaterEqual,
  LessEqual,
  SquaredDifference,
  /** The angle of the point (b, a). */
  Atan2,
  /** b where c is not 0, else a: bit by bit, and never scaled. */
  Select,
  // Of whole numbers, never scaled.
  AddIntegers,
  SubtractIntegers,
  MultiplyIntegers,
}

/** y[d0, d1, d2, d3, n] = scale·f(a, b, c). y may be an operand that is not repeated. */
@unmanaged
export class Combine extends Op {
  fn: i32;
  scale: f32;
  d0: i32;
  d1: i32;
  d2: i32;
  d3: i32;
  n: i32;
  a0: i32;
  a1: i32;
  a2: i32;
  a3: i32;
  aStep: i32;
  b0: i32;
  b1: i32;
  b2: i32;
  b3: i32;
  bStep: i32;
  c0: i32;
  c1: i32;
  c2: i32;
  c3: i32;
  cStep: i32;
  y: Out;
  a: In;
  b: In;
  c: In;
}

/** Floats of a task. */
// @ts-ignore: decorator
@inline export const PIECE: i32 = 16384;

/** Pieces of a row, or 1 where a task takes rows. */
// @ts-ignore: decorator
@inline
export function piecesOf(n: i32): i32 {
  return (n + PIECE - 1) / PIECE;
}

/** Rows of a task. */
// @ts-ignore: decorator
@inline
export function rowsOf(n: i32): i32 {
  return max(1, PIECE / max(1, n));
}

// @ts-ignore: decorator
@inline
function rowsIn(op: Combine): i32 {
  return op.d0 * op.d1 * op.d2 * op.d3;
}

export function combineTasks(op: Combine): i32 {
  const rows = rowsOf(op.n);
  return ((rowsIn(op) + rows - 1) / rows) * piecesOf(op.n);
}

export function combine(op: Combine, task: i32, scratch: usize): void {
  const fn = op.fn;
  if (fn == CombineFn.Power || fn == CombineFn.PowerA || fn == CombineFn.PowerB)
    storePowers(scratch);
  const n = op.n;
  const pieces = piecesOf(n);
  const block = task / pieces;
  const from = (task - block * pieces) * PIECE;
  const to = min(n, from + PIECE);
  let row = block * rowsOf(n);
  const end = min(rowsIn(op), row + rowsOf(n));
  let i3 = row % op.d3,
    i2 = (row / op.d3) % op.d2,
    i1 = (row / (op.d3 * op.d2)) % op.d1,
    i0 = row / (op.d3 * op.d2 * op.d1);
  for (; row < end; row++) {
    const a = i0 * op.a0 + i1 * op.a1 + i2 * op.a2 + i3 * op.a3 + from * op.aStep;
    const b = i0 * op.b0 + i1 * op.b1 + i2 * op.b2 + i3 * op.b3 + from * op.bStep;
    const c = i0 * op.c0 + i1 * op.c1 + i2 * op.c2 + i3 * op.c3 + from * op.cStep;
    combineRow(
      op,
      op.y + ((<usize>(row * n + from)) << 2),
      op.a + ((<usize>a) << 2),
      op.b + ((<usize>b) << 2),
      op.c + ((<usize>c) << 2),
      to - from,
      scratch,
    );
    if (++i3 < op.d3) continue;
    i3 = 0;
    if (++i2 < op.d2) continue;
    i2 = 0;
    if (++i1 < op.d1) continue;
    i1 = 0;
    i0++;
  }
}

/** Where an operand's vectors begin: of one that stays, four that are the same, in `room`. */
function vectorsOf(x: usize, step: usize, room: usize): usize {
  if (step) return x;
  const v = v128.load32_splat(x);
  v128.store(room, v);
  v128.store(room, v, 16);
  v128.store(room, v, 32);
  v128.store(room, v, 48);
  return room;
}

function combineRow(
  op: Combine,
  y: usize,
  a: usize,
  b: usize,
  c: usize,
  count: i32,
  scratch: usize,
): void {
  const fn = op.fn;
  const scale = f32x4.splat(op.scale);
  const aStep = (<usize>op.aStep) << 4,
    bStep = (<usize>op.bStep) << 4,
    cStep = (<usize>op.cStep) << 4;
  a = vectorsOf(a, aStep, scratch);
  b = vectorsOf(b, bStep, scratch + 64);
  c = vectorsOf(c, cStep, scratch + 128);
  const whole = (<usize>(count >> 4)) << 2;
  if (op.scale == 1 && sweep(fn, y, a, b, y + (whole << 4), aStep << 2, bStep << 2)) {
    y += whole << 4;
    a += whole * aStep;
    b += whole * bStep;
    count &= 15;
  }
  for (; count > 0; count -= 4) {
    const v = result(fn, v128.load(a), v128.load(b), v128.load(c), scratch);
    // Whole numbers are no floats.
    storeLanes(y, fn < CombineFn.Select ? f32x4.mul(scale, v) : v, count);
    y += 16;
    a += aStep;
    b += bStep;
    c += cStep;
  }
}

/**
 * Vectors by fours of what is done in a moment: to choose for each would take longer than to do it. Each is a function of
 * its own, as the compiler makes one loop, which chooses again, of loops that differ in a constant alone.
 */
function sweep(
  fn: i32,
  y: usize,
  a: usize,
  b: usize,
  end: usize,
  aStep: usize,
  bStep: usize,
): bool {
  switch (fn) {
    case CombineFn.Add:
      sums(y, a, b, end, aStep, bStep);
      break;
    case CombineFn.Subtract:
      differences(y, a, b, end, aStep, bStep);
      break;
    case CombineFn.Multiply:
      products(y, a, b, end, aStep, bStep);
      break;
    case CombineFn.Divide:
      quotients(y, a, b, end, aStep, bStep);
      break;
    case CombineFn.Prelu:
      prelus(y, a, b, end, aStep, bStep);
      break;
    case CombineFn.SquaredDifference:
      squaredDifferences(y, a, b, end, aStep, bStep);
      break;
    default:
      return false;
  }
  return true;
}

// @ts-ignore: decorator
@inline
function loop(fn: i32, y: usize, a: usize, b: usize, end: usize, aStep: usize, bStep: usize): void {
  const zero = f32x4.splat(0);
  for (; y < end; y += 64) {
    v128.store(y, result(fn, v128.load(a), v128.load(b), zero, 0));
    v128.store(y, result(fn, v128.load(a, 16), v128.load(b, 16), zero, 0), 16);
    v128.store(y, result(fn, v128.load(a, 32), v128.load(b, 32), zero, 0), 32);
    v128.store(y, result(fn, v128.load(a, 48), v128.load(b, 48), zero, 0), 48);
    a += aStep;
    b += bStep;
  }
}

function sums(y: usize, a: usize, b: usize, end: usize, aStep: usize, bStep: usize): void {
  loop(CombineFn.Add, y, a, b, end, aStep, bStep);
}

function differences(y: usize, a: usize, b: usize, end: usize, aStep: usize, bStep: usize): void {
  loop(CombineFn.Subtract, y, a, b, end, aStep, bStep);
}

function products(y: usize, a: usize, b: usize, end: usize, aStep: usize, bStep: usize): void {
  loop(CombineFn.Multiply, y, a, b, end, aStep, bStep);
}

function quotients(y: usize, a: usize, b: usize, end: usize, aStep: usize, bStep: usize): void {
  loop(CombineFn.Divide, y, a, b, end, aStep, bStep);
}

function prelus(y: usize, a: usize, b: usize, end: usize, aStep: usize, bStep: usize): void {
  loop(CombineFn.Prelu, y, a, b, end, aStep, bStep);
}

function squaredDifferences(
  y: usize,
  a: usize,
  b: usize,
  end: usize,
  aStep: usize,
  bStep: usize,
): void {
  loop(CombineFn.SquaredDifference, y, a, b, end, aStep, bStep);
}

// @ts-ignore: decorator
@inline
function result(fn: i32, a: v128, b: v128, c: v128, scratch: usize): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  switch (fn) {
    case CombineFn.Add:
      return f32x4.add(a, b);
    case CombineFn.Subtract:
      return f32x4.sub(a, b);
    case CombineFn.Multiply:
      return f32x4.mul(a, b);
    case CombineFn.Divide:
      return f32x4.div(a, b);
    case CombineFn.Maximum:
      return f32x4.max(a, b);
    case CombineFn.Minimum:
      return f32x4.min(a, b);
    case CombineFn.Power:
      return power(a, b, scratch);
    case CombineFn.Prelu:
      return choose(f32x4.mul(a, b), a, f32x4.lt(a, zero));
    case CombineFn.Equal:
      return v128.and(one, f32x4.eq(a, b));
    case CombineFn.Greater:
      return v128.and(one, f32x4.gt(a, b));
    case CombineFn.Less:
      return v128.and(one, f32x4.lt(a, b));
    case CombineFn.DivideB:
      return f32x4.neg(f32x4.div(f32x4.mul(c, f32x4.div(a, b)), b));
    case CombineFn.Above:
      return v128.or(v128.and(c, f32x4.gt(a, b)), half(a, b, c));
    case CombineFn.Below:
      return v128.or(v128.and(c, f32x4.lt(a, b)), half(a, b, c));
    case CombineFn.PowerA:
      return f32x4.mul(f32x4.mul(c, b), power(a, f32x4.sub(b, one), scratch));
    case CombineFn.PowerB: {
      const d = f32x4.mul(f32x4.mul(c, power(a, b, scratch)), naturalLog(a));
      return v128.andnot(d, f32x4.eq(a, zero));
    }
    case CombineFn.PreluA:
      return v128.bitselect(f32x4.mul(c, b), c, f32x4.lt(a, zero));
    case CombineFn.PreluB:
      return v128.and(f32x4.mul(c, a), f32x4.lt(a, zero));
    case CombineFn.Signed:
      return f32x4.mul(c, sign(a));
    case CombineFn.Ratio:
      return v128.andnot(f32x4.mul(c, f32x4.div(a, b)), f32x4.eq(b, zero));
    case CombineFn.Share:
      return f32x4.mul(c, exp(f32x4.sub(a, b)));
    case CombineFn.NotEqual:
      return v128.and(one, f32x4.ne(a, b));
    case CombineFn.GreaterEqual:
      return v128.and(one, f32x4.ge(a, b));
    case CombineFn.LessEqual:
      return v128.and(one, f32x4.le(a, b));
    case CombineFn.SquaredDifference: {
      const d = f32x4.sub(a, b);
      return f32x4.mul(d, d);
    }
    case CombineFn.Atan2:
      return angle(a, b);
    case CombineFn.Select:
      return v128.bitselect(b, a, f32x4.ne(c, zero));
    case CombineFn.AddIntegers:
      return i32x4.add(a, b);
    case CombineFn.SubtractIntegers:
      return i32x4.sub(a, b);
    case CombineFn.MultiplyIntegers:
      return i32x4.mul(a, b);
    default:
      return v128.and(c, f32x4.eq(a, b));
  }
}

/** c/2 where a = b. */
// @ts-ignore: decorator
@inline
function half(a: v128, b: v128, c: v128): v128 {
  return v128.and(f32x4.mul(c, f32x4.splat(0.5)), f32x4.eq(a, b));
}
