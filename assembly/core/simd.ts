// The few vector idioms that every kernel shares: multiply-add, partial stores, exp and log.
//
// Kernels run over the contiguous dimension four lanes at a time and have no scalar tail: the last
// vector is loaded whole (every buffer may be read 64 bytes past its end, see bindings/memory.ts)
// and stored in part.

/** a·b + c, fused where the build has relaxed SIMD. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c − a·b, fused where the build has relaxed SIMD. */
// @ts-ignore: decorator
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/** a in the lanes where the mask is all ones, b where it is zero: one instruction with relaxed SIMD, else three on x64. */
// @ts-ignore: decorator
@inline
export function choose(a: v128, b: v128, mask: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_laneselect(a, b, mask);
  return v128.bitselect(a, b, mask);
}

/** Stores the first `count` lanes, 1 to 4. */
// @ts-ignore: decorator
@inline
export function storeLanes(to: usize, v: v128, count: i32): void {
  if (count >= 4) {
    v128.store(to, v);
  } else if (count == 3) {
    v128.store64_lane(to, v, 0);
    v128.store32_lane(to, v, 2, 8);
  } else if (count == 2) {
    v128.store64_lane(to, v, 0);
  } else {
    v128.store32_lane(to, v, 0);
  }
}

/** All ones in the first `count` lanes (0 to 4 and more), zeros in the rest. */
// @ts-ignore: decorator
@inline
export function laneMask(count: i32): v128 {
  return i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3));
}

/** The sum of four lanes, in one fixed order. */
// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** The largest of four lanes. */
// @ts-ignore: decorator
@inline
export function maxLanes(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

/** max(x, 0) that keeps NaN: one instruction, where f32x4.max takes several on x64. */
// @ts-ignore: decorator
@inline
export function relu(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0));
}

/** dy where ReLU has let x through: where its output y, or x itself, is not 0 or less. */
// @ts-ignore: decorator
@inline
export function passed(dy: v128, y: v128): v128 {
  return v128.andnot(dy, f32x4.le(y, f32x4.splat(0)));
}

/** Copies `count` floats in whole vectors: writes up to 12 bytes too far. */
// @ts-ignore: decorator
@inline
export function copy(to: usize, from: usize, count: i32): void {
  for (let i = 0; i < count; i += 4)
    v128.store(to + ((<usize>i) << 2), v128.load(from + ((<usize>i) << 2)));
}

/** Copies `count` floats and writes no further. */
export function copyExactly(to: usize, from: usize, count: i32): void {
  const whole = count & ~3;
  copy(to, from, whole);
  const at = (<usize>whole) << 2;
  if (count > whole) storeLanes(to + at, v128.load(from + at), count - whole);
}

/** Adds `count` floats to those at `to`, and writes no further. */
export function addExactly(to: usize, from: usize, count: i32): void {
  let i = 4;
  for (; i <= count; i += 4) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    to += 16;
    from += 16;
  }
  const left = count + 4 - i;
  if (left > 0) storeLanes(to, f32x4.add(v128.load(to), v128.load(from)), left);
}

/** Adds `count` floats times `scale` to those at `to`, and writes no further. */
export function addScaled(to: usize, from: usize, scale: f32, count: i32): void {
  const s = f32x4.splat(scale);
  let i = 8;
  for (; i <= count; i += 8) {
    const v0 = madd(v128.load(from), s, v128.load(to));
    const v1 = madd(v128.load(from, 16), s, v128.load(to, 16));
    v128.store(to, v0);
    v128.store(to, v1, 16);
    to += 32;
    from += 32;
  }
  for (let left = count + 8 - i; left > 0; left -= 4) {
    storeLanes(to, madd(v128.load(from), s, v128.load(to)), left);
    to += 16;
    from += 16;
  }
}

/** Zeros `count` floats in whole vectors: writes up to 12 bytes too far. */
// @ts-ignore: decorator
@inline
export function zero(to: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) v128.store(to + ((<usize>i) << 2), f32x4.splat(0));
}

/** Zeros `count` floats and writes no further. */
export function zeroExactly(to: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) storeLanes(to + ((<usize>i) << 2), f32x4.splat(0), count - i);
}

/** Zero where |x| < 1e-30: wasm cannot flush subnormals, and they are a hundred times slower. */
// @ts-ignore: decorator
@inline
export function flush(x: v128): v128 {
  return v128.and(x, f32x4.ge(f32x4.abs(x), f32x4.splat(1e-30)));
}

/** x − n·ln 2, ln 2 in two parts (Cody & Waite, 1980). */
// @ts-ignore: decorator
@inline
function reduced(x: v128, n: v128): v128 {
  const r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  return f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
}

/** eʳ − 1 for |r| ≤ ln 2 / 2: the degree-5 minimax polynomial of Cephes' expf. */
// @ts-ignore: decorator
@inline
function expm1Near0(r: v128): v128 {
  let p = f32x4.splat(1.98756915e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  return f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r);
}

/**
 * exp(x), within 2 ulp where the result is normal: 2ⁿ·eʳ with x = n·ln 2 + r. Below −87.33 it gives about
 * 1.2e-38 (or 0 below −104), above 88.72 infinity; NaN stays NaN.
 */
export function exp(x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-87.33)), f32x4.splat(88.72));
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.44269504)));
  let p = f32x4.add(expm1Near0(reduced(clamped, n)), f32x4.splat(1));
  // 2ⁿ in two factors, as n = 128 has no exponent of its own.
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  const low = i32x4.shl(i32x4.add(half, i32x4.splat(127)), 23);
  const high = i32x4.shl(i32x4.add(i32x4.sub(whole, half), i32x4.splat(127)), 23);
  p = f32x4.mul(f32x4.mul(p, low), high);
  p = v128.bitselect(f32x4.splat(Infinity), p, f32x4.gt(x, f32x4.splat(88.7228)));
  p = v128.andnot(p, f32x4.lt(x, f32x4.splat(-104)));
  return v128.bitselect(x, p, f32x4.ne(x, x));
}

/** eˣ − 1 for x ≤ 0, within 2 ulp: 2ⁿ·(eʳ − 1) + (2ⁿ − 1). NaN stays NaN. */
export function expm1(x: v128): v128 {
  // Below, it is −1.
  const clamped = f32x4.pmax(x, f32x4.splat(-20));
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.44269504)));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  const p = f32x4.mul(expm1Near0(reduced(clamped, n)), power);
  return f32x4.add(p, f32x4.sub(power, f32x4.splat(1)));
}

/**
 * ln(x) for x ≥ 0, within 2 ulp. x = 2ᵉ·m with √½ ≤ m < √2, then Cephes' logf polynomial. Zero and
 * subnormals count as the smallest normal number (−87.3): a loss stays finite. Infinity stays.
 */
export function log(x: v128): v128 {
  const positive = f32x4.pmax(x, f32x4.splat(1.17549435e-38));
  let e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(positive, 23), i32x4.splat(126)));
  let m = v128.or(v128.and(positive, i32x4.splat(0x007fffff)), i32x4.splat(0x3f000000));
  const small = f32x4.lt(m, f32x4.splat(0.707106781));
  e = f32x4.sub(e, v128.and(small, f32x4.splat(1)));
  m = f32x4.sub(f32x4.add(m, v128.and(small, m)), f32x4.splat(1));
  const z = f32x4.mul(m, m);
  let p = f32x4.splat(7.0376836292e-2);
  p = f32x4.add(f32x4.mul(p, m), f32x4.splat(-1.151461031e-1));
  p = f32x4.add(f32x4.mul(p, m), f32x4.splat(1.167699874e-1));
  p = f32x4.add(f32x4.mul(p, m), f32x4.splat(-1.2420140846e-1));
  p = f32x4.add(f32x4.mul(p, m), f32x4.splat(1.4249322787e-1));
  p = f32x4.add(f32x4.mul(p, m), f32x4.splat(-1.6668057665e-1));
  p = f32x4.add(f32x4.mul(p, m), f32x4.splat(2.0000714765e-1));
  p = f32x4.add(f32x4.mul(p, m), f32x4.splat(-2.4999993993e-1));
  p = f32x4.add(f32x4.mul(p, m), f32x4.splat(3.3333331174e-1));
  p = f32x4.mul(f32x4.mul(p, m), z);
  p = f32x4.add(p, f32x4.mul(e, f32x4.splat(-2.1219444e-4)));
  p = f32x4.sub(p, f32x4.mul(z, f32x4.splat(0.5)));
  p = f32x4.add(f32x4.add(m, p), f32x4.mul(e, f32x4.splat(0.693359375)));
  p = v128.bitselect(x, p, f32x4.eq(x, f32x4.splat(Infinity)));
  return v128.bitselect(x, p, f32x4.ne(x, x));
}
