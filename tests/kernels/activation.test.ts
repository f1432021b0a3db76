// Elementwise ops and softmax: sizes around vectors and tasks, and every digit that f32 has.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, Tensor } from '../../src/index.js';
import { free, poison, ulp } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { random } from '../helpers/random.js';
import { activations, withAlpha } from '../helpers/reference/activation.js';
import * as ref from '../helpers/reference.js';
import '../helpers/start.js';

/** Around 4 lanes, pairs of vectors and the task of 16384 floats. */
const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16383, 16384, 16385, 32769];
type Name = keyof typeof activations;
const names = Object.keys(activations) as Name[];

/** What backward takes the slope from, where it is not y. */
const fromInput: readonly Name[] = ['gelu', 'silu', 'hardSwish'];

/**
 * How far f may be from the truth in steps of f32, and the slope in 2⁻²⁴. Sigmoid is exp (2), a sum and a
 * quotient; gelu's tail is a polynomial (5 halves), exp (2) and five products.
 */
const limits: Record<Name, [f: number, slope: number]> = {
  relu: [0, 0],
  sigmoid: [4, 4],
  tanh: [4, 4],
  relu6: [0, 0],
  leakyRelu: [1, 1],
  elu: [2, 2],
  selu: [3, 4],
  gelu: [9, 6],
  silu: [5, 5],
  hardSigmoid: [2, 1],
  hardSwish: [4, 4],
  softplus: [4, 3],
};

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
  const { f, slope } = activations[name];
  const [steps, slopeError] = limits[name];
  const backward = (dy: Tensor, x: Tensor, y: Tensor) =>
    ops[`${name}Backward`](dy, fromInput.includes(name) ? x : y);

  test(`${name} and its gradient, sizes`, () => {
    poison();
    for (const size of sizes) {
      const [x, dy] = [random([size], size, 8), random([size], size + 1)];
      const y = ops[name](x);
      close(y.data, Float64Array.from(x.data, f), { rtol: steps * 2 ** -23 }, `${size}`);
      const dx = backward(dy, x, y);
      const expected = dy.data.map((d, i) => d * slope(x.data[i]));
      // Behind the slope come its product and the expectation's own rounding.
      const atol = slopeError && (slopeError + 2) * 2 ** -24;
      close(dx.data, expected, { atol }, `${size}: backward`);
      free(x, dy, y, dx);
    }
  });

  test(`${name} over all magnitudes`, () => {
    // 2⁻¹⁴⁹ … 2⁶ in geometric steps, and −87 … 87 in even ones, where e⁻ˣ is a normal number.
    const magnitudes = Array.from({ length: 20000 }, (_, i) => 2 ** (-149 + (155.4 * i) / 20000));
    const even = Array.from({ length: 20000 }, (_, i) => (87 * i) / 20000);
    // e^(−x²/2) is one from −13 on.
    const all = [...magnitudes, ...even].flatMap((v) => [v, name === 'gelu' ? -v / 7 : -v]);
    const x = Tensor.from(Float32Array.from(all));
    const y = ops[name](x);
    const { worst, at } = worstStep(y.data, Float64Array.from(x.data, f), x.data);
    assert.ok(worst <= steps, `${worst.toFixed(2)} steps at ${at}`);
    const dy = Tensor.from(new Float32Array(x.size).fill(1));
    const dx = backward(dy, x, y);
    close(dx.data, Float64Array.from(x.data, slope), { atol: slopeError * 2 ** -24 }, 'the slope');
    free(x, y, dy, dx);
  });
}

test('alpha: the slope of leakyRelu, the size of elu', () => {
  for (const name of ['leakyRelu', 'elu'] as const) {
    for (const alpha of [2 ** -10, 0.3, 1, 2.5]) {
      const { f, slope } = withAlpha[name](Math.fround(alpha));
      const [x, dy] = [random([37], 1, 4), random([37], 2)];
      const y = ops[name](x, { alpha });
      const dx = ops[`${name}Backward`](dy, y, { alpha });
      const rtol = 2 * 2 ** -23;
      close(y.data, Float64Array.from(x.data, f), { rtol }, `${name} ${alpha}`);
      const expected = dy.data.map((d, i) => d * slope(x.data[i]));
      close(dx.data, expected, { rtol, atol: 2 * alpha * 2 ** -23 }, `${name} ${alpha}: backward`);
      free(x, dy, y, dx);
    }
  }
});

const [nan, high] = [Number.NaN, Number.POSITIVE_INFINITY];
const far = [nan, high, -high, 0, -0, 1e4, -1e4, 3e38, -3e38];
const [most, leak] = [Math.fround(3e38), Math.fround(0.01)];
const half = [nan, 1, 0, 0.5, 0.5, 1, 0, 1, 0];
const gate = [nan, high, 0, 0, -0, 1e4, 0, most, 0];
const selu = (x: number) => Math.fround(Math.fround(1.0507009873554805) * x);
const ends = (below: number) => [nan, high, below, 0, -0, 1e4, below, most, below];

/** The values at `far`, and the slopes: of NaN there is none that anybody may count on. */
const extremes: Record<Name, [values: number[], slopes: number[]]> = {
  relu: [gate, [1, 0, 0, 0, 1, 0, 1, 0]],
  sigmoid: [half, [0, 0, 0.25, 0.25, 0, 0, 0, 0]],
  tanh: [
    [nan, 1, -1, 0, -0, 1, -1, 1, -1],
    [0, 0, 1, 1, 0, 0, 0, 0],
  ],
  relu6: [
    [nan, 6, 0, 0, 0, 6, 0, 6, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
  ],
  leakyRelu: [
    [nan, high, -high, 0, -0, 1e4, Math.fround(-1e4 * leak), most, Math.fround(-most * leak)],
    [1, leak, leak, leak, 1, leak, 1, leak],
  ],
  elu: [ends(-1), [1, 0, 1, 1, 1, 0, 1, 0]],
  selu: [
    ends(Math.fround(-1.7580993408473766)).map((v) => (v > 0 ? selu(v) : v)),
    [1, 0, 0, 0, 1, 0, 1, 0].map((v, i) => (i === 2 || i === 3 ? 1.7580993 : v * selu(1))),
  ],
  gelu: [gate, [1, 0, 0.5, 0.5, 1, 0, 1, 0]],
  silu: [gate, [1, 0, 0.5, 0.5, 1, 0, 1, 0]],
  hardSigmoid: [half, [0, 0, 1 / 6, 1 / 6, 0, 0, 0, 0]],
  hardSwish: [gate, [1, 0, 0.5, 0.5, 1, 0, 1, 0]],
  softplus: [
    [nan, high, 0, Math.LN2, Math.LN2, 1e4, 0, most, 0],
    [1, 0, 0.5, 0.5, 1, 0, 1, 0],
  ],
};

for (const name of names) {
  test(`${name} of infinities, NaN, zeros, the largest numbers`, () => {
    const x = Tensor.from(far);
    const y = ops[name](x);
    const [values, slopes] = extremes[name];
    close(y.data, values, { rtol: 2 ** -23 }, 'values');
    if (Object.is(values[4], -0)) assert.ok(Object.is(y.data[4], -0), 'f(−0) is −0');
    const dy = Tensor.from(new Float32Array(far.length).fill(1));
    const dx = ops[`${name}Backward`](dy, fromInput.includes(name) ? x : y);
    close(dx.data.slice(1), slopes, { rtol: 2 ** -22 }, 'slopes');
    free(x, y, dy, dx);
  });
}

test('at a kink: relu6 and hard sigmoid are flat, hard swish is what lies outside', () => {
  const slopesAt = (name: Name, at: number[]) => {
    const x = Tensor.from(at);
    const y = ops[name](x);
    const dy = Tensor.from(new Float32Array(at.length).fill(1));
    const dx = ops[`${name}Backward`](dy, fromInput.includes(name) ? x : y);
    const slopes = [...dx.data];
    free(x, y, dy, dx);
    return slopes;
  };
  const [below6, below3] = [6 - 2 ** -21, 3 - 2 ** -20];
  assert.equal(slopesAt('relu6', [2 ** -149, below6, 6]), [1, 1, 0]);
  const sixth = Math.fround(1 / 6);
  assert.equal(slopesAt('hardSigmoid', [-3, -below3, below3, 3]), [0, sixth, sixth, 0]);
  const [before, rising, falling, behind] = slopesAt('hardSwish', [-3, -below3, below3, 3]);
  assert.equal([before, behind], [0, 1]);
  close([rising, falling], [-0.5, 1.5], { atol: 2 ** -20 });
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

/** Around a task of 64 rows and around vectors. */
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
