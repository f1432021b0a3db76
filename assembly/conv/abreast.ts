// Convolutions of few filters, over several images side by side: a lane has an image, a row of the tile a filter. So
// none of a tile is wasted where six filters would fill three quarters of a panel, and taps outside the image are left
// out, as they are outside for all lanes. Images are brought side by side in scratch, and the results back in turn.

import { laneMask, storeLanes } from '../core/simd';
import { Window } from './im2col';
import { usesWideTile } from '../gemm/pack';
import { gradient2, gradient3, product3, product6 } from './abreasttile';

/** Images side by side. */
// @ts-ignore: decorator
@inline export const ABREAST: i32 = 8;

/** The most filters: rows of the tile, or of two of them. */
// @ts-ignore: decorator
@inline export const MOST_ROWS: i32 = 6;

/** Pointers to `count` images `step` bytes apart; the last one stands in for those that lack. */
export function placeImages(table: usize, first: usize, count: i32, step: usize): void {
  for (let i = 0; i < ABREAST; i++)
    store<usize>(table + ((<usize>i) << 2), first + <usize>min(i, count - 1) * step);
}

/** `count` floats of each image in the table, the same of all images side by side. */
export function toLanes(to: usize, images: usize, count: i32): void {
  for (let half: usize = 0; half < 32; half += 16) {
    let p0 = load<usize>(images + half), p1 = load<usize>(images + half, 4);
    let p2 = load<usize>(images + half, 8), p3 = load<usize>(images + half, 12);
    let at = to + half;
    for (let i = 0; i < count; i += 4) {
      const a = v128.load(p0), b = v128.load(p1), c = v128.load(p2), d = v128.load(p3);
      const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
      const AB = v128.shuffle<i32>(a, b, 2, 6, 3, 7), CD = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
      v128.store(at, v128.shuffle<i64>(ab, cd, 0, 2));
      v128.store(at, v128.shuffle<i64>(ab, cd, 1, 3), 32);
      v128.store(at, v128.shuffle<i64>(AB, CD, 0, 2), 64);
      v128.store(at, v128.shuffle<i64>(AB, CD, 1, 3), 96);
      at += 128;
      p0 += 16; p1 += 16; p2 += 16; p3 += 16;
    }
  }
}

/** Back: `count` floats of each image. */
export function fromLanes(images: usize, from: usize, count: i32, wanted: i32, addend: i32, floor: v128): void {
  for (let first = 0; first < wanted; first += 4) {
    const table = images + ((<usize>first) << 2);
    let p0 = load<usize>(table), p1 = load<usize>(table, 4);
    let p2 = load<usize>(table, 8), p3 = load<usize>(table, 12);
    let at = from + ((<usize>first) << 2);
    for (let i = 0; i < count; i += 4) {
      const a = v128.load(at), b = v128.load(at, 32), c = v128.load(at, 64), d = v128.load(at, 96);
      const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
      const AB = v128.shuffle<i32>(a, b, 2, 6, 3, 7), CD = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
      const left = count - i;
      put(p0, v128.shuffle<i64>(ab, cd, 0, 2), left, addend, floor);
      if (wanted - first > 1) put(p1, v128.shuffle<i64>(ab, cd, 1, 3), left, addend, floor);
      if (wanted - first > 2) put(p2, v128.shuffle<i64>(AB, CD, 0, 2), left, addend, floor);
      if (wanted - first > 3) put(p3, v128.shuffle<i64>(AB, CD, 1, 3), left, addend, floor);
      at += 128;
      p0 += 16; p1 += 16; p2 += 16; p3 += 16;
    }
  }
}

// @ts-ignore: decorator
@inline
function put(to: usize, v: v128, count: i32, addend: i32, floor: v128): void {
  if (addend != 1) v = f32x4.add(v, v128.load(to + addend));
  v = f32x4.pmax(v, floor);
  if (count >= 4) v128.store(to, v);
  else storeLanes(to, v, count);
}

/** One line of results, [outputWidth·filters] of each lane, from input lines that begin with line `top`. */
export function lineAbreast(op: Window, to: usize, lines: usize, top: i32, i: i32, packed: usize, filters: i32, bias: usize): void {
  const channels = op.channels;
  const above = i * op.strideHeight - op.padTop;
  const r0 = max(0, -above), r1 = min(op.kernelHeight, op.height - above);
  for (let j = 0; j < op.outputWidth; j++) {
    const left = j * op.strideWidth - op.padLeft;
    const s0 = max(0, -left), s1 = min(op.kernelWidth, op.width - left);
    const steps = (s1 - s0) * channels;
    const a = packed + ((<usize>((r0 * op.kernelWidth + s0) * channels)) << 5);
    const b = lines + ((<usize>(((above + r0 - top) * op.width + left + s0) * channels)) << 5);
    const aSkip = (<usize>(op.kernelWidth * channels - steps)) << 5;
    const bSkip = (<usize>(op.width * channels - steps)) << 5;
    const runs = s1 > s0 ? r1 - r0 : 0;
    if (filters > 3 && (ASC_FEATURE_RELAXED_SIMD || usesWideTile())) {
      product6(to, a, b, runs, steps, aSkip, bSkip, bias);
    } else {
      product3(to, a, b, runs, steps, aSkip, bSkip, bias);
      if (filters > 3) product3(to + 96, a + 12, b, runs, steps, aSkip, bSkip, bias + 12);
    }
    to += (<usize>filters) << 5;
  }
}

/** Zeros in the lanes that have no image. */
export function clearLanes(at: usize, count: i32, images: i32): void {
  const m0 = laneMask(images), m1 = laneMask(images - 4);
  for (let i = 0; i < count; i++) {
    v128.store(at, v128.and(v128.load(at), m0));
    v128.store(at, v128.and(v128.load(at, 16), m1), 16);
    at += 32;
  }
}

/** Filters of a gradient's tile. */
// @ts-ignore: decorator
@inline export const GRADIENT_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 3 : 2;

/**
 * Adds to sums [kernelHeight·kernelWidth·channels][6][8] what `lines` lines of outputs give, whose windows begin in
 * `x`, lines of `width` floats of each image, and whose gradients are in dy.
 */
export function gradientAbreast(op: Window, sums: usize, x: usize, dy: usize, lines: i32, filters: i32, width: i32): void {
  const run = op.kernelWidth * op.channels;
  const depth = op.kernelHeight * run;
  const xStep = (<usize>(op.strideWidth * op.channels)) << 5;
  const xSkip = ((<usize>(op.strideHeight * width)) << 5) - <usize>op.outputWidth * xStep;
  const dyStep = (<usize>filters) << 5;
  for (let t = 0; t < depth; t += 2) {
    const u = min(t + 1, depth - 1);
    const x0 = x + ((<usize>((t / run) * width + (t % run))) << 5);
    const x1 = x + ((<usize>((u / run) * width + (u % run))) << 5);
    for (let f = 0; f < filters; f += GRADIENT_ROWS) {
      const c = sums + ((<usize>(t * 6 + f)) << 5);
      const d = dy + ((<usize>f) << 5);
      if (ASC_FEATURE_RELAXED_SIMD) gradient3(c, c + 192, x0, x1, xStep, xSkip, d, dyStep, lines, op.outputWidth);
      else gradient2(c, c + 192, x0, x1, xStep, xSkip, d, dyStep, lines, op.outputWidth);
    }
  }
}
