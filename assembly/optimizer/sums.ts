// Sums over flat vectors for the optimizer: squares, for clipping by norm, and what L1 and L2 regularizers cost. Part
// by part, in an order that depends on the count alone.

import { In, Out } from '../core/op';
import { Split } from '../core/reduce';
import { laneMask, sumLanes } from '../core/simd';

/** What sums over a flat vector in parts. */
@unmanaged
export class SumInParts extends Split {
  /** [splits]. */
  partials: Out;
  x: In;
  count: i32;
}

/** partials[s] = Σ x² over the s-th part of x. */
@unmanaged
export class SquareSum extends SumInParts {}

export function squareSum(op: SquareSum, task: i32): void {
  const none = f32x4.splat(0);
  sumPart(true, op, task, none, none);
}

/** partials[s] = Σ (l1·|x| + l2·x²) over the s-th part of x. */
@unmanaged
export class Penalty extends SumInParts {
  l1: f32;
  l2: f32;
}

export function penalty(op: Penalty, task: i32): void {
  sumPart(false, op, task, f32x4.splat(op.l1), f32x4.splat(op.l2));
}

/** One part: of squares in four sums, which hide the latency of addition; of costs, which take longer, in two. */
// @ts-ignore: decorator
@inline
function sumPart(squares: bool, op: SumInParts, task: i32, l1: v128, l2: v128): void {
  const part = ((op.count + op.splits - 1) / op.splits + 15) & ~15;
  const end = min(op.count, (task + 1) * part);
  const step = squares ? 16 : 8;
  let s0 = f32x4.splat(0),
    s1 = s0,
    s2 = s0,
    s3 = s0;
  let i = task * part;
  let x = op.x + ((<usize>i) << 2);
  for (; i + step <= end; i += step) {
    s0 = f32x4.add(s0, term(squares, v128.load(x), l1, l2));
    s1 = f32x4.add(s1, term(squares, v128.load(x, 16), l1, l2));
    if (squares) {
      s2 = f32x4.add(s2, term(squares, v128.load(x, 32), l1, l2));
      s3 = f32x4.add(s3, term(squares, v128.load(x, 48), l1, l2));
    }
    x += (<usize>step) << 2;
  }
  for (; i < end; i += 4) {
    s0 = f32x4.add(s0, v128.and(term(squares, v128.load(x), l1, l2), laneMask(end - i)));
    x += 16;
  }
  const both = f32x4.add(s0, s1);
  const sum = squares ? f32x4.add(both, f32x4.add(s2, s3)) : both;
  store<f32>(op.partials + ((<usize>task) << 2), sumLanes(sum));
}

// @ts-ignore: decorator
@inline
function term(squares: bool, x: v128, l1: v128, l2: v128): v128 {
  if (squares) return f32x4.mul(x, x);
  const size = f32x4.abs(x);
  return f32x4.mul(size, f32x4.add(l1, f32x4.mul(l2, size)));
}
