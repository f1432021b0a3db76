// The loops of batch normalisation along lines of whole vectors (core/rows.ts): sums and maps, forward and backward.
//
// What is known of each channel is in slots of scratch, repeated along a line; batchnorm.ts fills them.

import { SLOT } from '../core/rows';
import { madd, passed } from '../core/simd';

// Slots of scratch: what is known of each channel, or its sums, along a line; then two lines of x and two of dy, in
// which rows that are no whole line are completed.
// @ts-ignore: decorator
@inline export const MEAN: usize = 0;
// @ts-ignore: decorator
@inline export const SCALE: usize = SLOT;
// @ts-ignore: decorator
@inline export const BETA: usize = 2 * SLOT;
// @ts-ignore: decorator
@inline export const SLOPE: usize = 3 * SLOT;
// @ts-ignore: decorator
@inline export const OFFSET: usize = 4 * SLOT;
// @ts-ignore: decorator
@inline export const SUMS: usize = 3 * SLOT;
// @ts-ignore: decorator
@inline export const PRODUCTS: usize = 4 * SLOT;
// @ts-ignore: decorator
@inline export const X: usize = 5 * SLOT;
// @ts-ignore: decorator
@inline export const DY: usize = 7 * SLOT;

export function sumDeviations(
  slots: usize,
  x: usize,
  half: usize,
  lines: i32,
  bytes: usize,
  step: usize,
): void {
  for (; lines > 0; lines--) {
    for (let at: usize = 0; at < bytes; at += 32) {
      const slot = slots + at;
      const xa = x + at;
      const xb = xa + half;
      const mean0 = v128.load(slot, MEAN);
      const mean1 = v128.load(slot, MEAN + 16);
      const a0 = f32x4.sub(v128.load(xa), mean0);
      const a1 = f32x4.sub(v128.load(xa, 16), mean1);
      const b0 = f32x4.sub(v128.load(xb), mean0);
      const b1 = f32x4.sub(v128.load(xb, 16), mean1);
      const sum0 = f32x4.add(v128.load(slot, SUMS), f32x4.add(a0, b0));
      const sum1 = f32x4.add(v128.load(slot, SUMS + 16), f32x4.add(a1, b1));
      const square0 = madd(b0, b0, madd(a0, a0, v128.load(slot, PRODUCTS)));
      const square1 = madd(b1, b1, madd(a1, a1, v128.load(slot, PRODUCTS + 16)));
      v128.store(slot, sum0, SUMS);
      v128.store(slot, sum1, SUMS + 16);
      v128.store(slot, square0, PRODUCTS);
      v128.store(slot, square1, PRODUCTS + 16);
    }
    x += step;
  }
}

// @ts-ignore: decorator
@inline
export function sumGradients(
  slots: usize,
  x: usize,
  dy: usize,
  half: usize,
  lines: i32,
  bytes: usize,
  step: usize,
  rectify: bool,
): void {
  for (; lines > 0; lines--) {
    for (let at: usize = 0; at < bytes; at += 32) {
      const slot = slots + at;
      const xa = x + at;
      const xb = xa + half;
      const dya = dy + at;
      const dyb = dya + half;
      const mean0 = v128.load(slot, MEAN);
      const scale0 = rectify ? v128.load(slot, SCALE) : mean0;
      const beta0 = rectify ? v128.load(slot, BETA) : mean0;
      const a0 = f32x4.sub(v128.load(xa), mean0);
      const b0 = f32x4.sub(v128.load(xb), mean0);
      const da0 = gradient(v128.load(dya), a0, scale0, beta0, rectify);
      const db0 = gradient(v128.load(dyb), b0, scale0, beta0, rectify);
      const sum0 = f32x4.add(v128.load(slot, SUMS), f32x4.add(da0, db0));
      const product0 = madd(b0, db0, madd(a0, da0, v128.load(slot, PRODUCTS)));
      const mean1 = v128.load(slot, MEAN + 16);
      const scale1 = rectify ? v128.load(slot, SCALE + 16) : mean1;
      const beta1 = rectify ? v128.load(slot, BETA + 16) : mean1;
      const a1 = f32x4.sub(v128.load(xa, 16), mean1);
      const b1 = f32x4.sub(v128.load(xb, 16), mean1);
      const da1 = gradient(v128.load(dya, 16), a1, scale1, beta1, rectify);
      const db1 = gradient(v128.load(dyb, 16), b1, scale1, beta1, rectify);
      const sum1 = f32x4.add(v128.load(slot, SUMS + 16), f32x4.add(da1, db1));
      const product1 = madd(b1, db1, madd(a1, da1, v128.load(slot, PRODUCTS + 16)));
      v128.store(slot, sum0, SUMS);
      v128.store(slot, sum1, SUMS + 16);
      v128.store(slot, product0, PRODUCTS);
      v128.store(slot, product1, PRODUCTS + 16);
    }
    x += step;
    dy += step;
  }
}

export function normalize(
  slots: usize,
  y: usize,
  x: usize,
  lines: i32,
  bytes: usize,
  step: usize,
  least: f32,
): void {
  const floor = f32x4.splat(least);
  for (; lines > 0; lines--) {
    for (let at: usize = 0; at < bytes; at += 32) {
      const slot = slots + at;
      const d0 = f32x4.sub(v128.load(x + at), v128.load(slot, MEAN));
      const d1 = f32x4.sub(v128.load(x + at, 16), v128.load(slot, MEAN + 16));
      const y0 = output(d0, v128.load(slot, SCALE), v128.load(slot, BETA));
      const y1 = output(d1, v128.load(slot, SCALE + 16), v128.load(slot, BETA + 16));
      v128.store(y + at, f32x4.pmax(y0, floor));
      v128.store(y + at, f32x4.pmax(y1, floor), 16);
    }
    x += step;
    y += step;
  }
}

export function normalizeAdded(
  slots: usize,
  y: usize,
  x: usize,
  residual: usize,
  lines: i32,
  bytes: usize,
  step: usize,
  least: f32,
): void {
  const floor = f32x4.splat(least);
  for (; lines > 0; lines--) {
    for (let at: usize = 0; at < bytes; at += 32) {
      const slot = slots + at;
      const d0 = f32x4.sub(v128.load(x + at), v128.load(slot, MEAN));
      const d1 = f32x4.sub(v128.load(x + at, 16), v128.load(slot, MEAN + 16));
      const y0 = f32x4.add(
        output(d0, v128.load(slot, SCALE), v128.load(slot, BETA)),
        v128.load(residual + at),
      );
      const y1 = f32x4.add(
        output(d1, v128.load(slot, SCALE + 16), v128.load(slot, BETA + 16)),
        v128.load(residual + at, 16),
      );
      v128.store(y + at, f32x4.pmax(y0, floor));
      v128.store(y + at, f32x4.pmax(y1, floor), 16);
    }
    x += step;
    residual += step;
    y += step;
  }
}

/** The output before the ReLU, from d = x − mean: backward has to see the bits that forward saw. */
// @ts-ignore: decorator
@inline
function output(d: v128, scale: v128, beta: v128): v128 {
  return madd(d, scale, beta);
}

// @ts-ignore: decorator
@inline
export function mapGradients(
  slots: usize,
  dx: usize,
  x: usize,
  dy: usize,
  lines: i32,
  bytes: usize,
  step: usize,
  rectify: bool,
): void {
  for (; lines > 0; lines--) {
    for (let at: usize = 0; at < bytes; at += 32) {
      const slot = slots + at;
      const scale0 = v128.load(slot, SCALE);
      const beta0 = rectify ? v128.load(slot, BETA) : scale0;
      const d0 = f32x4.sub(v128.load(x + at), v128.load(slot, MEAN));
      const dy0 = gradient(v128.load(dy + at), d0, scale0, beta0, rectify);
      const own0 = f32x4.sub(dy0, v128.load(slot, OFFSET));
      const dx0 = f32x4.mul(f32x4.sub(own0, f32x4.mul(d0, v128.load(slot, SLOPE))), scale0);
      const scale1 = v128.load(slot, SCALE + 16);
      const beta1 = rectify ? v128.load(slot, BETA + 16) : scale1;
      const d1 = f32x4.sub(v128.load(x + at, 16), v128.load(slot, MEAN + 16));
      const dy1 = gradient(v128.load(dy + at, 16), d1, scale1, beta1, rectify);
      const own1 = f32x4.sub(dy1, v128.load(slot, OFFSET + 16));
      const dx1 = f32x4.mul(f32x4.sub(own1, f32x4.mul(d1, v128.load(slot, SLOPE + 16))), scale1);
      v128.store(dx + at, dx0);
      v128.store(dx + at, dx1, 16);
    }
    x += step;
    dy += step;
    dx += step;
  }
}

/** dy, or what the ReLU after the output has passed of it. */
// @ts-ignore: decorator
@inline
function gradient(dy: v128, d: v128, scale: v128, beta: v128, rectify: bool): v128 {
  return rectify ? passed(dy, output(d, scale, beta)) : dy;
}
