// Upsampling of images by whole factors, forward and backward: each pixel repeated, or straight lines
// between neighbours (bilinear, with the pixels' centres at the half: PyTorch's align_corners=False).
//
// Along a side, output o lies at (o + ½) / factor − ½ of the input: between two pixels, which it takes by shares of
// 1 − λ and λ. Beyond the outermost pixel it takes that alone. Lines are mixed first, in scratch, then the pixels of
// a line.

import { SCRATCH_BYTES } from '../gemm/blocks';
import { In, Op, Out } from '../core/op';
import { addScaled, copyExactly, madd, storeLanes, zero, zeroExactly } from '../core/simd';

/** x is [batch, height, width, channels], y [batch, factorHeight·height, factorWidth·width, channels]. */
@unmanaged
export class Upsampling extends Op {
  batch: i32;
  height: i32;
  width: i32;
  channels: i32;
  factorHeight: i32;
  factorWidth: i32;
  bilinear: i32;
}

@unmanaged
export class Upsample extends Upsampling {
  y: Out;
  x: In;
}

@unmanaged
export class UpsampleBackward extends Upsampling {
  dx: Out;
  dy: In;
}

/** Bytes of scratch: a line of outputs, and what whole vectors write past it. */
export function upsamplingScratch(op: Upsampling): usize {
  return (<usize>(op.width * op.factorWidth * op.channels + 4)) << 2;
}

/** The pixel before output o, −1 for those before the first. */
// @ts-ignore: decorator
@inline
function pixelBefore(o: i32, factor: i32): i32 {
  return (2 * o + 1 + factor) / (2 * factor) - 1;
}

/** λ, the share of the pixel after that. */
// @ts-ignore: decorator
@inline
function shareAfter(o: i32, factor: i32): f32 {
  const halves = (2 * o + 1 + factor) % (2 * factor);
  return <f32>halves / (2 * <f32>factor);
}

/** A task is one line of y. */
export function upsampleTasks(op: Upsample): i32 {
  return op.batch * op.height * op.factorHeight;
}

export function upsample(op: Upsample, task: i32, scratch: usize): void {
  const lines = op.height * op.factorHeight;
  const image = task / lines;
  const i = task - image * lines;
  const line = (<usize>(op.width * op.channels)) << 2;
  const x = op.x + <usize>(image * op.height) * line;
  const y = op.y + <usize>(task * op.factorWidth) * line;
  if (!op.bilinear) return repeat(op, y, x + <usize>(i / op.factorHeight) * line);
  const h = pixelBefore(i, op.factorHeight);
  const above = x + <usize>max(h, 0) * line;
  const below = x + <usize>min(h + 1, op.height - 1) * line;
  const mixed = scratch + SCRATCH_BYTES;
  mix(mixed, above, below, shareAfter(i, op.factorHeight), op.width * op.channels);
  mixPixels(op, y, mixed);
}

/** A line of y: each pixel of x as often as it is wanted. */
function repeat(op: Upsample, y: usize, x: usize): void {
  const step = (<usize>op.channels) << 2;
  for (let w = 0; w < op.width; w++) {
    for (let s = 0; s < op.factorWidth; s++) {
      copyExactly(y, x, op.channels);
      y += step;
    }
    x += step;
  }
}

/** A line of y: shares of neighbouring pixels of x. */
function mixPixels(op: Upsample, y: usize, x: usize): void {
  const channels = op.channels,
    factor = op.factorWidth,
    last = op.width - 1;
  const step = (<usize>channels) << 2;
  for (let j = 0; j < op.width * factor; j++) {
    const w = pixelBefore(j, factor);
    mix(
      y,
      x + <usize>max(w, 0) * step,
      x + <usize>min(w + 1, last) * step,
      shareAfter(j, factor),
      channels,
    );
    y += step;
  }
}

/** to = (1 − share)·a + share·b, `count` floats. */
function mix(to: usize, a: usize, b: usize, share: f32, count: i32): void {
  const ofA = f32x4.splat(1 - share),
    ofB = f32x4.splat(share);
  let i = 8;
  for (; i <= count; i += 8) {
    const v0 = madd(v128.load(b), ofB, f32x4.mul(v128.load(a), ofA));
    const v1 = madd(v128.load(b, 16), ofB, f32x4.mul(v128.load(a, 16), ofA));
    v128.store(to, v0);
    v128.store(to, v1, 16);
    to += 32;
    a += 32;
    b += 32;
  }
  for (let left = count + 8 - i; left > 0; left -= 4) {
    storeLanes(to, madd(v128.load(b), ofB, f32x4.mul(v128.load(a), ofA)), left);
    to += 16;
    a += 16;
    b += 16;
  }
}

/** The first output that pixel `at` has a share of, and the one after the last. */
// @ts-ignore: decorator
@inline
function firstOutput(at: i32, factor: i32, bilinear: bool): i32 {
  return bilinear ? max(0, at * factor - factor / 2) : at * factor;
}
// @ts-ignore: decorator
@inline
function endOfOutputs(at: i32, factor: i32, side: i32, bilinear: bool): i32 {
  return bilinear ? min(side * factor, (at + 1) * factor + factor / 2) : (at + 1) * factor;
}

/** Pixel `at`'s share of one of these outputs. */
// @ts-ignore: decorator
@inline
function shareOf(at: i32, o: i32, side: i32, factor: i32, bilinear: bool): f32 {
  const halves = 2 * (o - at * factor) + 1 - factor;
  const alone = halves < 0 ? at == 0 : at == side - 1;
  return !bilinear || alone ? 1 : 1 - <f32>abs(halves) / (2 * <f32>factor);
}

/** A task is one line of dx. */
export function upsampleBackwardTasks(op: UpsampleBackward): i32 {
  return op.batch * op.height;
}

export function upsampleBackward(op: UpsampleBackward, task: i32, scratch: usize): void {
  const image = task / op.height;
  const h = task - image * op.height;
  const factor = op.factorHeight;
  const bilinear = op.bilinear != 0;
  const floats = op.width * op.factorWidth * op.channels;
  const dy = op.dy + ((<usize>(image * op.height * factor * floats)) << 2);
  const mixed = scratch + SCRATCH_BYTES;
  zero(mixed, floats);
  const end = endOfOutputs(h, factor, op.height, bilinear);
  for (let i = firstOutput(h, factor, bilinear); i < end; i++) {
    addScaled(
      mixed,
      dy + ((<usize>(i * floats)) << 2),
      shareOf(h, i, op.height, factor, bilinear),
      floats,
    );
  }
  gatherPixels(op, op.dx + ((<usize>(task * op.width * op.channels)) << 2), mixed, bilinear);
}

/** A line of dx from the line `dy` of outputs. */
function gatherPixels(op: UpsampleBackward, dx: usize, dy: usize, bilinear: bool): void {
  const width = op.width,
    channels = op.channels,
    factor = op.factorWidth;
  const step = (<usize>channels) << 2;
  for (let w = 0; w < width; w++) {
    zeroExactly(dx, channels);
    const end = endOfOutputs(w, factor, width, bilinear);
    for (let j = firstOutput(w, factor, bilinear); j < end; j++) {
      addScaled(dx, dy + <usize>j * step, shareOf(w, j, width, factor, bilinear), channels);
    }
    dx += step;
  }
}
