// Matrix products: wasmgrad against TF.js's wasm backend, both on one thread.

import { fileURLToPath } from 'node:url';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { dispose, init, ops, Tensor } from '../../src/index.js';
import { numbers } from '../../tests/helpers/random.js';
import { type Competitor, compete } from '../compete.js';
import { atLeast, type Result, type Suite } from '../report.js';

const PEER = 'TF.js wasm';

/**
 * What is fair here: both libraries have the operands in their own memory, both compute before the
 * call returns (TF.js's wasm kernels are synchronous), both allocate a result and dispose of it, and
 * nothing is read back. So what is timed is one call as a user makes it. TF.js keeps the packed form
 * of a second operand it has met before, wasmgrad packs anew: that is left in TF.js's favour.
 */
function competitors(n: number): Competitor[] {
  const [a, b] = [numbers(n * n, 1), numbers(n * n, 2)];
  const ours = { a: Tensor.from(a, [n, n]), b: Tensor.from(b, [n, n]) };
  const theirs = { a: tf.tensor2d(a, [n, n]), b: tf.tensor2d(b, [n, n]) };
  return [
    {
      name: 'wasmgrad',
      check() {
        using c = ops.matMul(ours.a, ours.b);
        checkProduct(c.data, a, b, n);
      },
      run: () => ops.matMul(ours.a, ours.b).dispose(),
    },
    {
      name: PEER,
      check() {
        const c = tf.matMul(theirs.a, theirs.b);
        checkProduct(c.dataSync(), a, b, n);
        c.dispose();
      },
      run: () => tf.matMul(theirs.a, theirs.b).dispose(),
    },
  ];
}

/** Compares entries all over the n × n product with sums in f64. @throws {Error} on a wrong one */
function checkProduct(c: ArrayLike<number>, a: Float32Array, b: Float32Array, n: number): void {
  // The last entry, and about 250 that lie in no one row, column or tile.
  const step = Math.max(1, Math.floor((n * n) / 250)) | 1;
  for (let at = n * n - 1; at >= 0; at -= step) {
    const [i, j] = [Math.floor(at / n), at % n];
    let [sum, size] = [0, 0];
    for (let k = 0; k < n; k++) {
      const term = a[i * n + k] * b[k * n + j];
      sum += term;
      size += Math.abs(term);
    }
    // Rounding n times in f32 adds up like a random walk: √n · 2⁻²⁴ of what was summed.
    const allowed = Math.sqrt(n) * 2 ** -24 * size;
    if (!(Math.abs(c[at] - sum) <= allowed)) {
      throw new Error(`entry ${i}, ${j} is ${c[at]}, not ${sum} ± ${allowed}`);
    }
  }
}

async function startPeer(): Promise<void> {
  setWasmPaths(fileURLToPath(new URL('./', import.meta.resolve('@tensorflow/tfjs-backend-wasm'))));
  await tf.setBackend('wasm');
  if (tf.getBackend() !== 'wasm' || !(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'))) {
    throw new Error('TF.js did not start its wasm backend with SIMD');
  }
}

async function run(): Promise<Result[]> {
  await init({ threads: 1 });
  await startPeer();
  const results: Result[] = [];
  for (const n of [256, 512, 1024]) {
    const work = { name: `GEMM ${n}³`, amount: (2 * n ** 3) / 1e9, unit: 'GFLOP/s' };
    const result = await compete(work, competitors(n));
    results.push(n === 512 ? atLeast(result, 1.3, PEER) : result);
  }
  dispose();
  return results;
}

/** See the top of this file. */
export const gemm: Suite = {
  name: 'gemm',
  about: 'matrix products on one thread, wasmgrad and TF.js wasm',
  run,
};
