// Sums over rows, in an order that depends on the shape alone: parts first, then the parts in turn.

import { In, Op, Out } from './op';
import { storeLanes, sumLanes } from './simd';

/** Floats of one tile of `sumPartials`. */
// @ts-ignore: decorator
@inline const TILE: i32 = 4096;

/** y = Σ partials[s], s ascending: [splits][count] → [count]. */
@unmanaged
export class SumPartials extends Op {
  y: Out;
  partials: In;
  splits: i32;
  count: i32;
}

export function sumPartialsTiles(op: SumPartials): i32 {
  return (op.count + TILE - 1) / TILE;
}

export function sumPartials(op: SumPartials, tile: i32): void {
  const end = min(op.count, (tile + 1) * TILE);
  for (let i = tile * TILE; i < end; i += 4) {
    let from = op.partials + (<usize>i << 2);
    let sum = v128.load(from);
    for (let s = 1; s < op.splits; s++) {
      from += <usize>op.count << 2;
      sum = f32x4.add(sum, v128.load(from));
    }
    storeLanes(op.y + (<usize>i << 2), sum, end - i);
  }
}

/** partials[s] = the columns' sums over the s-th part of the rows: a bias's gradient. */
@unmanaged
export class ColumnSum extends Op {
  partials: Out;
  /** [rows × channels]. */
  x: In;
  rows: i32;
  channels: i32;
  splits: i32;
}

export function columnSumTiles(op: ColumnSum): i32 {
  return op.splits;
}

export function columnSum(op: ColumnSum, tile: i32): void {
  const channels = op.channels;
  const stride = <usize>channels << 2;
  const first = <i32>((<i64>op.rows * tile) / op.splits);
  const rows = <i32>((<i64>op.rows * (tile + 1)) / op.splits) - first;
  for (let c = 0; c < channels; c += 4) {
    let x = op.x + <usize>first * stride + (<usize>c << 2);
    // Four sums at once hide the latency of addition.
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let r = 0;
    for (; r + 4 <= rows; r += 4) {
      s0 = f32x4.add(s0, v128.load(x));
      s1 = f32x4.add(s1, v128.load(x + stride));
      s2 = f32x4.add(s2, v128.load(x + 2 * stride));
      s3 = f32x4.add(s3, v128.load(x + 3 * stride));
      x += 4 * stride;
    }
    for (; r < rows; r++) {
      s0 = f32x4.add(s0, v128.load(x));
      x += stride;
    }
    const sum = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
    storeLanes(op.partials + <usize>tile * stride + (<usize>c << 2), sum, channels - c);
  }
}

/** y[0] = Σ x / count. */
@unmanaged
export class Mean extends Op {
  y: Out;
  x: In;
  count: i32;
}

export function mean(op: Mean): void {
  let sum = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= op.count; i += 4) sum = f32x4.add(sum, v128.load(op.x + (<usize>i << 2)));
  let total = sumLanes(sum);
  for (; i < op.count; i++) total += load<f32>(op.x + (<usize>i << 2));
  store<f32>(op.y, total / <f32>op.count);
}

/** Whether the floats at `x` are all finite: what guards a model against NaN in its data. */
export function allFinite(x: usize, count: i32): bool {
  // 0·x is 0 for finite numbers and NaN for all others.
  let sum = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    sum = f32x4.add(sum, f32x4.mul(v128.load(x + (<usize>i << 2)), f32x4.splat(0)));
  }
  let total = sumLanes(sum);
  for (; i < count; i++) total += load<f32>(x + (<usize>i << 2)) * 0;
  return total == 0;
}
