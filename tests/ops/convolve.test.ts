// Convolution and cross-correlation of signals and images: against their definition, and the laws of
// algebra that convolution obeys, on whole numbers, of which float32 sums are exact.

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../src/base/shape.js';
import { ops, type Shape, Tensor } from '../../src/index.js';
import { free, poison } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { random } from '../helpers/random.js';
import '../helpers/start.js';

/** Numbers in one or two dimensions. */
interface Grid {
  shape: Shape;
  values: number[];
}

const grid = ({ shape, data }: Tensor): Grid => ({ shape, values: [...data] });
const modes: readonly ops.ConvolveMode[] = ['full', 'same', 'valid'];

/** An op on grids. */
function applied(op: 'convolve' | 'correlate', x: Grid, h: Grid, mode?: ops.ConvolveMode): Grid {
  const [vx, vh] = [x, h].map(({ shape, values }) => Tensor.from(values, shape));
  const y = ops[op](vx, vh, mode && { mode });
  const result = grid(y);
  free(vx, vh, y);
  return result;
}

const convolve = (x: Grid, h: Grid, mode?: ops.ConvolveMode) => applied('convolve', x, h, mode);
const turned = ({ shape, values }: Grid): Grid => ({ shape, values: values.toReversed() });
const scaled = (c: number, { shape, values }: Grid): Grid => ({
  shape,
  values: values.map((v) => c * v),
});
const sum = (a: Grid, b: Grid): Grid => ({
  shape: a.shape,
  values: a.values.map((v, i) => v + b.values[i]),
});

/** Σ h(k)·x(i − k) in f64, and of that what the mode wants. */
function definition(x: Grid, h: Grid, mode: ops.ConvolveMode): Grid {
  const two = ({ shape }: Grid) => (shape.length === 1 ? [1, shape[0]] : shape);
  const [[rows, columns], [hRows, hColumns]] = [two(x), two(h)];
  const sides = [rows, columns].map((side, axis) => {
    const other = two(h)[axis];
    if (mode === 'full') return { first: 0, count: side + other - 1 };
    if (mode === 'same') return { first: Math.floor((other - 1) / 2), count: side };
    return { first: other - 1, count: side - other + 1 };
  });
  const values: number[] = [];
  for (let i = sides[0].first; i < sides[0].first + sides[0].count; i++) {
    for (let j = sides[1].first; j < sides[1].first + sides[1].count; j++) {
      let total = 0;
      for (let k = 0; k < hRows; k++) {
        for (let l = 0; l < hColumns; l++) {
          const inside = i >= k && i - k < rows && j >= l && j - l < columns;
          if (inside) total += h.values[k * hColumns + l] * x.values[(i - k) * columns + (j - l)];
        }
      }
      values.push(total);
    }
  }
  const shape = sides.map(({ count }) => count).slice(-x.shape.length);
  return { shape, values };
}

test('both against the definition, in every mode', () => {
  poison();
  const cases: [Shape, Shape][] = [
    ...[1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33].flatMap((n): [Shape, Shape][] => [
      [[n], [1]],
      [[40], [n]],
      [
        [n, 6],
        [1, 2],
      ],
      [
        [33, 34],
        [n, 5],
      ],
    ]),
    // Sums of more terms than one block of the matrix product takes.
    [[1500], [700]],
    [
      [30, 40],
      [24, 31],
    ],
  ];
  cases.forEach(([shape, kernel], seed) => {
    const [x, h] = [random(shape, 2 * seed), random(kernel, 2 * seed + 1)];
    for (const mode of modes) {
      const what = `[${shape}] with [${kernel}], ${mode}`;
      const atol = summation(sizeOf(kernel));
      const y = ops.convolve(x, h, { mode });
      const expected = definition(grid(x), grid(h), mode);
      assert.equal(y.shape, expected.shape, what);
      close(y.data, expected.values, { atol }, what);
      const z = ops.correlate(x, h, { mode });
      const reversed = definition(grid(x), turned(grid(h)), mode);
      assert.equal(z.shape, reversed.shape, what);
      close(z.data, reversed.values, { atol }, `${what}, correlated`);
      free(y, z);
    }
    free(x, h);
  });
});

test('numbers of NumPy, whose default is the same for convolve only', () => {
  const row = (...values: number[]): Grid => ({ shape: [values.length], values });
  const [x, odd, even] = [row(1, 2, 3, 4, 5), row(2, 3, 5), row(2, 3, 5, 7)];
  assert.equal(convolve(x, odd).values, [2, 7, 17, 27, 37, 35, 25]);
  assert.equal(convolve(x, odd, 'same').values, [7, 17, 27, 37, 35]);
  assert.equal(convolve(x, even, 'same').values, [7, 17, 34, 51, 56]);
  assert.equal(convolve(x, even, 'valid').values, [34, 51]);
  assert.equal(applied('correlate', x, odd).values, [5, 13, 23, 33, 43, 23, 10]);
  assert.equal(applied('correlate', x, even, 'same').values, [19, 34, 51, 68, 43]);
  assert.equal(applied('correlate', x, even, 'valid').values, [51, 68]);
});

test("'same' has x's size and 'full' all of it where h is the larger", () => {
  const [x, h] = [random([3], 1), random([6], 2)];
  for (const [mode, side] of [
    ['full', 8],
    ['same', 3],
  ] as const) {
    const y = ops.convolve(x, h, { mode });
    const expected = definition(grid(x), grid(h), mode);
    assert.equal(y.shape, [side]);
    close(y.data, expected.values, { atol: summation(3) }, mode);
    free(y);
  }
  free(x, h);
});

test('a short signal and a long filter cost what a long signal and a short filter cost', () => {
  const [short, long] = [Tensor.from([1, -2]), random([2 ** 16], 1)];
  const exchanged = { convolve: 1, correlate: -1 };
  for (const [op, order] of Object.entries(exchanged) as ['convolve' | 'correlate', number][]) {
    /** The result, and the shortest of a few times: other work on the machine only adds to them. */
    const timed = (x: Tensor, h: Tensor): [Tensor, number] => {
      const times = Array.from({ length: 5 }, () => {
        const start = performance.now();
        ops[op](x, h).dispose();
        return performance.now() - start;
      });
      return [ops[op](x, h), Math.min(...times)];
    };
    const [expected, time] = timed(long, short);
    const [y, longest] = timed(short, long);
    assert.equal([...y.data], order > 0 ? [...expected.data] : [...expected.data].reverse(), op);
    // As many times as long as the filter is longer, where every tap is multiplied.
    assert.ok(longest < 200 * time, `${op}: ${longest} ms against ${time} ms`);
    free(y, expected);
  }
  free(short, long);
});

/** Grids of whole numbers whose triple products sum up to less than 2²⁴. */
function grids(shape: Shape): fc.Arbitrary<Grid> {
  const count = sizeOf(shape);
  const values = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: count, maxLength: count });
  return values.map((list) => ({ shape, values: list }));
}

for (const dimensions of [1, 2]) {
  const side = fc.integer({ min: 1, max: dimensions === 1 ? 40 : 7 });
  const shapes = fc.array(side, { minLength: dimensions, maxLength: dimensions });
  const any = shapes.chain(grids);
  const pair = shapes.chain((shape) => fc.tuple(grids(shape), grids(shape)));
  const scalar = fc.integer({ min: -9, max: 9 });
  const two = fc.tuple(any, any);
  const holds = <T>(given: fc.Arbitrary<T>, law: (given: T) => void) =>
    fc.assert(fc.property(given, law), { seed: dimensions, numRuns: 100 });

  test(`${dimensions}-D convolution is commutative`, () => {
    holds(two, ([x, h]) => assert.equal(convolve(x, h), convolve(h, x)));
  });

  test(`${dimensions}-D convolution is associative`, () => {
    holds(fc.tuple(any, two), ([x, [g, h]]) =>
      assert.equal(convolve(convolve(x, g), h), convolve(x, convolve(g, h))),
    );
  });

  test(`${dimensions}-D convolution is distributive over addition`, () => {
    holds(fc.tuple(any, pair), ([x, [g, h]]) =>
      assert.equal(convolve(x, sum(g, h)), sum(convolve(x, g), convolve(x, h))),
    );
  });

  test(`scalars move through ${dimensions}-D convolution`, () => {
    holds(fc.tuple(two, scalar), ([[x, h], c]) => {
      const expected = scaled(c, convolve(x, h));
      assert.equal(convolve(scaled(c, x), h), expected);
      assert.equal(convolve(x, scaled(c, h)), expected);
    });
  });

  test(`${dimensions}-D correlation is convolution with h turned round, in each mode`, () => {
    const within = fc.tuple(any, shapes).chain(([x, sides]) => {
      const shape = sides.map((value, axis) => 1 + (value % x.shape[axis]));
      return fc.tuple(fc.constant(x), grids(shape));
    });
    holds(fc.tuple(within, fc.constantFrom(...modes)), ([[x, h], mode]) =>
      assert.equal(applied('correlate', x, h, mode), convolve(x, turned(h), mode)),
    );
  });

  test(`the gradients of ${dimensions}-D convolution are correlations`, () => {
    const dot = (a: Grid, b: Grid) => a.values.reduce((total, v, i) => total + v * b.values[i], 0);
    holds(fc.tuple(two, fc.nat()), ([[x, h], seed]) => {
      const y = convolve(x, h);
      const dy = { shape: y.shape, values: y.values.map((_, i) => ((seed + 7 * i) % 19) - 9) };
      const dx = applied('correlate', dy, h, 'valid');
      const dh = applied('correlate', dy, x, 'valid');
      assert.equal([dx.shape, dh.shape], [x.shape, h.shape]);
      // y is linear in x and in h, so that ⟨dy, y⟩ is what both gradients say.
      assert.is(dot(dx, x), dot(dy, y));
      assert.is(dot(dh, h), dot(dy, y));
    });
  });
}

test.run();
