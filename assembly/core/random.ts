// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): random bits
// as a function of a counter and a key, so that any thread can make any element's. src/base/random.ts
// has the same generator; both are held to the published test vectors.

/** The high halves of four 32×32-bit products. */
// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(
    i64x2.extmul_low_i32x4_u(a, b),
    i64x2.extmul_high_i32x4_u(a, b),
    1,
    3,
    5,
    7,
  );
}

/**
 * Stores 16 random u32 at `to` (64 bytes): word w of counter (counter + i, stream, step, purpose) at
 * 4w + i.
 */
export function philox(
  to: usize,
  counter: u32,
  stream: u32,
  step: u32,
  purpose: u32,
  key0: u32,
  key1: u32,
): void {
  const m0 = i32x4.splat(0xd2511f53);
  const m1 = i32x4.splat(0xcd9e8d57);
  let c0 = i32x4.add(i32x4.splat(counter), i32x4(0, 1, 2, 3));
  let c1 = i32x4.splat(stream);
  let c2 = i32x4.splat(step);
  let c3 = i32x4.splat(purpose);
  for (let round = 0; round < 10; round++) {
    const high0 = high(c0, m0);
    const high1 = high(c2, m1);
    const low0 = i32x4.mul(c0, m0);
    const low1 = i32x4.mul(c2, m1);
    c0 = v128.xor(v128.xor(high1, c1), i32x4.splat(key0));
    c2 = v128.xor(v128.xor(high0, c3), i32x4.splat(key1));
    c1 = low1;
    c3 = low0;
    key0 += 0x9e3779b9;
    key1 += 0xbb67ae85;
  }
  v128.store(to, c0);
  v128.store(to, c1, 16);
  v128.store(to, c2, 32);
  v128.store(to, c3, 48);
}
