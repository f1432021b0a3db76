// The numbers that the lectures print for convolution (requirements A), by the ops that compute them.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, type Padding, type Shape, ShapeError, Tensor } from '../../src/index.js';
import { free } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { filter, image, matrix, type Rows } from '../helpers/images.js';
import { random } from '../helpers/random.js';
import '../helpers/start.js';

/** The sides that a convolution of zeros has. */
function sides(
  height: number,
  width: number,
  kernel: readonly [number, number],
  options: ops.Conv2dOptions,
): number[] {
  const [x, w] = [Tensor.zeros([1, height, width, 1]), Tensor.zeros([...kernel, 1, 1])];
  try {
    const y = ops.conv2d(x, w, options);
    free(y);
    return y.shape.slice(1, 3);
  } finally {
    free(x, w);
  }
}

function correlates(x: Rows, w: Rows, expected: Rows, options: ops.Conv2dOptions = {}): void {
  const [vx, vw] = [image(x), filter(w)];
  const y = ops.conv2d(vx, vw, { ...options, algorithm: 'direct' });
  assert.equal(matrix(y), expected);
  free(vx, vw, y);
}

test('A1: one bias per filter, strides that differ', () => {
  const [x, w, bias] = [
    Tensor.zeros([1, 5, 7, 3]),
    random([3, 3, 3, 2], 1),
    Tensor.from([0.5, -2]),
  ];
  const y = ops.conv2d(x, w, { strides: [1, 2], bias });
  assert.equal(y.shape, [1, 3, 3, 2]);
  assert.equal([...y.data], Array.from({ length: 9 }, () => [0.5, -2]).flat());
  free(x, w, bias, y);
});

test('A1: every output is its bias and its filter on a patch as deep as the input', () => {
  const [channels, filters] = [3, 2];
  const whole = (shape: Shape, seed: number): Tensor => {
    const x = random(shape, seed, 9);
    x.data.set(x.data.map(Math.round));
    return x;
  };
  const [x, w, bias] = [
    whole([1, 7, 9, channels], 1),
    whole([3, 3, channels, filters], 2),
    whole([filters], 3),
  ];
  const y = ops.conv2d(x, w, { strides: [2, 3], padding: 1, dimRoundingMode: 'floor', bias });
  assert.equal(y.shape, [1, 4, 3, filters]);
  const pixel = (i: number, j: number, p: number): number =>
    i < 0 || j < 0 || i >= 7 || j >= 9 ? 0 : x.data[(i * 9 + j) * channels + p];
  for (const [at, z] of y.data.entries()) {
    const [i, j, s] = [Math.floor(at / (3 * filters)), Math.floor(at / filters) % 3, at % filters];
    let expected = bias.data[s];
    for (let k = 0; k < 3; k++) {
      for (let l = 0; l < 3; l++) {
        for (let p = 0; p < channels; p++) {
          const weight = w.data[((k * 3 + l) * channels + p) * filters + s];
          expected += weight * pixel(2 * i + k - 1, 3 * j + l - 1, p);
        }
      }
    }
    assert.is(z, expected, `z(${i}, ${j}, ${s})`);
  }
  free(x, w, bias, y);
});

test('A2: sizes', () => {
  const seven = (stride: number, more: ops.Conv2dOptions = {}) =>
    sides(7, 7, [3, 3], { strides: stride, ...more });
  assert.equal(seven(1), [5, 5]);
  assert.equal(seven(2), [3, 3]);
  assert.throws(
    () => seven(3),
    (e: unknown) => e instanceof ShapeError && /conv2d.*3 does not fit 7.*floor/.test(e.message),
  );
  assert.equal(seven(3, { dimRoundingMode: 'floor' }), [2, 2]);
  for (const [f, padding] of [
    [3, 1],
    [5, 2],
    [7, 3],
  ]) {
    assert.equal(sides(7, 9, [f, f], { padding }), [7, 9], `F = ${f}`);
  }
  assert.equal(sides(32, 32, [5, 5], {}), [28, 28]);
  assert.equal(sides(28, 28, [5, 5], {}), [24, 24]);
});

test('A2: in one dimension, as images of one line', () => {
  const padding = [0, 1] as const;
  assert.equal(sides(1, 5, [1, 3], { padding }), [1, 5]);
  assert.equal(sides(1, 5, [1, 3], { padding, strides: [1, 2] }), [1, 3]);
});

test('A3: same padding', () => {
  for (const n of [1, 4, 5, 7]) {
    for (const s of [1, 2, 3]) {
      for (const f of [1, 2, 3, 4])
        assert.equal(sides(n, n, [f, f], { padding: 'same', strides: s })[0], Math.ceil(n / s));
    }
  }
  // Ones under ones count the pixels inside: F = 4 is padded by 1 before and 2 behind.
  correlates([[1, 1, 1, 1, 1, 1]], [[1, 1, 1, 1]], [[3, 4, 4, 4, 3, 2]], { padding: 'same' });
  correlates([[1, 1, 1]], [[1, 1]], [[2, 2, 1]], { padding: 'same' });
});

test('A3: padding of each side', () => {
  const forms: [Padding, number[]][] = [
    ['valid', [3, 4]],
    [1, [5, 6]],
    [
      [0, 2],
      [3, 8],
    ],
    [
      [
        [1, 0],
        [2, 3],
      ],
      [4, 9],
    ],
  ];
  for (const [padding, expected] of forms) {
    assert.equal(sides(5, 6, [3, 3], { padding }), expected, JSON.stringify(padding));
  }
  correlates(
    [[1, 2, 3]],
    [[1]],
    [
      [0, 0, 0, 0],
      [0, 1, 2, 3],
    ],
    {
      padding: [
        [1, 0],
        [1, 0],
      ],
    },
  );
});

test('A5: 1×1 convolution is a neuron over depth', () => {
  const [x, w] = [random([1, 5, 5, 64], 1), random([1, 1, 64, 32], 2)];
  const y = ops.conv2d(x, w);
  const rows = x.reshape([25, 64]);
  const weights = w.reshape([64, 32]);
  const z = ops.matMul(rows, weights);
  assert.equal(y.shape, [1, 5, 5, 32]);
  assert.equal([...y.data], [...z.data]);
  free(x, w, y, rows, weights, z);
});

test('A7: worked examples', () => {
  correlates(
    [
      [1, 1, 1, 0, 0],
      [0, 1, 1, 1, 0],
      [0, 0, 1, 1, 1],
      [0, 0, 1, 1, 0],
      [0, 1, 1, 0, 0],
    ],
    [
      [1, 0, 1],
      [0, 1, 0],
      [1, 0, 1],
    ],
    [
      [4, 3, 4],
      [2, 4, 3],
      [2, 3, 4],
    ],
  );
  const empty = [0, 0, 0, 0, 0, 0, 0];
  correlates(
    [
      empty,
      empty,
      [0, 1, 1, 1, 1, 1, 0],
      [0, 1, 0, 0, 0, 1, 0],
      [0, 1, 1, 1, 1, 1, 0],
      empty,
      empty,
    ],
    [
      [1, 1, 1],
      [0, 0, 1],
      [0, 0, 1],
    ],
    [
      [1, 1, 1, 1, 0],
      [1, 1, 1, 2, 0],
      [3, 4, 4, 5, 2],
      [2, 2, 1, 2, 1],
      [2, 3, 3, 3, 2],
    ],
  );
});

test('A10: convolution and its gradients by matrices', () => {
  const options = { strides: [2, 1], padding: 'same' } as const;
  const inputShape: Shape = [2, 9, 8, 5];
  const [x, w] = [random(inputShape, 1), random([3, 3, 5, 7], 2)];
  const y = ops.conv2d(x, w, options);
  const dy = random(y.shape, 3);
  const pixels = y.size / 7;

  const columns = ops.im2col(x, { kernelSize: 3, ...options });
  const [filters, delta] = [w.reshape([45, 7]), dy.reshape([pixels, 7])];
  const product = ops.matMul(columns, filters);
  close(product.data, y.data, { atol: summation(45) }, 'im2col(x)·filters');

  const dw = ops.conv2dBackwardFilter(x, dy, w.shape, options);
  const dfilters = ops.matMul(columns, delta, { transposeA: true });
  close(dfilters.data, dw.data, { atol: summation(pixels) }, 'im2col(x)ᵀ·delta');

  const dx = ops.conv2dBackwardInput(dy, w, inputShape, options);
  const dcolumns = ops.matMul(delta, filters, { transposeB: true });
  const below = ops.col2im(dcolumns, inputShape, { kernelSize: 3, ...options });
  close(below.data, dx.data, { atol: summation(63) }, 'col2im(delta·filtersᵀ)');
  free(x, w, y, dy, columns, filters, delta, product, dw, dfilters, dx, dcolumns, below);
});

test('A11: scanning a signal with a patch classifier is convolution', () => {
  const [length, window, classes] = [50, 9, 3];
  const [x, w] = [random([1, 1, length, 1], 1), random([1, window, 1, classes], 2)];
  const scanned = ops.conv2d(x, w);
  const weights = w.reshape([window, classes]);
  for (let at = 0; at + window <= length; at++) {
    const patch = Tensor.from(x.data.slice(at, at + window), [1, window]);
    const scores = ops.matMul(patch, weights);
    close(
      scanned.data.slice(at * classes, (at + 1) * classes),
      scores.data,
      { atol: summation(window) },
      `at ${at}`,
    );
    free(patch, scores);
  }
  free(x, w, scanned, weights);
});

test('A12: convolution commutes with translation', () => {
  const [x, w] = [random([1, 8, 8, 3], 1), random([3, 3, 3, 4], 2)];
  // Shifted by (2, 1), and zeros all around.
  const shifted = ops.conv2d(x, w, {
    padding: [
      [4, 2],
      [3, 2],
    ],
    algorithm: 'direct',
  });
  const plain = ops.conv2d(x, w, { padding: 2, algorithm: 'direct' });
  const [, , width, channels] = shifted.shape;
  const line = plain.shape[2] * channels;
  for (let i = 0; i < plain.shape[1]; i++) {
    const from = ((i + 2) * width + 1) * channels;
    assert.equal(
      [...shifted.data.slice(from, from + line)],
      [...plain.data.slice(i * line, (i + 1) * line)],
      `line ${i}`,
    );
  }
  free(x, w, shifted, plain);
});

test('A12: max pooling commutes with shifts by its stride, and only roughly with others', () => {
  const x = random([1, 16, 16, 1], 1);
  const pooled = (shift: number): number[][] => {
    const shifted = image(matrix(x).map((row) => [...row.slice(shift), ...row.slice(0, shift)]));
    const y = ops.maxPool2d(shifted);
    const rows = matrix(y);
    free(shifted, y);
    return rows;
  };
  const turned = pooled(0).map((row) => [...row.slice(1), row[0]]);
  assert.equal(pooled(2), turned);
  const same = pooled(1)
    .flat()
    .filter((v, i) => v === pooled(0).flat()[i]).length;
  // Most of a window is still in the window that was moved by half of it.
  assert.ok(same > 16 && same < 64, `${same} of 64 are as they were`);
  free(x);
});

test.run();
