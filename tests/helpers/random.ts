// Numbers for tests: the same on every machine, and in tests/golden/generate.py.

import { type Shape, sizeOf } from '../../src/shape.js';
import { Tensor } from '../../src/tensor.js';

/** `count` numbers in [−1, 1), from an integer hash (lowbias32) of index and seed. */
export function numbers(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    let x = (i + Math.imul(seed, 0x9e3779b9)) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    x = (x ^ (x >>> 16)) >>> 0;
    return (x >>> 8) / 2 ** 23 - 1;
  });
}

/** A tensor of such numbers, times `scale`. */
export function random(shape: Shape, seed: number, scale = 1): Tensor {
  return Tensor.from(
    numbers(sizeOf(shape), seed).map((x) => x * scale),
    shape,
  );
}
