// Reductions of one dimension: [outer, n, inner] to [outer, inner]. Sums are made in chunks, so that long ones round less;
// in an order that depends on the shape alone.
//
// Work is cut into units: 16 columns of one outer index. Where inner is 1, the lanes run along n instead, which is then a
// line of 16 columns itself, whose results are joined.

import { In, Op, Out } from '../core/op';
import { laneMask, maxLanes, storeLanes } from '../core/simd';
import { PIECE } from './combine';

export const enum ReduceFn {
  Sum = 0,
  Maximum,
  Minimum,
  Product,
  /** Σ |x|. */
  Absolute,
  /** Σ x². */
  Square,
}

@unmanaged
export class Reduction extends Op {
  outer: i32;
  n: i32;
  inner: i32;
}

// @ts-ignore: decorator
@inline
function blocksOf(op: Reduction): i32 {
  return (op.inner + 15) >> 4;
}

/** Units of a task. */
// @ts-ignore: decorator
@inline
function unitsOf(op: Reduction): i32 {
  return max(1, PIECE / max(1, op.n * min(op.inner, 16)));
}

export function reductionTasks(op: Reduction): i32 {
  const units = op.outer * blocksOf(op);
  return (units + unitsOf(op) - 1) / unitsOf(op);
}

/** y = scale·(x over n). */
@unmanaged
export class Reduce extends Reduction {
  fn: i32;
  scale: f32;
  y: Out;
  x: In;
}

/** Lines of a chunk. */
const CHUNK: i32 = 128;

export function reduce(op: Reduce, task: i32, scratch: usize): void {
  const n = op.n,
    inner = op.inner,
    fn = op.fn;
  const scale = f32x4.splat(op.scale);
  const blocks = blocksOf(op);
  const end = min(op.outer * blocks, (task + 1) * unitsOf(op));
  for (let unit = task * unitsOf(op); unit < end; unit++) {
    const outer = unit / blocks;
    const column = (unit - outer * blocks) << 4;
    const x = op.x + ((<usize>(outer * n * inner + column)) << 2);
    const y = op.y + ((<usize>(outer * inner + column)) << 2);
    if (inner == 1) {
      const lines = n >> 4;
      foldLines(fn, scratch, x, lines, 64);
      foldRest(fn, scratch, x + ((<usize>lines) << 6), n & 15);
      store<f32>(y, joined(fn, scratch) * op.scale);
      continue;
    }
    foldLines(fn, scratch, x, n, (<usize>inner) << 2);
    for (let i = 0; i < 16 && column + i < inner; i += 4) {
      const at = (<usize>i) << 2;
      storeLanes(y + at, f32x4.mul(scale, v128.load(scratch + at)), inner - column - i);
    }
  }
}

/** totals[16] = the fold of `lines` lines, `step` bytes apart. */
function foldLines(fn: i32, totals: usize, x: usize, lines: i32, step: usize): void {
  const none = neutral(fn);
  for (let at: usize = 0; at < 64; at += 16) v128.store(totals + at, none);
  for (; lines > 0; lines -= CHUNK) {
    let s0 = none,
      s1 = none,
      s2 = none,
      s3 = none;
    for (let i = min(lines, CHUNK); i > 0; i--) {
      s0 = fold(fn, s0, v128.load(x));
      s1 = fold(fn, s1, v128.load(x, 16));
      s2 = fold(fn, s2, v128.load(x, 32));
      s3 = fold(fn, s3, v128.load(x, 48));
      x += step;
    }
    v128.store(totals, join(fn, v128.load(totals), s0));
    v128.store(totals, join(fn, v128.load(totals, 16), s1), 16);
    v128.store(totals, join(fn, v128.load(totals, 32), s2), 32);
    v128.store(totals, join(fn, v128.load(totals, 48), s3), 48);
  }
}

/** Folds `count` more numbers into totals. */
function foldRest(fn: i32, totals: usize, x: usize, count: i32): void {
  for (; count > 0; count -= 4) {
    const total = v128.load(totals);
    const more = fold(fn, total, v128.load(x));
    v128.store(totals, v128.bitselect(more, total, laneMask(count)));
    x += 16;
    totals += 16;
  }
}

/** All 16 as one. */
function joined(fn: i32, totals: usize): f32 {
  const low = join(fn, v128.load(totals), v128.load(totals, 16));
  const high = join(fn, v128.load(totals, 32), v128.load(totals, 48));
  const four = join(fn, low, high);
  const two = join(fn, four, i64x2.shuffle(four, four, 1, 0));
  return f32x4.extract_lane(join(fn, two, i32x4.shuffle(two, two, 1, 0, 3, 2)), 0);
}

// @ts-ignore: decorator
@inline
function neutral(fn: i32): v128 {
  return f32x4.splat(
    fn == ReduceFn.Maximum
      ? -Infinity
      : fn == ReduceFn.Minimum
        ? Infinity
        : fn == ReduceFn.Product
          ? 1
          : 0,
  );
}

/** What a number adds. */
// @ts-ignore: decorator
@inline
function fold(fn: i32, total: v128, x: v128): v128 {
  if (fn == ReduceFn.Absolute) return f32x4.add(total, f32x4.abs(x));
  if (fn == ReduceFn.Square) return f32x4.add(total, f32x4.mul(x, x));
  return join(fn, total, x);
}

/** Two results as one. */
// @ts-ignore: decorator
@inline
function join(fn: i32, a: v128, b: v128): v128 {
  if (fn == ReduceFn.Maximum) return f32x4.max(a, b);
  if (fn == ReduceFn.Minimum) return f32x4.min(a, b);
  if (fn == ReduceFn.Product) return f32x4.mul(a, b);
  return f32x4.add(a, b);
}

/**
 * y = the index, as a float, of the largest of n; of equal ones, the first or the last. NaN is larger than all; or passed
 * over, as TF.js does.
 */
@unmanaged
export class Argument extends Reduction {
  /** The sign bit for the least; else 0. */
  sign: u32;
  /** Whether the last of equals is taken. */
  last: i32;
  skipsNaN: i32;
  y: Out;
  x: In;
}

export function argument(op: Argument, task: i32): void {
  const inner = op.inner;
  const blocks = blocksOf(op);
  const end = min(op.outer * blocks, (task + 1) * unitsOf(op));
  for (let unit = task * unitsOf(op); unit < end; unit++) {
    const outer = unit / blocks;
    const column = (unit - outer * blocks) << 4;
    if (inner == 1 && op.skipsNaN) {
      store<f32>(
        op.y + ((<usize>outer) << 2),
        largestOfRow(op, op.x + ((<usize>(outer * op.n)) << 2)),
      );
      continue;
    }
    for (let i = column; i < min(inner, column + 16); i += 4) {
      const x = op.x + ((<usize>(outer * op.n * inner + i)) << 2);
      storeLanes(op.y + ((<usize>(outer * inner + i)) << 2), largest(op, x), inner - i);
    }
  }
}

/** Of n in a row, NaN passed over: four lanes, which all begin with the first. */
function largestOfRow(op: Argument, x: usize): f32 {
  const sign = i32x4.splat(op.sign);
  let best = v128.xor(v128.load32_splat(x), sign);
  let at = f32x4.splat(0),
    i = f32x4(0, 1, 2, 3);
  for (let left = op.n; left > 0; left -= 4) {
    const v = v128.xor(v128.load(x), sign);
    let better = f32x4.gt(v, best);
    if (left < 4) better = v128.and(better, laneMask(left));
    best = v128.bitselect(v, best, better);
    at = v128.bitselect(i, at, better);
    i = f32x4.add(i, f32x4.splat(4));
    x += 16;
  }
  // Of lanes that found the same, the first place. Where the first is NaN, no lane is less, and all stayed there.
  const isLess = f32x4.lt(best, f32x4.splat(maxLanes(best)));
  return -maxLanes(v128.bitselect(f32x4.splat(-Infinity), f32x4.neg(at), isLess));
}

function largest(op: Argument, x: usize): v128 {
  const sign = i32x4.splat(op.sign);
  const skips = i32x4.splat(-op.skipsNaN);
  const step = (<usize>op.inner) << 2;
  let best = v128.xor(v128.load(x), sign);
  let at = f32x4.splat(0);
  for (let i = 1; i < op.n; i++) {
    x += step;
    const v = v128.xor(v128.load(x), sign);
    const known = f32x4.eq(best, best);
    const isNaN = v128.andnot(f32x4.ne(v, v), skips);
    let better = v128.or(f32x4.gt(v, best), v128.and(isNaN, known));
    if (op.last) {
      const bothLost = v128.andnot(isNaN, known);
      better = v128.or(better, v128.or(f32x4.eq(v, best), bothLost));
    }
    best = v128.bitselect(v, best, better);
    at = v128.bitselect(f32x4.splat(<f32>i), at, better);
  }
  return at;
}
