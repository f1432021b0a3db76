// Numbers for tests: the same on every machine, and in tests/golden/generate.py.

import { type Shape, sizeOf } from '../../src/base/shape.js';
import { Tensor } from '../../src/tensor/tensor.js';

/** `count` numbers in [−1, 1), from an integer hash (lowbias32) of index and seed. */
export function numbers(count: number, seed: number): Float32Array {
  const drawn = new Float32Array(count);
  const start = Math.imul(seed, 0x9e3779b9);
  for (let i = 0; i < count; i++) {
    let x = (i + start) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    x ^= x >>> 16;
    drawn[i] = (x >>> 8) / 2 ** 23 - 1;
  }
  return drawn;
}

/** `count` numbers with the normal distribution, of mean 0 and variance 1 (Box & Muller, 1958). */
export function normal(count: number, seed: number): Float32Array {
  const uniform = numbers(2 * count, seed).map((u) => (u + 1) / 2);
  return Float32Array.from({ length: count }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform[2 * i]));
    return radius * Math.cos(2 * Math.PI * uniform[2 * i + 1]);
  });
}

/** A tensor of `numbers`, times `scale`. */
export function random(shape: Shape, seed: number, scale = 1): Tensor {
  return Tensor.from(
    numbers(sizeOf(shape), seed).map((x) => x * scale),
    shape,
  );
}
