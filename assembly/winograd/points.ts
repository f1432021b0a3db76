// Winograd's one-dimensional transforms: pixels, taps and gradients as polynomials, evaluated at the points
// 0, ±√½, ±√2 and ∞, and back again from the products at those points. Two-dimensional ones are these on
// columns, then on rows. Each loads all before it stores: only then does V8 pair the halves.
//
// Pixels, products and gradients come 8 channels at a time, filters and sums 4.

import { ZEROS } from '../gemm/multiply';
import { madd, nmadd } from '../core/simd';

// The points ±A and ±B; A·B = 1, A² = ½, B² = 2.
// @ts-ignore: decorator
@inline const A: f32 = 0.7071067811865476;
// @ts-ignore: decorator
@inline const B: f32 = 1.4142135623730951;

/** G: three or five taps to six points, divided by Π (pᵢ − pⱼ). */
export function filterLine(from: usize, step: usize, taps: i32, to: usize, stride: usize): void {
  const g0 = v128.load(from),
    g1 = v128.load(from + step),
    g2 = v128.load(from + 2 * step);
  const third = f32x4.splat(-2.0 / 3.0);
  const sixth = f32x4.splat(1.0 / 6.0);
  let last = g2;
  let even1 = madd(g2, f32x4.splat(0.5), g0),
    even2 = madd(g2, f32x4.splat(2), g0);
  let odd1 = g1,
    odd2 = g1;
  if (taps == 5) {
    const g3 = v128.load(from + 3 * step);
    last = v128.load(from + 4 * step);
    even1 = madd(last, f32x4.splat(0.25), even1);
    even2 = madd(last, f32x4.splat(4), even2);
    odd1 = madd(g3, f32x4.splat(0.5), g1);
    odd2 = madd(g3, f32x4.splat(2), g1);
  }
  even1 = f32x4.mul(even1, third);
  odd1 = f32x4.mul(odd1, f32x4.splat((-2.0 / 3.0) * A));
  even2 = f32x4.mul(even2, sixth);
  odd2 = f32x4.mul(odd2, f32x4.splat(B / 6.0));
  v128.store(to, g0);
  v128.store(to + stride, f32x4.add(even1, odd1));
  v128.store(to + 2 * stride, f32x4.sub(even1, odd1));
  v128.store(to + 3 * stride, f32x4.add(even2, odd2));
  v128.store(to + 4 * stride, f32x4.sub(even2, odd2));
  v128.store(to + 5 * stride, last);
}

/** Bᵀ: six pixels to six points, 8 channels at a time. */
// @ts-ignore: decorator
@inline
export function patchLine(
  at0: usize,
  at1: usize,
  at2: usize,
  at3: usize,
  at4: usize,
  at5: usize,
  to: usize,
  stride: usize,
): void {
  const a = f32x4.splat(A),
    b = f32x4.splat(B),
    two = f32x4.splat(2),
    half = f32x4.splat(0.5),
    sum = f32x4.splat(2.5);
  const d0 = v128.load(at0),
    e0 = v128.load(at0, 16);
  const d1 = v128.load(at1),
    e1 = v128.load(at1, 16);
  const d2 = v128.load(at2),
    e2 = v128.load(at2, 16);
  const d3 = v128.load(at3),
    e3 = v128.load(at3, 16);
  const d4 = v128.load(at4),
    e4 = v128.load(at4, 16);
  const d5 = v128.load(at5),
    e5 = v128.load(at5, 16);
  v128.store(to, f32x4.add(nmadd(sum, e2, e0), e4), 16);
  v128.store(to, f32x4.add(nmadd(sum, d2, d0), d4));
  to += stride;
  const p = nmadd(two, d2, d4),
    q = nmadd(two, e2, e4);
  const r = nmadd(two, d1, d3),
    s = nmadd(two, e1, e3);
  v128.store(to, madd(a, s, q), 16);
  v128.store(to, madd(a, r, p));
  to += stride;
  v128.store(to, nmadd(a, s, q), 16);
  v128.store(to, nmadd(a, r, p));
  to += stride;
  const t = nmadd(half, d2, d4),
    u = nmadd(half, e2, e4);
  const v = nmadd(half, d1, d3),
    w = nmadd(half, e1, e3);
  v128.store(to, madd(b, w, u), 16);
  v128.store(to, madd(b, v, t));
  to += stride;
  v128.store(to, nmadd(b, w, u), 16);
  v128.store(to, nmadd(b, v, t));
  to += stride;
  v128.store(to, f32x4.add(nmadd(sum, e3, e1), e5), 16);
  v128.store(to, f32x4.add(nmadd(sum, d3, d1), d5));
}

/** Six points of nothing. */
// @ts-ignore: decorator
@inline
export function clearLine(to: usize, stride: usize): void {
  for (let i = 0; i < 6; i++) {
    v128.store(to, f32x4.splat(0), 16);
    v128.store(to, f32x4.splat(0));
    to += stride;
  }
}

/** Aᵀ: six points to four outputs, or two, 8 filters at a time. */
// @ts-ignore: decorator
@inline
export function productLine(
  from: usize,
  step: usize,
  outputs: i32,
  to: usize,
  stride: usize,
): void {
  const at1 = from + step,
    at2 = at1 + step,
    at3 = at2 + step,
    at4 = at3 + step,
    at5 = at4 + step;
  const m0 = v128.load(from),
    n0 = v128.load(from, 16);
  const m1 = v128.load(at1),
    n1 = v128.load(at1, 16);
  const m2 = v128.load(at2),
    n2 = v128.load(at2, 16);
  const m3 = v128.load(at3),
    n3 = v128.load(at3, 16);
  const m4 = v128.load(at4),
    n4 = v128.load(at4, 16);
  const m5 = v128.load(at5),
    n5 = v128.load(at5, 16);
  const p1 = f32x4.add(m1, m2),
    q1 = f32x4.add(n1, n2);
  const p2 = f32x4.add(m3, m4),
    q2 = f32x4.add(n3, n4);
  v128.store(to, f32x4.add(f32x4.add(n0, q1), q2), 16);
  v128.store(to, f32x4.add(f32x4.add(m0, p1), p2));
  const d1 = f32x4.sub(m1, m2),
    e1 = f32x4.sub(n1, n2);
  const d2 = f32x4.sub(m3, m4),
    e2 = f32x4.sub(n3, n4);
  const a = f32x4.splat(A),
    b = f32x4.splat(B);
  if (outputs == 2) {
    v128.store(to + stride, madd(b, e2, madd(a, e1, n5)), 16);
    v128.store(to + stride, madd(b, d2, madd(a, d1, m5)));
    return;
  }
  const half = f32x4.splat(0.5),
    two = f32x4.splat(2);
  v128.store(to + 2 * stride, madd(two, q2, f32x4.mul(half, q1)), 16);
  v128.store(to + 2 * stride, madd(two, p2, f32x4.mul(half, p1)));
  v128.store(to + stride, madd(b, e2, f32x4.mul(a, e1)), 16);
  v128.store(to + stride, madd(b, d2, f32x4.mul(a, d1)));
  const a3 = f32x4.splat(A * A * A),
    b3 = f32x4.splat(B * B * B);
  v128.store(to + 3 * stride, madd(b3, e2, madd(a3, e1, n5)), 16);
  v128.store(to + 3 * stride, madd(b3, d2, madd(a3, d1, m5)));
}

/** The same for a line of a patch half-way, then bias, residual and the smallest value that is allowed. */
// @ts-ignore: decorator
@inline
export function outputLine(
  from: usize,
  outputs: i32,
  bias: usize,
  to: usize,
  stride: usize,
  residual: usize,
  floor: v128,
): void {
  const b0 = v128.load(bias),
    b1 = v128.load(bias, 16);
  const m0 = f32x4.add(v128.load(from), b0),
    n0 = f32x4.add(v128.load(from, 16), b1);
  const m1 = v128.load(from, 32),
    n1 = v128.load(from, 48);
  const m2 = v128.load(from, 64),
    n2 = v128.load(from, 80);
  const m3 = v128.load(from, 96),
    n3 = v128.load(from, 112);
  const m4 = v128.load(from, 128),
    n4 = v128.load(from, 144);
  const m5 = f32x4.add(v128.load(from, 160), b0),
    n5 = f32x4.add(v128.load(from, 176), b1);
  const p1 = f32x4.add(m1, m2),
    q1 = f32x4.add(n1, n2);
  const p2 = f32x4.add(m3, m4),
    q2 = f32x4.add(n3, n4);
  const d1 = f32x4.sub(m1, m2),
    e1 = f32x4.sub(n1, n2);
  const d2 = f32x4.sub(m3, m4),
    e2 = f32x4.sub(n3, n4);
  const step = residual ? stride : 0;
  if (!residual) residual = ZEROS;
  storeOutput(
    to,
    f32x4.add(f32x4.add(m0, p1), p2),
    f32x4.add(f32x4.add(n0, q1), q2),
    residual,
    floor,
  );
  to += stride;
  residual += step;
  const a = f32x4.splat(A),
    b = f32x4.splat(B);
  if (outputs == 2) {
    storeOutput(to, madd(b, d2, madd(a, d1, m5)), madd(b, e2, madd(a, e1, n5)), residual, floor);
    return;
  }
  storeOutput(to, madd(b, d2, madd(a, d1, b0)), madd(b, e2, madd(a, e1, b1)), residual, floor);
  to += stride;
  residual += step;
  const half = f32x4.splat(0.5),
    two = f32x4.splat(2);
  storeOutput(
    to,
    madd(two, p2, madd(half, p1, b0)),
    madd(two, q2, madd(half, q1, b1)),
    residual,
    floor,
  );
  to += stride;
  residual += step;
  const a3 = f32x4.splat(A * A * A),
    b3 = f32x4.splat(B * B * B);
  storeOutput(to, madd(b3, d2, madd(a3, d1, m5)), madd(b3, e2, madd(a3, e1, n5)), residual, floor);
}

// @ts-ignore: decorator
@inline
function storeOutput(to: usize, v0: v128, v1: v128, residual: usize, floor: v128): void {
  const r0 = v128.load(residual),
    r1 = v128.load(residual, 16);
  v128.store(to, f32x4.pmax(f32x4.add(v1, r1), floor), 16);
  v128.store(to, f32x4.pmax(f32x4.add(v0, r0), floor));
}

/** Four gradients to six points, 8 filters at a time. */
// @ts-ignore: decorator
@inline
export function gradientLine(
  at0: usize,
  at1: usize,
  at2: usize,
  at3: usize,
  to: usize,
  stride: usize,
): void {
  const a = f32x4.splat(A),
    b = f32x4.splat(B),
    half = f32x4.splat(0.5),
    two = f32x4.splat(2);
  const g0 = v128.load(at0),
    h0 = v128.load(at0, 16);
  const g1 = v128.load(at1),
    h1 = v128.load(at1, 16);
  const g2 = v128.load(at2),
    h2 = v128.load(at2, 16);
  const g3 = v128.load(at3),
    h3 = v128.load(at3, 16);
  v128.store(to, h0, 16);
  v128.store(to, g0);
  to += stride;
  const p = madd(half, g2, g0),
    q = madd(half, h2, h0);
  const r = madd(half, g3, g1),
    s = madd(half, h3, h1);
  v128.store(to, madd(a, s, q), 16);
  v128.store(to, madd(a, r, p));
  to += stride;
  v128.store(to, nmadd(a, s, q), 16);
  v128.store(to, nmadd(a, r, p));
  to += stride;
  const t = madd(two, g2, g0),
    u = madd(two, h2, h0);
  const v = madd(two, g3, g1),
    w = madd(two, h3, h1);
  v128.store(to, madd(b, w, u), 16);
  v128.store(to, madd(b, v, t));
  to += stride;
  v128.store(to, nmadd(b, w, u), 16);
  v128.store(to, nmadd(b, v, t));
  to += stride;
  v128.store(to, h3, 16);
  v128.store(to, g3);
}

/** Six points to three taps, 4 filters at a time. */
// @ts-ignore: decorator
@inline
export function sumLine(from: usize, step: usize, to: usize, stride: usize): void {
  const m1 = v128.load(from + step),
    m2 = v128.load(from + 2 * step);
  const m3 = v128.load(from + 3 * step),
    m4 = v128.load(from + 4 * step);
  const third = f32x4.splat(1.0 / 3.0);
  const even1 = f32x4.mul(f32x4.add(m1, m2), third),
    odd1 = f32x4.mul(f32x4.sub(m1, m2), third);
  const even2 = f32x4.mul(f32x4.add(m3, m4), third),
    odd2 = f32x4.mul(f32x4.sub(m3, m4), third);
  v128.store(to, madd(f32x4.splat(0.5), even2, nmadd(f32x4.splat(2), even1, v128.load(from))));
  v128.store(to + stride, nmadd(f32x4.splat(2 * A), odd1, f32x4.mul(f32x4.splat(0.5 * B), odd2)));
  v128.store(to + 2 * stride, f32x4.add(f32x4.sub(even2, even1), v128.load(from + 5 * step)));
}
