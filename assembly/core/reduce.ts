// Sums over rows, in an order that depends on the shape alone: parts first, then the parts together.

import { In, Op, Out } from './op';
import { firstRow, gather, LINE, rowsPerLine, SLOT } from './rows';
import { copy, copyExactly, laneMask, sumLanes, zero } from './simd';

/** Floats of one task of `sumPartials`. */
// @ts-ignore: decorator
@inline const TASK: i32 = 4096;

/** y = Σ partials: [splits][count] → [count]. */
@unmanaged
export class SumPartials extends Op {
  y: Out;
  partials: In;
  splits: i32;
  count: i32;
}

export function sumPartialsTasks(op: SumPartials): i32 {
  return (op.count + TASK - 1) / TASK;
}

export function sumPartials(op: SumPartials, task: i32, scratch: usize): void {
  const at = (<usize>(task * TASK)) << 2;
  const count = min(TASK, op.count - task * TASK);
  const step = (<usize>op.count) << 2;
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

/** What makes sums in parts, a task each; `sumPartials` or a kernel like it adds these. */
@unmanaged
export class Split extends Op {
  splits: i32;
}

export function splitTasks(op: Split): i32 {
  return op.splits;
}

/** partials[s] = the columns' sums over the s-th part of the rows: a bias's gradient. */
@unmanaged
export class ColumnSum extends Split {
  partials: Out;
  /** [rows × channels]. */
  x: In;
  rows: i32;
  channels: i32;
}

export function columnSum(op: ColumnSum, task: i32, scratch: usize): void {
  const channels = op.channels;
  const first = firstRow(op.rows, channels, task, op.splits);
  const rows = firstRow(op.rows, channels, task + 1, op.splits) - first;
  for (let block = 0; block < channels; block += LINE) {
    const columns = min(LINE, channels - block);
    sumColumns(scratch, op.x + ((<usize>(first * channels + block)) << 2), rows, columns, channels);
    copyExactly(op.partials + ((<usize>(task * channels + block)) << 2), scratch, columns);
  }
}

function sumColumns(scratch: usize, x: usize, rows: i32, columns: i32, channels: i32): void {
  const deep = rowsPerLine(channels);
  const width = deep * columns;
  const step = (<usize>(deep * channels)) << 2;
  const lines = rows / (2 * deep);
  const half = <usize>lines * step;
  zero(scratch, width);
  sumLines(scratch, x, half, lines, width, step);
  const rest = (rows - 2 * deep * lines) * columns;
  if (rest > 0) {
    zero(scratch + SLOT, 2 * width);
    copyExactly(scratch + SLOT, x + 2 * half, rest);
    sumLines(scratch, scratch + SLOT, (<usize>width) << 2, 1, width, 0);
  }
  gather(scratch, columns, width);
}

/** Adds `lines` lines from x on, and as many from `half` bytes later on: see `sumRows` of norm/batchnorm.ts. */
function sumLines(sums: usize, x: usize, half: usize, lines: i32, width: i32, step: usize): void {
  const bytes = (<usize>width) << 2;
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
  for (; i + 4 <= op.count; i += 4) sum = f32x4.add(sum, v128.load(op.x + ((<usize>i) << 2)));
  let total = sumLanes(sum);
  for (; i < op.count; i++) total += load<f32>(op.x + ((<usize>i) << 2));
  store<f32>(op.y, total / <f32>op.count);
}

/** Whether the floats at `x` are all finite: this guards a model against NaN in its data. */
export function allFinite(x: usize, count: i32): bool {
  // 0·x is 0 for finite numbers and NaN for all others; four sums hide the latency of addition.
  const zero = f32x4.splat(0);
  let s0 = zero,
    s1 = zero,
    s2 = zero,
    s3 = zero;
  let i = 0;
  for (; i + 16 <= count; i += 16) {
    s0 = f32x4.add(s0, f32x4.mul(v128.load(x), zero));
    s1 = f32x4.add(s1, f32x4.mul(v128.load(x, 16), zero));
    s2 = f32x4.add(s2, f32x4.mul(v128.load(x, 32), zero));
    s3 = f32x4.add(s3, f32x4.mul(v128.load(x, 48), zero));
    x += 64;
  }
  let total = sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (; i < count; i++) {
    total += load<f32>(x) * 0;
    x += 4;
  }
  return total == 0;
}

/** prints[i] = `fingerprint` of the i-th 65536 floats of x. */
@unmanaged
export class Fingerprints extends Op {
  /** [2·tasks], a double each. */
  prints: Out;
  x: In;
  count: i32;
}

/** Floats of a fingerprint. */
// @ts-ignore: decorator
@inline export const PRINTED: i32 = 65536;

export function fingerprintsTasks(op: Fingerprints): i32 {
  return (op.count + PRINTED - 1) / PRINTED;
}

export function fingerprints(op: Fingerprints, task: i32): void {
  const first = task * PRINTED;
  const print = fingerprint(op.x + ((<usize>first) << 2), min(PRINTED, op.count - first));
  store<f64>(op.prints + ((<usize>task) << 3), print);
}

/**
 * A hash of the `count` floats at `x`, a whole number below 2⁵³: other floats have the same one with a chance of
 * 2⁻⁵³. Four hashes of every fourth vector, mixed into one.
 */
export function fingerprint(x: usize, count: i32): f64 {
  let h0 = i32x4(1, 2, 3, 4),
    h1 = i32x4(5, 6, 7, 8),
    h2 = i32x4(9, 10, 11, 12),
    h3 = i32x4(13, 14, 15, 16);
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
  const low = i64x2.extract_lane(h0, 0),
    high = i64x2.extract_lane(h0, 1);
  return <f64>(<u64>(low ^ (high * 0x9e3779b97f4a7c15)) >> 11);
}

/** The high bits of a product depend on all bits of its factors: they are mixed into the low ones for the next. */
// @ts-ignore: decorator
@inline
function stir(h: v128, v: v128): v128 {
  h = i32x4.mul(i32x4.add(h, v), i32x4.splat(0x9e3779b1));
  return v128.xor(h, i32x4.shr_u(h, 15));
}
