// What the files in tests/golden hold: inputs as what they are made from, and outputs in base64.

import { Tensor } from '../../src/index.js';
import { sizeOf } from '../../src/shape.js';
import { numbers } from './random.js';

/** An input: `numbers` of a seed, scaled and shifted. */
export interface Spec {
  shape: number[];
  seed: number;
  scale: number;
  shift?: number;
}

/** Outputs by name. */
export type Stored = Record<string, { shape: number[]; float32: string }>;

/** The input that a spec stands for. */
export function made({ shape, seed, scale, shift = 0 }: Spec): Tensor {
  return Tensor.from(
    numbers(sizeOf(shape), seed).map((x) => x * scale + shift),
    shape,
  );
}

/** The numbers of an output. */
export function unpacked(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
}
