// Blur pooling, forward and backward, against its definition.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, type Pair, Tensor } from '../../src/index.js';
import { free, poison } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { random } from '../helpers/random.js';
import { apply, applyBackward, blur } from '../helpers/reference/separable.js';
import '../helpers/start.js';

type Four = readonly [number, number, number, number];

function check(shape: Four, kernelSize: number, strides: Pair, seed = 1): void {
  const what = JSON.stringify({ shape, kernelSize, strides, seed });
  const [down, across] = typeof strides === 'number' ? [strides, strides] : strides;
  const [rows, columns] = [blur(shape[1], kernelSize, down), blur(shape[2], kernelSize, across)];
  const x = random(shape, seed);
  const dy = random([shape[0], rows.length, columns.length, shape[3]], seed + 1);
  const y = ops.blurPool2d(x, { kernelSize, strides });
  assert.equal(y.shape, dy.shape, what);
  // The taps of a filter add up to 1, those that a pixel has a part in to no more than that of nine.
  const atol = summation(kernelSize ** 2, 1);
  close(y.data, apply(x.data, shape, rows, columns), { atol }, what);
  const dx = ops.blurPool2dBackward(dy, shape, { kernelSize, strides });
  const expected = applyBackward(dy.data, shape, rows, columns);
  close(dx.data, expected, { atol: 9 * atol }, `${what}: backward`);
  free(x, dy, y, dx);
}

test('channels around vectors and blocks', () => {
  poison();
  for (const c of [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33]) check([2, 7, 6, c], 3, 2, c);
});

test('every filter, strides and sides', () => {
  poison();
  for (const kernelSize of [2, 3, 4, 5, 6, 7]) {
    for (const strides of [1, 2, 3, [2, 1], [1, 9]] as const) {
      check([1, 8, 7, 3], kernelSize, strides, kernelSize);
    }
    // As small as can be reflected.
    const least = Math.ceil((kernelSize - 1) / 2) + 1;
    check([1, least, least + 1, 5], kernelSize, 2, kernelSize);
  }
});

test('strides longer than any block of pixels', () => {
  poison();
  check([1, 2, 620, 3], 2, [1, 300]);
  check([1, 620, 4, 1], 7, [300, 2], 2);
});

test('3 and 2 by default; what is even stays even', () => {
  const x = Tensor.zeros([1, 6, 8, 2]);
  x.data.fill(3);
  const y = ops.blurPool2d(x);
  assert.equal(y.shape, [1, 3, 4, 2]);
  assert.ok(y.data.every((v) => v === 3));
  free(x, y);
});

test('what max pooling jumps at, blurred it moves with the input (Zhang, figure 3)', () => {
  // A line of pairs 0 0 1 1, and the same shifted by one pixel.
  const line = (shift: number) =>
    Tensor.from(
      Array.from({ length: 32 }, (_, i) => ((i + shift) & 2 ? 1 : 0)),
      [1, 1, 32, 1],
    );
  const inner = (t: Tensor) => [...t.data].slice(2, 14);
  const [a, b] = [line(0), line(1)];
  const pooled = [a, b].map((x) => ops.maxPool2d(x, { poolSize: [1, 2], strides: [1, 2] }));
  assert.equal(
    pooled.map(inner).map((v) => new Set(v).size),
    [2, 1],
  );
  const dense = [a, b].map((x) =>
    ops.maxPool2d(x, { poolSize: [1, 2], strides: 1, padding: 'same' }),
  );
  // A single line cannot be reflected: two of them.
  const lines = dense.map((x) => Tensor.from([...x.data, ...x.data], [1, 2, 32, 1]));
  const blurred = lines.map((x) => ops.blurPool2d(x, { strides: [1, 2] }));
  const [one, other] = blurred.map(inner);
  for (const [i, v] of one.entries()) assert.ok(Math.abs(v - other[i]) <= 0.25, `${i}`);
  free(a, b, ...pooled, ...dense, ...lines, ...blurred);
});

test.run();
