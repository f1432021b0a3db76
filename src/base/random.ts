// Randomness as a function of a seed: Philox4x32-10 (Salmon et al., SC 2011), the same generator as
// assembly/core/random.ts. Nothing here has hidden state, so that everything can be repeated.

import { expMinus } from './arithmetic.js';

/** What a stream of numbers is for. Streams of different purposes share no numbers. */
export const purpose = { weights: 1, shuffle: 2, augment: 3, split: 4 } as const;

/**
 * Four random u32 from a counter and a key.
 *
 * @param counter four u32
 * @param key two u32
 */
export function philox(counter: readonly number[], key: readonly number[]): number[] {
  let [c0, c1, c2, c3] = counter.map((word) => word >>> 0);
  let [k0, k1] = key.map((word) => word >>> 0);
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(0xd2511f53, c0);
    const high1 = mulHigh(0xcd9e8d57, c2);
    const low0 = Math.imul(0xd2511f53, c0) >>> 0;
    const low1 = Math.imul(0xcd9e8d57, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** The high half of the 64-bit product of two u32. */
function mulHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  return aHigh * bHigh + Math.floor((middle + aLow * bHigh) / 65536);
}

/** The two key words of a seed, a whole number from 0 to 2⁵³ − 1. */
export function keyOf(seed: number): [number, number] {
  return [seed >>> 0, Math.floor(seed / 2 ** 32)];
}

/** A stream of numbers: one for each (seed, purpose, index, epoch). */
export class Random {
  readonly #key: [number, number];
  readonly #stream: [number, number, number];
  #block = 0;
  #words: number[] = [];

  constructor(seed: number, forWhat: number, index = 0, epoch = 0) {
    this.#key = keyOf(seed);
    this.#stream = [index, epoch, forWhat];
  }

  /** A u32. */
  next(): number {
    if (this.#words.length === 0) {
      this.#words = philox([this.#block++, ...this.#stream], this.#key).reverse();
    }
    return this.#words.pop() as number;
  }

  /** A number in [0, 1). */
  uniform(): number {
    return this.next() / 2 ** 32;
  }

  /** A standard normal number within ±2, by rejection: the same bits in every engine. */
  truncatedNormal(): number {
    for (;;) {
      const x = 4 * this.uniform() - 2;
      if (this.uniform() < expMinus((x * x) / 2)) return x;
    }
  }

  /** Puts a list in random order (Fisher–Yates), in place. */
  shuffle(list: Int32Array): void {
    for (let i = list.length - 1; i > 0; i--) {
      const j = Math.floor(this.uniform() * (i + 1));
      const kept = list[i];
      list[i] = list[j];
      list[j] = kept;
    }
  }
}
