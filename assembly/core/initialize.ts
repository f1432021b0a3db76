// Initial weights: the numbers of src/base/random.ts's `Random`, to the bit, as VGG has 138 million of them.
// Called once for each weight, so these are no ops.

import { philox } from './random';
import { exp } from './simd';

/** A u32 as a number in [0, 1). */
// @ts-ignore: decorator
@inline
function uniform(word: u32): f64 {
  return <f64>word / 4294967296;
}

/** e⁻ˣ for 0 ≤ x ≤ 2, by the very operations of src/base/arithmetic.ts. */
function expMinus(x: f64): f64 {
  const small = -x / 16;
  let sum: f64 = 0;
  for (let n: f64 = 10; n > 0; n--) sum = (1 + sum) * (small / n);
  const e = 1 + sum;
  const e2 = e * e;
  const e4 = e2 * e2;
  const e8 = e4 * e4;
  return e8 * e8;
}

/**
 * Fills `to` with uniform numbers in ±limit: stream `index` of purpose `purpose`.
 *
 * @param words 64 bytes to work in
 */
export function fillUniform(
  to: usize,
  count: i32,
  limit: f64,
  purpose: u32,
  index: u32,
  key0: u32,
  key1: u32,
  words: usize,
): void {
  for (let i = 0; i < count; i += 16) {
    philox(words, <u32>i >> 2, index, 0, purpose, key0, key1);
    const left = min(16, count - i);
    for (let j = 0; j < left; j++) {
      // Word w of the c-th counter lies at 4w + c.
      const word = load<u32>(words + ((<usize>(((j & 3) << 2) + (j >> 2))) << 2));
      store<f32>(to + ((<usize>(i + j)) << 2), <f32>((2 * uniform(word) - 1) * limit));
    }
  }
}

/** Fills `to` with normal numbers times `deviation`, none beyond two of it: see `fillUniform`. */
export function fillTruncatedNormal(
  to: usize,
  count: i32,
  deviation: f64,
  purpose: u32,
  index: u32,
  key0: u32,
  key1: u32,
  words: usize,
): void {
  const end = to + ((<usize>count) << 2);
  for (let counter: u32 = 0; to < end; counter += 4) {
    philox(words, counter, index, 0, purpose, key0, key1);
    const first = accepted(words);
    const second = accepted(words + 32);
    // Each counter has two candidates, and they come in turn.
    for (let c = 0; c < 4 && to < end; c++) {
      const at = words + ((<usize>c) << 2);
      if ((first >> c) & 1) to = put(to, at, deviation);
      if ((second >> c) & 1 && to < end) to = put(to, at + 32, deviation);
    }
  }
}

// @ts-ignore: decorator
@inline
function candidate(word: u32): f64 {
  return 4 * uniform(word) - 2;
}

// @ts-ignore: decorator
@inline
function put(to: usize, word: usize, deviation: f64): usize {
  store<f32>(to, <f32>(candidate(load<u32>(word)) * deviation));
  return to + 4;
}

/** Float32 decides where it is this far from doubt. */
// @ts-ignore: decorator
@inline const DOUBT: f32 = 1e-5;

/** Which of four candidates x are taken: those with u < exp(−x²/2), x and u from words side by side. */
function accepted(words: usize): i32 {
  const unit = f32x4.splat(1 / 4294967296);
  const x = f32x4.sub(
    f32x4.mul(f32x4.convert_i32x4_u(v128.load(words)), f32x4.splat(4 / 4294967296)),
    f32x4.splat(2),
  );
  const u = f32x4.mul(f32x4.convert_i32x4_u(v128.load(words, 16)), unit);
  const above = f32x4.sub(exp(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5))), u);
  let taken = i32x4.bitmask(f32x4.gt(above, f32x4.splat(0)));
  let doubtful = i32x4.bitmask(f32x4.lt(f32x4.abs(above), f32x4.splat(DOUBT)));
  for (; doubtful; doubtful &= doubtful - 1) {
    const at = words + ((<usize>ctz(doubtful)) << 2);
    const exact = candidate(load<u32>(at));
    const take = uniform(load<u32>(at, 16)) < expMinus((exact * exact) / 2);
    const bit = doubtful & -doubtful;
    taken = take ? taken | bit : taken & ~bit;
  }
  return taken;
}
