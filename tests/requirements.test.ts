// The numbers that the lectures print (requirements A and B), by the ops that compute them.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, type Padding, type Shape, ShapeError, Tensor } from '../src/index.js';
import { free, ulp } from './helpers/cases.js';
import { close, summation } from './helpers/close.js';
import { random } from './helpers/random.js';
import './helpers/start.js';

type Rows = readonly (readonly number[])[];

/** A matrix as an image of one channel, or a filter of one input and one output channel. */
const image = (rows: Rows): Tensor => Tensor.from(rows.flat(), [1, rows.length, rows[0].length, 1]);
const filter = (rows: Rows): Tensor =>
  Tensor.from(rows.flat(), [rows.length, rows[0].length, 1, 1]);

/** An image of one channel as a matrix. */
function matrix(t: Tensor): number[][] {
  const [, height, width] = t.shape;
  return Array.from({ length: height }, (_, i) =>
    Array.from(t.data.slice(i * width, (i + 1) * width)),
  );
}

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

test('B1: sizes of pooling, which usually is not padded', () => {
  const x = Tensor.zeros([1, 13, 13, 2]);
  for (const [poolSize, strides, side] of [
    [2, 2, 6],
    [3, 2, 6],
    [3, 1, 11],
    [13, 1, 1],
  ]) {
    const y = ops.maxPool2d(x, { poolSize, strides });
    assert.equal(y.shape, [1, side, side, 2], `${poolSize}, ${strides}`);
    free(y);
  }
  free(x);
});

/** 2×2 windows at stride 2: their maxima. */
const maxima: [Rows, Rows][] = [
  [
    [
      [1, 1, 2, 4],
      [5, 6, 7, 8],
      [3, 2, 1, 0],
      [1, 2, 3, 4],
    ],
    [
      [6, 8],
      [3, 4],
    ],
  ],
  [
    [
      [6, 3, 1, -3],
      [4, 1, 2, 0],
      [3, 1, 3, 2],
      [7, 1, 1, 1],
    ],
    [
      [6, 2],
      [7, 3],
    ],
  ],
  [
    [
      [1, 1, 1, 1],
      [1, 1, 1, 2],
      [3, 4, 4, 5],
      [2, 2, 1, 2],
    ],
    [
      [1, 2],
      [4, 5],
    ],
  ],
  [
    [
      [-7, 6, -1, 3, 9, 9, 6, -9],
      [3, -8, 0, 7, 10, 8, -3, 10],
      [-4, 2, -6, 4, -7, 5, 5, 7],
      [-3, -9, 1, 8, -8, 9, -1, -5],
      [-7, 10, -9, -5, 9, -8, -7, 10],
      [-5, 5, 9, 4, 10, -8, 7, 6],
      [-3, 8, 0, 2, 2, -3, -2, 5],
      [4, -6, 7, -3, 1, 4, 10, 0],
    ],
    [
      [6, 7, 10, 10],
      [2, 8, 9, 7],
      [10, 9, 10, 10],
      [8, 7, 4, 10],
    ],
  ],
];

test('B4: max pooling', () => {
  for (const [rows, expected] of maxima) {
    const x = image(rows);
    const y = ops.maxPool2d(x);
    assert.equal(matrix(y), expected);
    free(x, y);
  }
});

test('B4: p-norm pooling', () => {
  const x = image(maxima[0][0]);
  const y = ops.lpPool2d(x, { p: 5 });
  // The lecture prints 8 where (2⁵ + 4⁵ + 7⁵ + 8⁵)/4 has the fifth root 6.61; it cuts decimals off: 4.8652 is 4.86.
  assert.equal(
    matrix(y).map((row) => row.map((v) => Math.trunc(v * 100) / 100)),
    [
      [4.86, 6.61],
      [2.38, 3.16],
    ],
  );
  const exact = [
    [1, 1, 5, 6],
    [2, 4, 7, 8],
    [3, 2, 1, 2],
    [1, 0, 3, 4],
  ].map((v) => (v.reduce((sum, n) => sum + n ** 5, 0) / 4) ** 0.2);
  for (const [i, v] of y.data.entries())
    assert.ok(Math.abs(v - exact[i]) <= 8 * ulp(v), `${v} and ${exact[i]}`);
  free(x, y);
});

test.run();
