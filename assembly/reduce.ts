// Sums over rows, in an order that depends on the shape alone: parts first, then the parts in turn.

import { In, Op, Out } from './op';
import { laneMask, storeLanes, sumLanes } from './simd';

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

/**
 * A whole number that tells the `count` floats at `x` from others: all but one in 2⁵³ of those have
 * another. Four hashes of every fourth vector, mixed into one.
 */
export function fingerprint(x: usize, count: i32): f64 {
  let h0 = i32x4(1, 2, 3, 4), h1 = i32x4(5, 6, 7, 8), h2 = i32x4(9, 10, 11, 12), h3 = i32x4(13, 14, 15, 16);
  let i = 0;
  for (; i + 16 <= count; i += 16) {
    h0 = stir(h0, v128.load(x));
    h1 = stir(h1, v128.load(x, 16));
    h2 = stir(h2, v128.load(x, 32));
    h3 = stir(h3, v128.load(x, 48));
    x += 64;
  }
  for (; i < count; i += 4) {
    h0 = stir(h0, v128.and(v128.load(x), laneMask(count - i)));
    x += 16;
  }
  h0 = stir(stir(stir(h0, h1), h2), h3);
  const low = i64x2.extract_lane(h0, 0), high = i64x2.extract_lane(h0, 1);
  return <f64>(<u64>(low ^ (high * 0x9e3779b97f4a7c15)) >> 11);
}

/** The high bits of a product depend on all bits, so they are brought down for the next. */
// @ts-ignore: decorator
@inline
function stir(h: v128, v: v128): v128 {
  h = i32x4.mul(i32x4.add(h, v), i32x4.splat(0x9e3779b1));
  return v128.xor(h, i32x4.shr_u(h, 15));
}
