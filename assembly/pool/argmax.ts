// Which of several numbers was the largest, as max pooling keeps it for backward: a byte each, or an i32 where
// there are more than a byte can count.

import { storeLanes } from '../core/simd';

/** How many numbers a byte can count. */
// @ts-ignore: decorator
@inline export const MOST_BYTES: i32 = 256;

/** Whether numbers up to `count` − 1 are kept as i32. */
// @ts-ignore: decorator
@inline
export function isWide(count: i32): bool {
  return count > MOST_BYTES;
}

/** Stores the first `count` lanes as elements `index` and following. */
// @ts-ignore: decorator
@inline
export function storeChoice(argmax: usize, index: i32, v: v128, count: i32, wide: bool): void {
  if (wide) storeLanes(argmax + ((<usize>index) << 2), v, count);
  else storeBytes(argmax + index, v, count);
}

/** Elements `index` to `index` + 3. */
// @ts-ignore: decorator
@inline
export function loadChoice(argmax: usize, index: i32, wide: bool): v128 {
  return wide ? v128.load(argmax + ((<usize>index) << 2)) : loadBytes(argmax + index);
}

/** Element `index`. */
// @ts-ignore: decorator
@inline
export function loadOne(argmax: usize, index: i32, wide: bool): i32 {
  return wide ? load<i32>(argmax + ((<usize>index) << 2)) : <i32>load<u8>(argmax + index);
}

/** Four bytes as numbers. */
// @ts-ignore: decorator
@inline
export function loadBytes(from: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(from)));
}

/** Four numbers below 256 as bytes, the first `count` of them. */
// @ts-ignore: decorator
@inline
export function storeBytes(to: usize, v: v128, count: i32): void {
  const words = i16x8.narrow_i32x4_s(v, v);
  const bytes = i8x16.narrow_i16x8_u(words, words);
  if (count >= 4) {
    v128.store32_lane(to, bytes, 0);
  } else {
    v128.store8_lane(to, bytes, 0);
    if (count > 1) v128.store8_lane(to, bytes, 1, 1);
    if (count > 2) v128.store8_lane(to, bytes, 2, 2);
  }
}
