// Gradient clipping: each number by itself, or all by the norm of the whole vector. The parts of the norm's square
// (sums.ts) are added in a tree: in an order that depends on their number alone.

import { Elements, TASK } from '../core/elementwise';
import { In, InOut, Op, Out } from '../core/op';
import { storeLanes } from '../core/simd';

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

/** x = x·factor; without a factor, x brought to within ±limit. */
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
