// Matrix multiplication: packing, blocks, register tiles and their edges.

import { test } from 'uvu';
import { ops } from '../../src/index.js';
import { matMul } from '../../src/operators/dense/matrix.emit.js';
import { asValue } from '../../src/program/emitter.js';
import { compute } from '../../src/tensor/calls.js';
import { close, summation } from '../helpers/close.js';
import { random } from '../helpers/random.js';
import '../helpers/start.js';

/** Around MR (5, 6), NR (8), MC (60), and 0 and 1. */
const rows = [0, 1, 4, 5, 6, 7, 54, 55, 59, 60, 61];
const columns = [0, 1, 3, 4, 5, 7, 8, 9, 17];
/** Around 0, 1, 4 (the transposing pack) and KC (512). */
const depths = [0, 1, 3, 4, 5, 511, 512, 513, 1025];

for (const transposeA of [false, true]) {
  for (const transposeB of [false, true]) {
    test(`matMul, transposeA ${transposeA}, transposeB ${transposeB}`, () => {
      for (const m of rows) {
        for (const n of columns) {
          for (const k of depths) {
            const a = random(transposeA ? [k, m] : [m, k], 1);
            const b = random(transposeB ? [n, k] : [k, n], 2);
            const c = ops.matMul(a, b, { transposeA, transposeB });
            const expected = new Float64Array(m * n);
            // Asking for them millions of times takes longer than the products.
            const [as, bs] = [a.data, b.data];
            for (let i = 0; i < m; i++) {
              for (let j = 0; j < n; j++) {
                for (let p = 0; p < k; p++) {
                  expected[i * n + j] +=
                    as[transposeA ? p * m + i : i * k + p] * bs[transposeB ? j * k + p : p * n + j];
                }
              }
            }
            close(c.data, expected, { atol: summation(k) }, `${m}×${k}×${n}`);
            for (const tensor of [a, b, c]) tensor.dispose();
          }
        }
      }
    });
  }
}

test('bias and ReLU come once, after the last block of k', () => {
  for (const k of [3, 512, 513, 1200]) {
    const [m, n] = [7, 11];
    const [a, b, bias] = [random([m, k], 1), random([k, n], 2), random([n], 3)];
    const [va, vb, vbias] = [a, b, bias].map(asValue);
    const [c] = compute([[m, n]], (e, vc) => matMul(e, vc, va, vb, { m, n, k }, vbias, true));
    const expected = Float64Array.from({ length: m * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      let sum = bias.data[j];
      for (let p = 0; p < k; p++) sum += a.data[i * k + p] * b.data[p * n + j];
      return Math.max(0, sum);
    });
    close(c.data, expected, { atol: summation(k) }, `k ${k}`);
    for (const tensor of [a, b, bias, c]) tensor.dispose();
  }
});

test.run();
