// Whole channels of an image times a number each: gates (squeeze and excitation, Hu et al.,
// arXiv 1709.01507) and spatial dropout. Rows of channels are walked in lines: see rows.ts.

import { In, Op, Out } from '../core/op';
import { philox } from '../core/random';
import { firstRow, gather, LINE, rowsPerLine, SLOT, spread } from '../core/rows';
import { copyExactly, madd, storeLanes, zero } from '../core/simd';

/** Floats of one task, roughly: many times as many as are spread for it. */
// @ts-ignore: decorator
@inline const TASK: i32 = 32768;

/** What has a number for each channel of each image: [batch][pixels][channels]. y may be x. */
@unmanaged
export class Gated extends Op {
  y: Out;
  x: In;
  batch: i32;
  pixels: i32;
  channels: i32;
}

/** Pixels of one task: whole lines. */
function taskPixels(channels: i32): i32 {
  const deep = rowsPerLine(channels);
  return deep * max(1, TASK / (deep * channels));
}

/** Tasks of one image. */
function imageTasks(op: Gated): i32 {
  const each = taskPixels(op.channels);
  return (op.pixels + each - 1) / each;
}

export function gatedTasks(op: Gated): i32 {
  return op.batch * imageTasks(op);
}

/** y = x·gate. */
@unmanaged
export class Gate extends Gated {
  /** [batch][channels]. */
  gate: In;
}

export function gate(op: Gate, task: i32, scratch: usize): void {
  const image = task / imageTasks(op);
  for (let block = 0; block < op.channels; block += LINE) {
    multiplyTask(op, task, block, scratch, op.gate + ((<usize>(image * op.channels + block)) << 2));
  }
}

/** A task's pixels, from channel `block` on as many as a line has room for, times the numbers at `gates`. */
function multiplyTask(op: Gated, task: i32, block: i32, line: usize, gates: usize): void {
  const channels = op.channels;
  const columns = min(LINE, channels - block);
  const deep = rowsPerLine(channels);
  const step = (<usize>(deep * channels)) << 2;
  const image = task / imageTasks(op);
  const first = (task % imageTasks(op)) * taskPixels(channels);
  const at = (<usize>((image * op.pixels + first) * channels + block)) << 2;
  let y = op.y + at,
    x = op.x + at;
  spread(line, gates, columns, deep * columns);
  let pixels = min(taskPixels(channels), op.pixels - first);
  for (; pixels > 0; pixels -= deep) {
    multiplyLine(line, y, x, min(deep, pixels) * columns);
    y += step;
    x += step;
  }
}

function multiplyLine(line: usize, y: usize, x: usize, count: i32): void {
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    const at = (<usize>i) << 2;
    const y0 = f32x4.mul(v128.load(x + at), v128.load(line + at));
    const y1 = f32x4.mul(v128.load(x + at, 16), v128.load(line + at, 16));
    v128.store(y + at, y0);
    v128.store(y + at, y1, 16);
  }
  for (; i < count; i += 4) {
    const at = (<usize>i) << 2;
    storeLanes(y + at, f32x4.mul(v128.load(x + at), v128.load(line + at)), count - i);
  }
}

/**
 * partials[part] = Σ dy·x over a part of each image's pixels: [splits][batch][channels]. The parts' sum is
 * the gate's gradient; the gradient of x is dy times the gate, by `gate`.
 */
@unmanaged
export class GateBackward extends Op {
  partials: Out;
  dy: In;
  x: In;
  batch: i32;
  pixels: i32;
  channels: i32;
  splits: i32;
}

export function gateBackwardTasks(op: GateBackward): i32 {
  return op.splits * op.batch;
}

export function gateBackward(op: GateBackward, task: i32, scratch: usize): void {
  const channels = op.channels;
  const image = task % op.batch,
    part = task / op.batch;
  const first = firstRow(op.pixels, channels, part, op.splits);
  const pixels = firstRow(op.pixels, channels, part + 1, op.splits) - first;
  for (let block = 0; block < channels; block += LINE) {
    const columns = min(LINE, channels - block);
    const at = (<usize>((image * op.pixels + first) * channels + block)) << 2;
    sumProducts(scratch, op.dy + at, op.x + at, pixels, columns, channels);
    copyExactly(op.partials + ((<usize>(task * channels + block)) << 2), scratch, columns);
  }
}

/** sums[c] = Σ a·b over pixels. */
function sumProducts(
  sums: usize,
  a: usize,
  b: usize,
  pixels: i32,
  columns: i32,
  channels: i32,
): void {
  const deep = rowsPerLine(channels);
  const width = deep * columns;
  const step = (<usize>(deep * channels)) << 2;
  const lines = pixels / deep;
  zero(sums, width);
  addProducts(sums, a, b, lines, width, step);
  const rest = (pixels - deep * lines) * columns;
  if (rest > 0) {
    // Completed with zeros, which add nothing.
    const lastA = sums + SLOT,
      lastB = sums + 2 * SLOT;
    zero(lastA, width);
    zero(lastB, width);
    copyExactly(lastA, a + <usize>lines * step, rest);
    copyExactly(lastB, b + <usize>lines * step, rest);
    addProducts(sums, lastA, lastB, 1, width, 0);
  }
  gather(sums, columns, width);
}

function addProducts(sums: usize, a: usize, b: usize, lines: i32, width: i32, step: usize): void {
  const bytes = (<usize>width) << 2;
  for (; lines > 0; lines--) {
    for (let at: usize = 0; at < bytes; at += 32) {
      const sum0 = madd(v128.load(a + at), v128.load(b + at), v128.load(sums + at));
      const sum1 = madd(v128.load(a + at, 16), v128.load(b + at, 16), v128.load(sums + at, 16));
      v128.store(sums + at, sum0);
      v128.store(sums + at, sum1, 16);
    }
    a += step;
    b += step;
  }
}

/**
 * y = x·scale in a channel of an image with probability keep / 2³², else 0 (Tompson et al., arXiv
 * 1411.4280). As in `Dropout`, backward is the same op on dy; here a channel of an image is an element.
 */
@unmanaged
export class SpatialDropout extends Gated {
  /** Three u32: the key's two halves and the step. */
  state: In;
  /** A number of each dropout layer's own. */
  stream: u32;
  keep: u32;
  scale: f32;
}

export function spatialDropout(op: SpatialDropout, task: i32, scratch: usize): void {
  const image = task / imageTasks(op);
  // Drawn 16 at a time, up to 15 before the first: those fall between the two slots.
  const gates = scratch + SLOT;
  for (let block = 0; block < op.channels; block += LINE) {
    draw(op, gates, image * op.channels + block, min(LINE, op.channels - block), scratch);
    multiplyTask(op, task, block, scratch, gates);
  }
}

/** The gates of `count` channels, counted through all images, from `first` on. */
function draw(op: SpatialDropout, to: usize, first: i32, count: i32, scratch: usize): void {
  const keep = i32x4.splat(op.keep);
  const scale = f32x4.splat(op.scale);
  const key0 = load<u32>(op.state);
  const key1 = load<u32>(op.state, 4);
  const step = load<u32>(op.state, 8);
  for (let i = first & ~15; i < first + count; i += 16) {
    philox(scratch, <u32>i >> 2, op.stream, step, 0, key0, key1);
    for (let part = 0; part < 16; part += 4) {
      const kept = i32x4.lt_u(v128.load(scratch + ((<usize>part) << 2)), keep);
      v128.store(to + ((i + part - first) << 2), v128.and(scale, kept));
    }
  }
}
