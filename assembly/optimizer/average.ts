// Moving averages of flat vectors: of the weights, and of the gradients of several batches.

import { Elements, TASK } from '../core/elementwise';
import { In, InOut } from '../core/op';
import { flush, storeLanes } from '../core/simd';

/** average = kept·average + fresh·x. */
@unmanaged
export class MovingAverage extends Elements {
  average: InOut;
  x: In;
  settings: In;
}

/** The numbers of `MovingAverage`: the shares of both. */
@unmanaged
export class AverageSettings {
  kept: f32;
  fresh: f32;
}

export function movingAverage(op: MovingAverage, task: i32): void {
  const end = min(op.count, (task + 1) * TASK);
  const average = op.average,
    x = op.x;
  const kept = v128.load32_splat(op.settings, offsetof<AverageSettings>('kept'));
  const fresh = v128.load32_splat(op.settings, offsetof<AverageSettings>('fresh'));
  for (let i = task * TASK; i < end; i += 4) {
    const at = (<usize>i) << 2;
    const next = f32x4.add(
      f32x4.mul(kept, v128.load(average + at)),
      f32x4.mul(fresh, v128.load(x + at)),
    );
    storeLanes(average + at, flush(next), end - i);
  }
}
