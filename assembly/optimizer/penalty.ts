// What weights cost by themselves: L1 and L2 regularizers. Summed part by part, in an order that depends on the
// count alone.

import { In, Out } from '../core/op';
import { Split } from '../core/reduce';
import { laneMask, sumLanes } from '../core/simd';

/** partials[s] = Σ (l1·|x| + l2·x²) over the s-th part of x. */
@unmanaged
export class Penalty extends Split {
  /** [splits]. */
  partials: Out;
  x: In;
  count: i32;
  l1: f32;
  l2: f32;
}

export function penalty(op: Penalty, task: i32): void {
  const part = ((op.count + op.splits - 1) / op.splits + 15) & ~15;
  const end = min(op.count, (task + 1) * part);
  const l1 = f32x4.splat(op.l1),
    l2 = f32x4.splat(op.l2);
  let s0 = f32x4.splat(0),
    s1 = s0;
  let i = task * part;
  let x = op.x + ((<usize>i) << 2);
  for (; i + 8 <= end; i += 8) {
    s0 = f32x4.add(s0, costs(v128.load(x), l1, l2));
    s1 = f32x4.add(s1, costs(v128.load(x, 16), l1, l2));
    x += 32;
  }
  for (; i < end; i += 4) {
    s0 = f32x4.add(s0, v128.and(costs(v128.load(x), l1, l2), laneMask(end - i)));
    x += 16;
  }
  store<f32>(op.partials + ((<usize>task) << 2), sumLanes(f32x4.add(s0, s1)));
}

// @ts-ignore: decorator
@inline
function costs(x: v128, l1: v128, l2: v128): v128 {
  const size = f32x4.abs(x);
  return f32x4.mul(size, f32x4.add(l1, f32x4.mul(l2, size)));
}
