// Batch normalisation (Ioffe & Szegedy, arXiv 1502.03167) over rows of channels, forward and backward,
// with the ReLU that may follow it: the passes over whole activations. What is known of each channel
// between them is made in moments.ts; core/rows.ts says how rows are walked, and lines.ts has the loops.
//
// Training reads x twice forward and twice backward. Neither x̂ is kept nor which numbers the ReLU let pass: backward
// computes both again. Statistics are taken of each part of the rows, less the part's first row, so that a large mean
// costs no digits.

import { In, Op, Out } from '../core/op';
import { Split } from '../core/reduce';
import { firstRow, gather, LINE, rowsPerLine, spread } from '../core/rows';
import { copy, copyExactly, storeLanes, zero } from '../core/simd';
import {
  BETA,
  DY,
  mapGradients,
  MEAN,
  normalize,
  normalizeAdded,
  OFFSET,
  PRODUCTS,
  SCALE,
  SLOPE,
  sumDeviations,
  sumGradients,
  SUMS,
  X,
} from './lines';

/** What lines are read for; rectified where there is a ReLU. */
const enum Pass {
  Forward = 0,
  ForwardRectified,
  ForwardAdded,
  ForwardAddedRectified,
  Backward,
  BackwardRectified,
}

/** partials[part] = { mean, Σ(x − mean)² } of each channel: [splits][2][channels]. */
@unmanaged
export class NormStatistics extends Split {
  partials: Out;
  x: In;
  rows: i32;
  channels: i32;
}

export function normStatistics(op: NormStatistics, task: i32, scratch: usize): void {
  const channels = op.channels;
  const first = firstRow(op.rows, channels, task, op.splits);
  const rows = firstRow(op.rows, channels, task + 1, op.splits) - first;
  const share = f32x4.splat(1 / <f32>rows);
  for (let block = 0; block < channels; block += LINE) {
    const columns = min(LINE, channels - block);
    const x = op.x + ((<usize>(first * channels + block)) << 2);
    spread(scratch + MEAN, x, columns, columns * rowsPerLine(channels));
    sumRows(scratch, x, x, rows, columns, channels, Pass.Forward);
    const to = op.partials + ((<usize>(2 * task * channels + block)) << 2);
    for (let c = 0; c < columns; c += 4) {
      const at = (<usize>c) << 2;
      const sum = v128.load(scratch + at, SUMS);
      const mean = f32x4.mul(sum, share);
      const m2 = f32x4.sub(v128.load(scratch + at, PRODUCTS), f32x4.mul(sum, mean));
      storeLanes(to + at, f32x4.add(v128.load(x + at), mean), columns - c);
      storeLanes(to + ((<usize>channels) << 2) + at, f32x4.pmax(m2, f32x4.splat(0)), columns - c);
    }
  }
}

/**
 * SUMS and PRODUCTS of each column: forward Σ d and Σ d² of d = x − mean, backward Σ dy and Σ d·dy.
 * The mean is in its slot, and what a ReLU needs. A line of the first half of the rows and one of the second are
 * added at a time: two loads are under way at once, and the sums are loaded and stored half as often.
 */
function sumRows(
  scratch: usize,
  x: usize,
  dy: usize,
  rows: i32,
  columns: i32,
  channels: i32,
  pass: Pass,
): void {
  const deep = rowsPerLine(channels);
  const width = deep * columns;
  const step = (<usize>(deep * channels)) << 2;
  const lines = rows / (2 * deep);
  const half = <usize>lines * step;
  zero(scratch + SUMS, width);
  zero(scratch + PRODUCTS, width);
  sumLines(scratch, x, dy, half, lines, width, step, pass);
  const rest = (rows - 2 * deep * lines) * columns;
  if (rest > 0) {
    // Completed with the mean, and a dy of 0: they add nothing.
    spread(scratch + X, scratch + MEAN, columns, 2 * width);
    copyExactly(scratch + X, x + 2 * half, rest);
    zero(scratch + DY, 2 * width);
    copyExactly(scratch + DY, dy + 2 * half, rest);
    sumLines(scratch, scratch + X, scratch + DY, (<usize>width) << 2, 1, width, 0, pass);
  }
  gather(scratch + SUMS, columns, width);
  gather(scratch + PRODUCTS, columns, width);
}

/** Adds `lines` lines from x (and dy) on, and as many from `half` bytes later on. */
function sumLines(
  slots: usize,
  x: usize,
  dy: usize,
  half: usize,
  lines: i32,
  width: i32,
  step: usize,
  pass: Pass,
): void {
  const bytes = (<usize>width) << 2;
  switch (pass) {
    case Pass.Backward:
      return sumGradients(slots, x, dy, half, lines, bytes, step, false);
    case Pass.BackwardRectified:
      return sumGradients(slots, x, dy, half, lines, bytes, step, true);
    default:
      return sumDeviations(slots, x, half, lines, bytes, step);
  }
}

/** What goes through whole activations, [rows × channels]. */
@unmanaged
export class NormRows extends Op {
  rows: i32;
  channels: i32;
}

/** y = (x − mean)·scale + beta + residual; or max(y, 0) where `rectify` says so. y may be x. */
@unmanaged
export class NormApply extends NormRows {
  y: Out;
  x: In;
  /** 0 for none. */
  mean: In;
  /** 0 for none. */
  scale: In;
  /** 0 for none. */
  beta: In;
  /** [rows × channels], or 0 for none. */
  residual: In;
  rectify: i32;
}

/** Floats of one task, roughly: many times as many as are spread for it. */
// @ts-ignore: decorator
@inline const TASK: i32 = 32768;

/** Rows of one task of `normApply` and `normBackward`: whole lines. */
function taskRows(channels: i32): i32 {
  const deep = rowsPerLine(channels);
  return deep * max(1, TASK / (deep * channels));
}

export function normRowsTasks(op: NormRows): i32 {
  const each = taskRows(op.channels);
  return (op.rows + each - 1) / each;
}

/** Fills a slot with what is at `from` for each channel, or with `value` where that is 0. */
function constants(
  to: usize,
  from: usize,
  channel: usize,
  columns: i32,
  width: i32,
  value: f32,
): void {
  if (from) {
    spread(to, from + channel, columns, width);
    return;
  }
  for (let i = 0; i < width; i += 4) v128.store(to + ((<usize>i) << 2), f32x4.splat(value));
}

export function normApply(op: NormApply, task: i32, scratch: usize): void {
  const channels = op.channels;
  const first = task * taskRows(channels);
  const rows = min(taskRows(channels), op.rows - first);
  const added = op.residual != 0;
  const pass = op.rectify
    ? added
      ? Pass.ForwardAddedRectified
      : Pass.ForwardRectified
    : added
      ? Pass.ForwardAdded
      : Pass.Forward;
  const other = added ? op.residual : op.x;
  for (let block = 0; block < channels; block += LINE) {
    const columns = min(LINE, channels - block);
    const width = columns * rowsPerLine(channels);
    const channel = (<usize>block) << 2;
    const at = (<usize>(first * channels + block)) << 2;
    constants(scratch + MEAN, op.mean, channel, columns, width, 0);
    constants(scratch + SCALE, op.scale, channel, columns, width, 1);
    constants(scratch + BETA, op.beta, channel, columns, width, 0);
    mapRows(scratch, op.y + at, op.x + at, other + at, rows, columns, channels, pass);
  }
}

/** From rows of x (and of the residual, as dy) makes y, or backward from x and dy makes dx, by what the slots hold. */
function mapRows(
  scratch: usize,
  to: usize,
  x: usize,
  dy: usize,
  rows: i32,
  columns: i32,
  channels: i32,
  pass: Pass,
): void {
  const deep = rowsPerLine(channels);
  const width = deep * columns;
  const step = (<usize>(deep * channels)) << 2;
  const lines = rows / deep;
  const whole = width & ~7;
  mapLines(scratch, to, x, dy, lines, whole, step, pass);
  for (let line = 0; line < lines && whole < width; line++) {
    const at = <usize>line * step + ((<usize>whole) << 2);
    mapPart(scratch, whole, to + at, x + at, dy + at, width - whole, pass);
  }
  const at = <usize>lines * step;
  mapPart(scratch, 0, to + at, x + at, dy + at, (rows - deep * lines) * columns, pass);
}

/** Part of a line, from column `from` on, that is no whole number of pairs of vectors. */
function mapPart(
  scratch: usize,
  from: i32,
  to: usize,
  x: usize,
  dy: usize,
  count: i32,
  pass: Pass,
): void {
  copy(scratch + X, x, count);
  copy(scratch + DY, dy, count);
  mapLines(
    scratch + ((<usize>from) << 2),
    scratch + X,
    scratch + X,
    scratch + DY,
    1,
    count,
    0,
    pass,
  );
  copyExactly(to, scratch + X, count);
}

function mapLines(
  slots: usize,
  to: usize,
  x: usize,
  dy: usize,
  lines: i32,
  width: i32,
  step: usize,
  pass: Pass,
): void {
  const bytes = (<usize>width) << 2;
  switch (pass) {
    case Pass.Backward:
      return mapGradients(slots, to, x, dy, lines, bytes, step, false);
    case Pass.BackwardRectified:
      return mapGradients(slots, to, x, dy, lines, bytes, step, true);
    // pmax(y, NaN) is y: there is no floor.
    case Pass.ForwardAdded:
      return normalizeAdded(slots, to, x, dy, lines, bytes, step, NaN);
    case Pass.ForwardAddedRectified:
      return normalizeAdded(slots, to, x, dy, lines, bytes, step, 0);
    default:
      return normalize(slots, to, x, lines, bytes, step, pass == Pass.Forward ? NaN : 0);
  }
}

/** partials[part] = { Σ dy, Σ dy·(x − mean) } of each channel, of what a ReLU passes of dy: [splits][2][channels]. */
@unmanaged
export class NormBackwardSums extends Split {
  partials: Out;
  dy: In;
  x: In;
  mean: In;
  /** Scale and beta are read where `rectify` says that there is a ReLU. */
  scale: In;
  beta: In;
  rows: i32;
  channels: i32;
  rectify: i32;
}

export function normBackwardSums(op: NormBackwardSums, task: i32, scratch: usize): void {
  const channels = op.channels;
  const first = firstRow(op.rows, channels, task, op.splits);
  const rows = firstRow(op.rows, channels, task + 1, op.splits) - first;
  const pass = op.rectify ? Pass.BackwardRectified : Pass.Backward;
  for (let block = 0; block < channels; block += LINE) {
    const columns = min(LINE, channels - block);
    const width = columns * rowsPerLine(channels);
    const channel = (<usize>block) << 2;
    const at = (<usize>(first * channels + block)) << 2;
    spread(scratch + MEAN, op.mean + channel, columns, width);
    if (op.rectify) {
      spread(scratch + SCALE, op.scale + channel, columns, width);
      spread(scratch + BETA, op.beta + channel, columns, width);
    }
    sumRows(scratch, op.x + at, op.dy + at, rows, columns, channels, pass);
    const to = op.partials + ((<usize>(2 * task * channels + block)) << 2);
    copyExactly(to, scratch + SUMS, columns);
    copyExactly(to + ((<usize>channels) << 2), scratch + PRODUCTS, columns);
  }
}

/**
 * dx = (dy − offset − (x − mean)·slope)·scale, of what a ReLU passes of dy. dx may be dy. `NormBackwardMerge`
 * makes slope and offset, `NormFold` scale.
 */
@unmanaged
export class NormBackward extends NormRows {
  dx: Out;
  dy: In;
  x: In;
  mean: In;
  scale: In;
  /** Read where `rectify` says that there is a ReLU. */
  beta: In;
  slope: In;
  offset: In;
  rectify: i32;
}

export function normBackward(op: NormBackward, task: i32, scratch: usize): void {
  const channels = op.channels;
  const first = task * taskRows(channels);
  const rows = min(taskRows(channels), op.rows - first);
  const pass = op.rectify ? Pass.BackwardRectified : Pass.Backward;
  for (let block = 0; block < channels; block += LINE) {
    const columns = min(LINE, channels - block);
    const width = columns * rowsPerLine(channels);
    const channel = (<usize>block) << 2;
    const at = (<usize>(first * channels + block)) << 2;
    spread(scratch + MEAN, op.mean + channel, columns, width);
    spread(scratch + SCALE, op.scale + channel, columns, width);
    if (op.rectify) spread(scratch + BETA, op.beta + channel, columns, width);
    spread(scratch + SLOPE, op.slope + channel, columns, width);
    spread(scratch + OFFSET, op.offset + channel, columns, width);
    mapRows(scratch, op.dx + at, op.x + at, op.dy + at, rows, columns, channels, pass);
  }
}
