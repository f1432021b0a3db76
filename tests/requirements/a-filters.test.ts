// What the lectures say of true convolution and of filters made by hand (requirements A8, A9), with the
// numbers that they print. The laws of convolution are in tests/ops/convolve.test.ts.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, Tensor } from '../../src/index.js';
import { free } from '../helpers/cases.js';
import { filter, image, matrix } from '../helpers/images.js';
import { random } from '../helpers/random.js';
import '../helpers/start.js';

test('A8: convolution in one dimension', () => {
  const [x, h] = [Tensor.from([3, 4, 5]), Tensor.from([2, 1])];
  const y = ops.convolve(x, h);
  assert.equal(y.toArray(), [6, 11, 14, 5]);
  free(x, h, y);
});

test('A8: convolution in two dimensions, and what is left of it in each mode', () => {
  const x = Tensor.from([
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ]);
  const h = Tensor.from([
    [-1, -2, -1],
    [0, 0, 0],
    [1, 2, 1],
  ]);
  const same = [
    [-13, -20, -17],
    [-18, -24, -18],
    [13, 20, 17],
  ];
  const results = {
    full: [
      [-1, -4, -8, -8, -3],
      [-4, -13, -20, -17, -6],
      [-6, -18, -24, -18, -6],
      [4, 13, 20, 17, 6],
      [7, 22, 32, 26, 9],
    ],
    same,
    valid: [[-24]],
  };
  for (const [mode, expected] of Object.entries(results)) {
    const y = ops.convolve(x, h, { mode: mode as ops.ConvolveMode });
    assert.equal(y.toArray(), expected, mode);
    free(y);
  }
  // Cross-correlation does not turn the filter round: of this one, that is the negative.
  const turned = ops.correlate(x, h, { mode: 'same' });
  assert.equal(
    turned.toArray(),
    same.map((row) => row.map((v) => -v)),
  );
  free(x, h, turned);
});

test('A8: cross-correlation is what convolutional layers compute', () => {
  const [x, h] = [random([9, 7], 1), random([3, 4], 2)];
  const [picture, weights] = [x.reshape([1, 9, 7, 1]), h.reshape([3, 4, 1, 1])];
  const [y, layer] = [ops.correlate(x, h, { mode: 'valid' }), ops.conv2d(picture, weights)];
  assert.equal(y.toArray(), matrix(layer));
  // Where the filter has an even side, the two middles are one apart.
  const [middle, padded] = [
    ops.correlate(x, h, { mode: 'same' }),
    ops.conv2d(picture, weights, { padding: 'same' }),
  ];
  assert.equal(
    matrix(padded).map((row) => row.slice(0, -1)),
    (middle.toArray() as number[][]).map((row) => row.slice(1)),
  );
  free(x, h, picture, weights, y, layer, middle, padded);
});

test('A9: the filters as they are printed', () => {
  const { boxBlur, ...named } = ops.filters;
  assert.equal(named, {
    identity: [
      [0, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
    ],
    smoothing: [
      [1, 1, 1],
      [1, 2, 1],
      [1, 1, 1],
    ],
    sharpen: [
      [0, -1, 0],
      [-1, 5, -1],
      [0, -1, 0],
    ],
    sharpen8: [
      [-1, -1, -1],
      [-1, 9, -1],
      [-1, -1, -1],
    ],
    highPass: [
      [-1, -1, -1],
      [-1, 8, -1],
      [-1, -1, -1],
    ],
    raised: [
      [0, 0, -2],
      [0, 2, 0],
      [1, 0, 0],
    ],
    motionBlur: [
      [0, 0, 1],
      [0, 0, 0],
      [1, 0, 0],
    ],
    sobelX: [
      [-1, 0, 1],
      [-2, 0, 2],
      [-1, 0, 1],
    ],
    sobelY: [
      [-1, -2, -1],
      [0, 0, 0],
      [1, 2, 1],
    ],
  });
  assert.equal(boxBlur(2, 4), Array(2).fill(Array(4).fill(1 / 8)));
  assert.equal(boxBlur(3), Array(3).fill(Array(3).fill(1 / 9)));
});

test('A9: sharpening is the high-pass filter and the image itself', () => {
  const { highPass, identity, sharpen8 } = ops.filters;
  assert.equal(
    highPass.map((row, i) => row.map((v, j) => v + identity[i][j])),
    sharpen8,
  );
  const x = random([6, 7, 3], 1, 100);
  x.data.set(x.data.map(Math.round));
  const [sharp, edges] = [ops.filterImage(x, sharpen8), ops.filterImage(x, highPass)];
  const sum = ops.add(edges, x);
  assert.equal([...sharp.data], [...sum.data]);
  free(x, sharp, edges, sum);
});

test('A9: applied to an image, as a layer would', () => {
  const x = random([1, 8, 9, 1], 1);
  for (const rows of [ops.filters.raised, ops.filters.boxBlur(5, 3)]) {
    const weights = filter(rows);
    const [y, layer] = [ops.filterImage(x, rows), ops.conv2d(x, weights, { padding: 'same' })];
    assert.equal(matrix(y), matrix(layer));
    free(weights, y, layer);
  }
  free(x);
});

test('A9: Sobel magnitude finds the edge of a square', () => {
  const square = Array.from({ length: 8 }, (_, i) =>
    Array.from({ length: 8 }, (_, j) => +(i > 1 && i < 6 && j > 1 && j < 6)),
  );
  const x = image(square);
  const y = ops.sobelMagnitude(x);
  const rows = matrix(y);
  assert.is(rows[3][3], 0, 'inside');
  assert.is(rows[0][0], 0, 'outside');
  assert.is(rows[3][2], 4, 'a side');
  assert.is(rows[2][2], Math.fround(Math.sqrt(18)), 'a corner');
  free(x, y);
});

test.run();
