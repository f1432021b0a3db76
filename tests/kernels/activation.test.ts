// Elementwise ops and softmax: sizes around vectors and tiles, and every digit that f32 has.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, Tensor } from '../../src/index.js';
import { free, poison, ulp } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { random } from '../helpers/random.js';
import * as ref from '../helpers/reference.js';
import '../helpers/start.js';

/** Around 4 lanes, pairs of vectors and the tile of 16384 floats. */
const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16383, 16384, 16385, 32769];
const names = ['relu', 'sigmoid', 'tanh'] as const;

/** How far f(x) may be from the truth, in steps of f32. Sigmoid is exp (2), a sum and a quotient. */
const steps = { relu: 0, sigmoid: 4, tanh: 4 };

/** The worst error, in steps of f32. */
function worstStep(
  y: ArrayLike<number>,
  expected: ArrayLike<number>,
  x: ArrayLike<number>,
): { worst: number; at: number } {
  let [worst, at] = [0, 0];
  for (let i = 0; i < y.length; i++) {
    const error = Math.abs(y[i] - expected[i]) / ulp(expected[i]);
    if (error > worst) [worst, at] = [error, x[i]];
  }
  return { worst, at };
}

for (const name of names) {
  const { f, slope } = ref.activations[name];

  test(`${name} and its gradient, sizes`, () => {
    poison();
    for (const size of sizes) {
      const [x, dy] = [random([size], size, 8), random([size], size + 1)];
      const y = ops[name](x);
      close(y.data, Float64Array.from(x.data, f), { rtol: steps[name] * 2 ** -23 }, `${size}`);
      const dx = ops[`${name}Backward`](dy, y);
      // The slope is made from y, whose error it carries.
      const expected = dy.data.map((d, i) => d * slope(x.data[i]));
      close(
        dx.data,
        expected,
        { atol: name === 'relu' ? 0 : 2 * steps[name] * 2 ** -23 },
        `${size}: backward`,
      );
      free(x, dy, y, dx);
    }
  });

  test(`${name} over all magnitudes`, () => {
    // 2⁻¹⁴⁹ … 2⁶ in geometric steps, and −87 … 87 in even ones, where sigmoid is a normal number.
    const magnitudes = Array.from({ length: 20000 }, (_, i) => 2 ** (-149 + (155.4 * i) / 20000));
    const even = Array.from({ length: 20000 }, (_, i) => (87 * i) / 20000);
    const x = Tensor.from(Float32Array.from([...magnitudes, ...even].flatMap((v) => [v, -v])));
    const y = ops[name](x);
    const { worst, at } = worstStep(y.data, Float64Array.from(x.data, f), x.data);
    assert.ok(worst <= steps[name], `${worst.toFixed(2)} steps at ${at}`);
    free(x, y);
  });
}

test('limits: infinities, NaN, zeros', () => {
  const [nan, high] = [Number.NaN, Number.POSITIVE_INFINITY];
  const x = Tensor.from([nan, high, -high, 0, -0, 1e4, -1e4, 3e38, -3e38]);
  const of = (name: (typeof names)[number]) => {
    const y = ops[name](x);
    const values = [...y.data];
    free(y);
    return values;
  };
  close(of('relu'), [nan, high, 0, 0, 0, 1e4, 0, Math.fround(3e38), 0], {}, 'relu');
  close(of('sigmoid'), [nan, 1, 0, 0.5, 0.5, 1, 0, 1, 0], {}, 'sigmoid');
  close(of('tanh'), [nan, 1, -1, 0, 0, 1, -1, 1, -1], {}, 'tanh');
  assert.ok(Object.is(of('tanh')[4], -0), 'tanh(−0) is −0');
  free(x);
});

test('add', () => {
  poison();
  for (const size of sizes) {
    const [a, b] = [random([size], 1), random([size], 2)];
    const y = ops.add(a, b);
    close(
      y.data,
      a.data.map((v, i) => Math.fround(v + b.data[i])),
      {},
      `${size}`,
    );
    free(a, b, y);
  }
});

/** Around a tile of 64 rows and around vectors. */
const rowCounts = [1, 2, 63, 64, 65, 129];
const classCounts = [1, 2, 3, 4, 5, 7, 8, 9, 17, 1000, 1001];

test('softmax and its gradient', () => {
  poison();
  for (const rows of rowCounts) {
    for (const classes of classCounts) {
      if (rows * classes > 70000) continue;
      const what = `${rows}×${classes}`;
      const [x, dy] = [random([rows, classes], rows + classes, 6), random([rows, classes], 3)];
      const y = ops.softmax(x);
      // exp, its argument's rounding (|x − max| ≤ 12: 8 steps of 2⁻²⁴·…), a sum of positive numbers, a product.
      const expected = ref.softmax(x.data, classes);
      const sum = summation(classes, 1) + 2 ** -23;
      close(y.data, expected, { rtol: 16 * 2 ** -24 + sum }, what);
      if (rows * classes * classes < 2e6) {
        const dx = ops.softmaxBackward(dy, y);
        // y·(dy − Σ dy·y): y is at most 1, its factor at most 2.
        close(
          dx.data,
          ref.softmaxBackward(dy.data, x.data, classes),
          { atol: 32 * 2 ** -24 + 2 * sum },
          `${what}: backward`,
        );
        free(dx);
      }
      free(x, dy, y);
    }
  }
});

test('softmax of extreme logits', () => {
  const [nan, high] = [Number.NaN, Number.POSITIVE_INFINITY];
  const cases: [number[], number[]][] = [
    [
      [1e4, -1e4, 0],
      [1, 0, 0],
    ],
    [
      [-1e4, -1e4, -1e4],
      [1 / 3, 1 / 3, 1 / 3],
    ],
    [
      [1e4, 1e4, -high],
      [0.5, 0.5, 0],
    ],
    [
      [3e38, -3e38, 0],
      [1, 0, 0],
    ],
    [
      [high, 0, 0],
      [nan, nan, nan],
    ],
    [
      [0, nan, 0],
      [nan, nan, nan],
    ],
    [
      [-high, -high, -high],
      [nan, nan, nan],
    ],
  ];
  for (const [logits, expected] of cases) {
    const x = Tensor.from(logits, [1, 3]);
    const y = ops.softmax(x);
    close(y.data, expected, { rtol: 2 ** -23 }, JSON.stringify(logits));
    free(x, y);
  }
});

test('exp, seen through softmax, over its whole range', () => {
  // softmax([x, 0]) for x ≤ 0 is eˣ/(1 + eˣ): exp, a sum, a reciprocal and a product.
  const count = 40000;
  const x = Tensor.from(
    Float32Array.from({ length: 2 * count }, (_, i) => (i % 2 ? 0 : (-87.3 * (i / 2)) / count)),
    [count, 2],
  );
  const y = ops.softmax(x);
  const { worst, at } = worstStep(y.data, ref.softmax(x.data, 2), x.data);
  assert.ok(worst <= 4, `${worst.toFixed(2)} steps at ${at}`);
  // Below the normal numbers exp says about 1.2e-38, then 0.
  const deep = Tensor.from([-88, 0, -95, 0, -103, 0, -104.5, 0, -1000, 0], [5, 2]);
  const z = ops.softmax(deep);
  for (let i = 0; i < 5; i++)
    close([z.data[2 * i]], [Math.exp(deep.data[2 * i])], { atol: 1.2e-38 }, `row ${i}`);
  free(x, y, deep, z);
});

test('tensors of any rank', () => {
  const x = random([2, 3, 4, 5], 1);
  const flat = x.reshape([24, 5]);
  const [a, b] = [ops.softmax(x), ops.softmax(flat)];
  assert.equal(a.shape, [2, 3, 4, 5]);
  assert.equal([...a.data], [...b.data]);
  free(x, flat, a, b);
});

test.run();
