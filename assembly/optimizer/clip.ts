// Gradient clipping: each number by itself, or all by the norm of the whole vector. The norm's square is
// summed part by part, then in a tree: in an order that depends on the count alone.

import { Elements, TASK } from '../core/elementwise';
import { In, InOut, Op, Out } from '../core/op';
import { Split } from '../core/reduce';
import { laneMask, storeLanes, sumLanes } from '../core/simd';

/** partials[s] = Σ x² over the s-th part of x. */
@unmanaged
export class SquareSum extends Split {
  /** [splits]. */
  partials: Out;
  x: In;
  count: i32;
}

export function squareSum(op: SquareSum, task: i32): void {
  const part = ((op.count + op.splits - 1) / op.splits + 15) & ~15;
  const end = min(op.count, (task + 1) * part);
  // Four sums hide the latency of addition.
  let s0 = f32x4.splat(0),
    s1 = s0,
    s2 = s0,
    s3 = s0;
  let i = task * part;
  let x = op.x + ((<usize>i) << 2);
  for (; i + 16 <= end; i += 16) {
    s0 = f32x4.add(s0, square(v128.load(x)));
    s1 = f32x4.add(s1, square(v128.load(x, 16)));
    s2 = f32x4.add(s2, square(v128.load(x, 32)));
    s3 = f32x4.add(s3, square(v128.load(x, 48)));
    x += 64;
  }
  for (; i < end; i += 4) {
    s0 = f32x4.add(s0, v128.and(square(v128.load(x)), laneMask(end - i)));
    x += 16;
  }
  store<f32>(
    op.partials + ((<usize>task) << 2),
    sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3))),
  );
}

// @ts-ignore: decorator
@inline
function square(x: v128): v128 {
  return f32x4.mul(x, x);
}

/** factor[0] = min(1, limit / (√Σ partials + 1e-6)), as PyTorch's clip_grad_norm_ has it. */
@unmanaged
export class ClipFactor extends Op {
  factor: Out;
  /** Added up in place: the first holds the sum then. */
  partials: InOut;
  count: i32;
  limit: f32;
}

export function clipFactor(op: ClipFactor): void {
  for (let step = 1; step < op.count; step <<= 1) {
    for (let i = 0; i + step < op.count; i += 2 * step) {
      const at = op.partials + ((<usize>i) << 2);
      store<f32>(at, load<f32>(at) + load<f32>(at + ((<usize>step) << 2)));
    }
  }
  const norm = sqrt<f32>(load<f32>(op.partials));
  store<f32>(op.factor, min<f32>(1, op.limit / (norm + 1e-6)));
}

/** x = x·factor, or where there is no factor, the nearest number from −limit to limit. */
@unmanaged
export class Clip extends Elements {
  x: InOut;
  /** [1], or 0. */
  factor: In;
  limit: f32;
}

export function clip(op: Clip, task: i32): void {
  const end = min(op.count, (task + 1) * TASK);
  const high = f32x4.splat(op.factor ? Infinity : op.limit);
  const low = f32x4.neg(high);
  const factor = f32x4.splat(op.factor ? load<f32>(op.factor) : 1);
  for (let i = task * TASK; i < end; i += 4) {
    const at = op.x + ((<usize>i) << 2);
    const x = f32x4.mul(v128.load(at), factor);
    storeLanes(at, f32x4.pmax(f32x4.pmin(x, high), low), end - i);
  }
}
