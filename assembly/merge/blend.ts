// Sums of two vectors, each times a number: for differences, means, and what regularizers add to gradients.

import { Elements, TASK } from '../core/elementwise';
import { In, Out } from '../core/op';
import { madd, storeLanes } from '../core/simd';

/** y = alpha·a + beta·b + gamma·sign(b), where sign(0) = 0 and gamma ≥ 0. y may be a or b. */
@unmanaged
export class Blend extends Elements {
  y: Out;
  a: In;
  b: In;
  alpha: f32;
  beta: f32;
  gamma: f32;
}

export function blend(op: Blend, task: i32): void {
  const y = op.y,
    a = op.a,
    b = op.b;
  const alpha = f32x4.splat(op.alpha),
    beta = f32x4.splat(op.beta),
    gamma = f32x4.splat(op.gamma);
  const end = min(op.count, (task + 1) * TASK);
  let i = task * TASK;
  for (; i + 8 <= end; i += 8) {
    const at = (<usize>i) << 2;
    const y0 = blended(v128.load(a + at), v128.load(b + at), alpha, beta, gamma);
    const y1 = blended(v128.load(a + at, 16), v128.load(b + at, 16), alpha, beta, gamma);
    v128.store(y + at, y0);
    v128.store(y + at, y1, 16);
  }
  for (; i < end; i += 4) {
    const at = (<usize>i) << 2;
    storeLanes(y + at, blended(v128.load(a + at), v128.load(b + at), alpha, beta, gamma), end - i);
  }
}

// @ts-ignore: decorator
@inline
function blended(a: v128, b: v128, alpha: v128, beta: v128, gamma: v128): v128 {
  const sign = v128.or(gamma, v128.and(b, f32x4.splat(-0.0)));
  const step = v128.and(sign, f32x4.ne(b, f32x4.splat(0)));
  return f32x4.add(madd(beta, b, f32x4.mul(alpha, a)), step);
}
