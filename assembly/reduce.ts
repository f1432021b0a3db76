// Sums over rows, in an order that depends on the shape alone: parts first, then the parts together.

import { In, Op, Out } from './op';
import { firstRow, gather, LINE, rowsPerLine, SLOT } from './rows';
import { copy, copyExactly, sumLanes, zero } from './simd';

/** Floats of one tile of `sumPartials`. */
// @ts-ignore: decorator
@inline const TILE: i32 = 4096;

/** y = Σ partials: [splits][count] → [count]. */
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

export function sumPartials(op: SumPartials, tile: i32, scratch: usize): void {
  const at = <usize>(tile * TILE) << 2;
  const count = min(TILE, op.count - tile * TILE);
  const step = <usize>op.count << 2;
  const pairs = op.splits >> 1;
  let from = op.partials + at;
  if (op.splits & 1) {
    copy(scratch, from, count);
    from += step;
  } else {
    zero(scratch, count);
  }
  sumLines(scratch, from, <usize>pairs * step, pairs, count, step);
  copyExactly(op.y + at, scratch, count);
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

export function columnSum(op: ColumnSum, tile: i32, scratch: usize): void {
  const channels = op.channels;
  const first = firstRow(op.rows, channels, tile, op.splits);
  const rows = firstRow(op.rows, channels, tile + 1, op.splits) - first;
  for (let block = 0; block < channels; block += LINE) {
    const columns = min(LINE, channels - block);
    sumColumns(scratch, op.x + (<usize>(first * channels + block) << 2), rows, columns, channels);
    copyExactly(op.partials + (<usize>(tile * channels + block) << 2), scratch, columns);
  }
}

function sumColumns(scratch: usize, x: usize, rows: i32, columns: i32, channels: i32): void {
  const deep = rowsPerLine(channels);
  const width = deep * columns;
  const step = <usize>(deep * channels) << 2;
  const lines = rows / (2 * deep);
  const half = <usize>lines * step;
  zero(scratch, width);
  sumLines(scratch, x, half, lines, width, step);
  const rest = (rows - 2 * deep * lines) * columns;
  if (rest > 0) {
    zero(scratch + SLOT, 2 * width);
    copyExactly(scratch + SLOT, x + 2 * half, rest);
    sumLines(scratch, scratch + SLOT, <usize>width << 2, 1, width, 0);
  }
  gather(scratch, columns, width);
}

/** Adds `lines` lines, and as many from `half` on, as batchnorm.ts does. */
function sumLines(sums: usize, x: usize, half: usize, lines: i32, width: i32, step: usize): void {
  const bytes = <usize>width << 2;
  for (; lines > 0; lines--) {
    for (let at: usize = 0; at < bytes; at += 32) {
      const a = x + at;
      const b = a + half;
      const both0 = f32x4.add(v128.load(a), v128.load(b));
      const both1 = f32x4.add(v128.load(a, 16), v128.load(b, 16));
      const sum0 = f32x4.add(v128.load(sums + at), both0);
      const sum1 = f32x4.add(v128.load(sums + at, 16), both1);
      v128.store(sums + at, sum0);
      v128.store(sums + at, sum1, 16);
    }
    x += step;
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
