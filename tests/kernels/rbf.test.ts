// Radial basis function units, forward and both gradients: around vectors and tasks, in memory full of NaN
// between sentinels.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  rbfBackwardInput,
  rbfBackwardKernel,
  rbfForward,
} from '../../src/operators/dense/rbf.emit.js';
import { Emitter } from '../../src/program/emitter.js';
import { close, summation } from '../helpers/close.js';
import { Guarded } from '../helpers/guarded.js';
import { numbers } from '../helpers/random.js';
import * as ref from '../helpers/reference/rbf.js';
import '../helpers/start.js';

/** All that the kernels make of x, kernel and dy. */
function computed(
  rows: number,
  features: number,
  units: number,
  [x, kernel, dy]: readonly Float32Array[],
): { y: Float32Array; dx: Float32Array; dkernel: Float32Array } {
  const memory = new Guarded();
  const [vx, vk, vdy] = [
    memory.value('x', [rows, features], x),
    memory.value('kernel', [features, units], kernel),
    memory.value('dy', [rows, units], dy),
  ];
  const [y, dx, dkernel] = [
    memory.value('y', [rows, units]),
    memory.value('dx', [rows, features]),
    memory.value('dkernel', [features, units]),
  ];
  const e = new Emitter();
  rbfForward(e, y, vx, vk);
  rbfBackwardInput(e, dx, vdy, vx, vk);
  rbfBackwardKernel(e, dkernel, vdy, vx, vk);
  memory.run(e, `${rows}×${features}×${units}`);
  const results = { y: memory.read(y), dx: memory.read(dx), dkernel: memory.read(dkernel) };
  memory.free();
  return results;
}

function check(rows: number, features: number, units: number): void {
  const what = `${rows}×${features}×${units}`;
  const inputs = [
    numbers(rows * features, 1 + rows),
    numbers(features * units, 2 + features),
    numbers(rows * units, 3 + units),
  ] as const;
  const [x, kernel, dy] = inputs;
  const { y, dx, dkernel } = computed(rows, features, units, inputs);
  // Differences lie in (−2, 2): their squares are 2/3 in the mean; products with dy, doubled, are three times
  // what `summation` takes for usual.
  const atol = summation(features, features) + 2 ** -22;
  close(y, ref.rbf(x, kernel, features, units), { atol }, `${what}: y`);
  const expected = ref.rbfBackward(dy, x, kernel, features, units);
  close(dx, expected.dx, { atol: 3 * summation(units) }, `${what}: dx`);
  close(dkernel, expected.dkernel, { atol: 3 * summation(rows) }, `${what}: dkernel`);
}

test('units around vectors and blocks of 16', () => {
  for (const units of [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 31, 32, 33, 100])
    for (const features of [1, 3, 84]) check(5, features, units);
});

test('rows and features around tasks of 16', () => {
  for (const rows of [0, 1, 15, 16, 17, 33])
    for (const features of [1, 15, 16, 17, 33]) check(rows, features, 9);
});

test('nothing cancels: points far out, and near their centre', () => {
  // (x − w)² = 2⁻²⁰ where x² and w² are 2²⁰: with the square expanded, f32 has nothing left of it.
  const [x, kernel, dy] = [[1024 + 2 ** -10], [1024, 1024 - 2 ** -10], [1, 1]].map((v) =>
    Float32Array.from(v),
  );
  const { y, dx, dkernel } = computed(1, 1, 2, [x, kernel, dy]);
  assert.equal([...y], [-(2 ** -20), -(2 ** -18)]);
  assert.equal([...dx], [-6 * 2 ** -10]);
  assert.equal([...dkernel], [2 ** -9, 2 ** -8]);
});

test.run();
