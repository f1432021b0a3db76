// Losses and their gradients.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, Tensor } from '../../src/index.js';
import { free, poison } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { numbers, random } from '../helpers/random.js';
import * as ref from '../helpers/reference.js';
import '../helpers/start.js';

/** Around a tile of 64 rows, and around vectors. */
const rowCounts = [1, 2, 63, 64, 65, 129];
const classCounts = [1, 2, 3, 4, 5, 7, 8, 9, 17, 1000];

/** Class indices, any of them. */
const labelsOf = (rows: number, classes: number, seed: number): Int32Array =>
  Int32Array.from(numbers(rows, seed), (v) => Math.floor(((v + 1) / 2) * classes));

function checkCrossEntropy(
  x: Tensor,
  target: Tensor,
  dense: ArrayLike<number>,
  what: string,
): void {
  const classes = x.shape.at(-1) as number;
  const rows = x.size / classes;
  const { loss, dlogits } = ops.softmaxCrossEntropy(x, target);
  const expected = ref.softmaxCrossEntropy(x.data, dense, classes);
  // A row's loss is at most 12 + ln(classes) < 19 for each unit of target, which sums to at most
  // √classes in these tests; rounding of exp's argument (up to 12) adds a few steps.
  const weight = Math.max(1, Math.sqrt(classes));
  close(
    [loss],
    [expected.loss],
    { atol: 19 * weight * 4 * 2 ** -24 + summation(classes, 1) },
    `${what}: loss`,
  );
  const atol = (weight * (16 * 2 ** -24 + summation(classes, 1))) / rows;
  close(dlogits.data, expected.dx, { atol }, `${what}: gradient`);
  free(dlogits);
}

test('softmax cross-entropy with indices', () => {
  poison();
  for (const rows of rowCounts) {
    for (const classes of classCounts) {
      const x = random([rows, classes], rows + classes, 6);
      const labels = labelsOf(rows, classes, 2);
      const dense = ref.oneHot(labels, classes);
      const [whole, floats] = [Tensor.from(labels), Tensor.from(Float32Array.from(labels))];
      checkCrossEntropy(x, whole, dense, `${rows}×${classes}`);
      checkCrossEntropy(x, floats, dense, `${rows}×${classes}, float labels`);
      free(x, whole, floats);
    }
  }
});

test('softmax cross-entropy with dense targets', () => {
  poison();
  for (const rows of rowCounts) {
    for (const classes of classCounts) {
      const x = random([rows, classes], rows + classes, 6);
      // One-hot, and weights that sum to anything, negative ones too.
      const oneHot = Tensor.from(ref.oneHot(labelsOf(rows, classes, 3), classes), [rows, classes]);
      const any = random([rows, classes], 4);
      checkCrossEntropy(x, oneHot, oneHot.data, `${rows}×${classes}, one-hot`);
      checkCrossEntropy(x, any, any.data, `${rows}×${classes}, weights`);
      free(x, oneHot, any);
    }
  }
});

test('indices and their one-hot rows give the same', () => {
  const x = random([65, 10], 1, 5);
  const labels = labelsOf(65, 10, 2);
  const [a, b] = [Tensor.from(labels), Tensor.from(ref.oneHot(labels, 10), [65, 10])];
  const [by, dense] = [ops.softmaxCrossEntropy(x, a), ops.softmaxCrossEntropy(x, b)];
  close([by.loss], [dense.loss], { rtol: 2 ** -22 }, 'loss');
  close(by.dlogits.data, dense.dlogits.data, { atol: 2 ** -28 }, 'gradient');
  free(x, a, b, by.dlogits, dense.dlogits);
});

test('extreme logits', () => {
  const cases: [number[], number, number][] = [
    [[1e4, -1e4], 0, 0],
    [[1e4, -1e4], 1, 2e4],
    [[-1e4, -1e4], 0, Math.log(2)],
    [[1e4, 1e4], 1, Math.log(2)],
    [[1e4, 9999], 0, Math.log(1 + Math.exp(-1))],
    // A sure answer: ln(1 + e⁻¹⁵) is near f32's last digit of 1, and far above the last of 20.
    [[20, 5], 0, Math.log(1 + Math.exp(-15))],
    [[3e38, 0], 0, 0],
  ];
  for (const [logits, label, loss] of cases) {
    for (const dense of [false, true]) {
      const x = Tensor.from(logits, [1, 2]);
      const target = dense
        ? Tensor.from(ref.oneHot([label], 2), [1, 2])
        : Tensor.from(Int32Array.of(label));
      const what = `${JSON.stringify(logits)}, label ${label}, ${dense ? 'dense' : 'index'}`;
      const { loss: actual, dlogits } = ops.softmaxCrossEntropy(x, target);
      close([actual], [loss], { rtol: 2 ** -22, atol: 2 ** -23 }, what);
      const expected = ref.softmaxCrossEntropy(x.data, ref.oneHot([label], 2), 2).dx;
      close(dlogits.data, expected, { atol: 2 ** -22 }, `${what}: gradient`);
      free(x, target, dlogits);
    }
  }
});

test('NaN in one row makes the loss NaN, and leaves the other rows their gradient', () => {
  const x = Tensor.from([Number.NaN, 0, 0, 0], [2, 2]);
  const labels = Tensor.from(Int32Array.of(0, 0));
  const { loss, dlogits } = ops.softmaxCrossEntropy(x, labels);
  assert.ok(Number.isNaN(loss));
  close(dlogits.data.slice(2), [-0.25, 0.25], {}, 'second row');
  free(x, labels, dlogits);
});

test('labels of images', () => {
  const [x, labels] = [random([2, 3, 4, 5], 1), labelsOf(24, 5, 2)];
  const target = Tensor.from(labels, [2, 3, 4]);
  checkCrossEntropy(x, target, ref.oneHot(labels, 5), 'per pixel');
  free(x, target);
});

test('mean squared error', () => {
  poison();
  for (const shape of [[1], [2], [3], [4], [5], [7, 9], [64, 1], [65, 3], [129, 17], [300, 301]]) {
    const [x, t] = [random(shape, 1), random(shape, 2)];
    const { loss, dprediction } = ops.meanSquaredError(x, t);
    const expected = ref.meanSquaredError(x.data, t.data);
    // A sum of positive numbers in four lanes grows as it goes: √(size/4) roundings of its own size.
    close([loss], [expected.loss], { rtol: summation(x.size / 4, 1) + 2 ** -22 }, `${shape}`);
    close(
      dprediction.data,
      expected.dx,
      { rtol: 2 ** -22, atol: 2 ** -23 / x.size },
      `${shape}: gradient`,
    );
    free(x, t, dprediction);
  }
});

test.run();
