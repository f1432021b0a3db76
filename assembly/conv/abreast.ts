// Convolutions of few filters, over eight images side by side: a lane has an image, a row of the register tile a filter.
// Where a panel of eight columns holds six filters, a quarter of it is zeros; here three or six filters, and images by
// eights, fill all lanes. Taps outside the image are left out, as they are outside in all lanes; for a filter's gradient they
// are zeros. So products are as deep as an output sees pixels, and the gradient of the input needs no col2im, whose
// products are as deep as there are filters.
//
// Images are brought side by side in scratch, [pixels·channels][8], and results back. Sums take the order that the other
// kernels take, but for a filter's gradient, which sums each lane by itself.

import { laneMask, storeLanes } from '../core/simd';
import { BLOCK, KC } from '../gemm/blocks';
import { NOTHING } from '../gemm/multiply';
import { usesWideTile } from '../gemm/pack';
import { gradient2, gradient3, product3, product6 } from './abreasttile';
import { Window } from './im2col';
import { lineFloats } from './lines';

/** Images side by side. */
// @ts-ignore: decorator
@inline export const ABREAST: i32 = 8;
/** The most filters: rows of the tile, or of two of them. */
// @ts-ignore: decorator
@inline export const MOST_ROWS: i32 = 6;

/** Groups of images that lie side by side. */
// @ts-ignore: decorator
@inline
export function imageGroups(op: Window): i32 {
  return (op.batch + ABREAST - 1) / ABREAST;
}

/** Whether a convolution is computed this way: filters are few, lanes are filled, and what a line of outputs sees fits. */
export function isAbreast(op: Window, filters: i32, groups: i32): bool {
  const taps = op.kernelHeight * op.kernelWidth;
  const line = max(lineFloats(op), op.width * op.channels);
  return (
    filters <= MOST_ROWS &&
    groups == 1 &&
    3 * ABREAST * imageGroups(op) <= 4 * op.batch &&
    taps > 1 &&
    taps * op.channels <= KC &&
    op.dilationHeight == 1 &&
    op.dilationWidth == 1 &&
    <i64>op.kernelHeight * line * ABREAST < BLOCK - SPILL &&
    <i64>op.outputWidth * MOST_ROWS * ABREAST < BLOCK - SPILL
  );
}

/** Floats that are written too far: three of each image, and one more. */
// @ts-ignore: decorator
@inline export const SPILL: i32 = 32;

/** Outputs' lines, at most `wanted`, whose windows see lines of `floats` floats that fit into the block in scratch. */
export function linesAtOnce(op: Window, wanted: i32, floats: i32): i32 {
  const room = (BLOCK - SPILL) / (floats * ABREAST) - op.kernelHeight;
  return max(1, min(wanted, room / op.strideHeight + 1));
}

/** Pointers to the same place in `count` images, `step` floats apart; the last one stands in for those that lack. */
export function placeImages(table: usize, first: usize, count: i32, step: i32): void {
  for (let i = 0; i < ABREAST; i++)
    store<usize>(
      table + ((<usize>i) << 2),
      first + ((<usize>min(i, count - 1) * <usize>step) << 2),
    );
}

/** Brings `count` floats of each image side by side; up to three more are read, and written too far. */
export function toLanes(to: usize, images: usize, count: i32): void {
  for (let half: usize = 0; half < 32; half += 16) {
    const p0 = load<usize>(images + half),
      p1 = load<usize>(images + half, 4),
      p2 = load<usize>(images + half, 8),
      p3 = load<usize>(images + half, 12);
    let at = to + half;
    for (let i: usize = 0; i < (<usize>count) << 2; i += 16) {
      const v0 = v128.load(p0 + i),
        v1 = v128.load(p1 + i),
        v2 = v128.load(p2 + i),
        v3 = v128.load(p3 + i);
      v128.store(at, turned(v0, v1, v2, v3, 0));
      v128.store(at, turned(v0, v1, v2, v3, 1), 32);
      v128.store(at, turned(v0, v1, v2, v3, 2), 64);
      v128.store(at, turned(v0, v1, v2, v3, 3), 96);
      at += 128;
    }
  }
}

/**
 * Brings `count` floats of each of `wanted` images back to it, and adds what is `addend` bytes from there, or NOTHING.
 * ReLU has a floor of 0.
 */
export function fromLanes(
  images: usize,
  from: usize,
  count: i32,
  wanted: i32,
  addend: i32,
  floor: v128,
): void {
  for (let first = 0; first < wanted; first += 4) {
    const table = images + ((<usize>first) << 2);
    const p0 = load<usize>(table),
      p1 = load<usize>(table, 4),
      p2 = load<usize>(table, 8),
      p3 = load<usize>(table, 12);
    const among = wanted - first;
    let at = from + ((<usize>first) << 2);
    for (let i = 0; i < count; i += 4) {
      const v0 = v128.load(at),
        v1 = v128.load(at, 32),
        v2 = v128.load(at, 64),
        v3 = v128.load(at, 96);
      const to = (<usize>i) << 2;
      const left = count - i;
      finish(p0 + to, turned(v0, v1, v2, v3, 0), left, addend, floor);
      if (among > 1) finish(p1 + to, turned(v0, v1, v2, v3, 1), left, addend, floor);
      if (among > 2) finish(p2 + to, turned(v0, v1, v2, v3, 2), left, addend, floor);
      if (among > 3) finish(p3 + to, turned(v0, v1, v2, v3, 3), left, addend, floor);
      at += 128;
    }
  }
}

/** Lane `lane` of each. */
// @ts-ignore: decorator
@inline
function turned(v0: v128, v1: v128, v2: v128, v3: v128, lane: i32): v128 {
  if (lane < 2) {
    const v01 = v128.shuffle<i32>(v0, v1, 0, 4, 1, 5),
      v23 = v128.shuffle<i32>(v2, v3, 0, 4, 1, 5);
    return lane == 0 ? v128.shuffle<i64>(v01, v23, 0, 2) : v128.shuffle<i64>(v01, v23, 1, 3);
  }
  const v01 = v128.shuffle<i32>(v0, v1, 2, 6, 3, 7),
    v23 = v128.shuffle<i32>(v2, v3, 2, 6, 3, 7);
  return lane == 2 ? v128.shuffle<i64>(v01, v23, 0, 2) : v128.shuffle<i64>(v01, v23, 1, 3);
}

/** Stores the first `count` lanes of a result. */
// @ts-ignore: decorator
@inline
function finish(to: usize, v: v128, count: i32, addend: i32, floor: v128): void {
  if (addend != NOTHING) v = f32x4.add(v, v128.load(to + addend));
  storeLanes(to, f32x4.pmax(v, floor), count);
}

/** Line i of the outputs, [outputWidth·filters][8], of the lines of the image that are side by side, from `top` on. */
export function lineAbreast(
  op: Window,
  to: usize,
  lines: usize,
  top: i32,
  i: i32,
  packed: usize,
  filters: i32,
  bias: usize,
): void {
  const channels = op.channels;
  const above = i * op.strideHeight - op.padTop;
  const r0 = max(0, -above);
  const rows = min(op.kernelHeight, op.height - above) - r0;
  for (let j = 0; j < op.outputWidth; j++) {
    const left = j * op.strideWidth - op.padLeft;
    const s0 = max(0, -left);
    const steps = (min(op.kernelWidth, op.width - left) - s0) * channels;
    const runs = steps > 0 ? rows : 0;
    const a = packed + ((<usize>((r0 * op.kernelWidth + s0) * channels)) << 5);
    const b = lines + ((<usize>(((above + r0 - top) * op.width + left + s0) * channels)) << 5);
    const aSkip = (<usize>(op.kernelWidth * channels - steps)) << 5;
    const bSkip = (<usize>(op.width * channels - steps)) << 5;
    // Without fused multiply-add six filters take 16 registers, one more than there are; in 256-bit code a pair takes one.
    if (filters > 3 && (ASC_FEATURE_RELAXED_SIMD || usesWideTile())) {
      product6(to, a, b, runs, steps, aSkip, bSkip, bias);
    } else {
      product3(to, a, b, runs, steps, aSkip, bSkip, bias);
      if (filters > 3) product3(to + 96, a + 12, b, runs, steps, aSkip, bSkip, bias + 12);
    }
    to += (<usize>filters) << 5;
  }
}

/** Zeros in the lanes from `images` on, which stand in for images that lack. */
export function clearLanes(at: usize, count: i32, images: i32): void {
  const m0 = laneMask(images),
    m1 = laneMask(images - 4);
  for (let i = 0; i < count; i++) {
    v128.store(at, v128.and(v128.load(at), m0));
    v128.store(at, v128.and(v128.load(at, 16), m1), 16);
    at += 32;
  }
}

/** Filters of a gradient's tile. */
// @ts-ignore: decorator
@inline const ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 3 : 2;

/**
 * Adds what `lines` lines of outputs give to the sums of all taps, [kernelHeight·kernelWidth·channels][6][8]. Their
 * windows begin in x, lines of `width` floats of each image, their gradients are in dy.
 */
export function addGradients(
  op: Window,
  sums: usize,
  x: usize,
  width: i32,
  dy: usize,
  filters: i32,
  lines: i32,
): void {
  const run = op.kernelWidth * op.channels;
  const taps = op.kernelHeight * run;
  const xStep = (<usize>(op.strideWidth * op.channels)) << 5;
  const xSkip = ((<usize>(op.strideHeight * width)) << 5) - <usize>op.outputWidth * xStep;
  const dyStep = (<usize>filters) << 5;
  for (let t = 0; t < taps; t += 2) {
    // What the last tap's neighbour gets is not looked at.
    const next = min(t + 1, taps - 1);
    const x0 = x + ((<usize>((t / run) * width + (t % run))) << 5);
    const x1 = x + ((<usize>((next / run) * width + (next % run))) << 5);
    for (let f = 0; f < filters; f += ROWS) {
      const c = sums + ((<usize>(t * MOST_ROWS + f)) << 5);
      const own = dy + ((<usize>f) << 5);
      if (ASC_FEATURE_RELAXED_SIMD)
        gradient3(c, x0, x1, xStep, xSkip, own, dyStep, lines, op.outputWidth);
      else gradient2(c, x0, x1, xStep, xSkip, own, dyStep, lines, op.outputWidth);
    }
  }
}
