// A residual added in convolution's epilogue: the same as adding it behind, for every algorithm.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, ShapeError, Tensor } from '../../src/index.js';
import type { Algorithm } from '../../src/operators/conv/geometry.emit.js';
import { close } from '../helpers/close.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

interface Case {
  name: string;
  shape: [number, number, number, number];
  filter: [number, number, number, number];
  algorithm?: Algorithm;
  groups?: number;
}

const cases: Case[] = [
  { name: 'lines', shape: [2, 12, 11, 5], filter: [3, 3, 5, 9], algorithm: 'direct' },
  {
    name: 'several blocks of k',
    shape: [2, 12, 11, 70],
    filter: [3, 3, 70, 19],
    algorithm: 'direct',
  },
  { name: 'gathered', shape: [3, 5, 4, 7], filter: [3, 3, 7, 17], algorithm: 'direct' },
  { name: 'side by side', shape: [7, 9, 8, 3], filter: [3, 3, 3, 5], algorithm: 'direct' },
  { name: 'pointwise', shape: [2, 6, 7, 600], filter: [1, 1, 600, 21] },
  { name: 'groups', shape: [2, 6, 7, 8], filter: [3, 3, 4, 6], groups: 2 },
  { name: 'Winograd', shape: [2, 10, 7, 9], filter: [3, 3, 9, 21], algorithm: 'winograd' },
  { name: 'depthwise', shape: [2, 6, 7, 10], filter: [3, 3, 1, 10], groups: 10 },
];

for (const { name, shape, filter, algorithm = 'auto', groups = 1 } of cases) {
  test(`residual: ${name}`, () => {
    const x = Tensor.from(
      numbers(
        shape.reduce((a, b) => a * b),
        1,
      ),
      shape,
    );
    const w = Tensor.from(
      numbers(
        filter.reduce((a, b) => a * b),
        2,
      ),
      filter,
    );
    const bias = Tensor.from(numbers(filter[3], 3));
    const options = { padding: 'same', algorithm, groups, bias } as const;
    const plain = ops.conv2d(x, w, options);
    const residual = Tensor.from(numbers(plain.size, 4), plain.shape);
    for (const activation of ['linear', 'relu'] as const) {
      const y = ops.conv2d(x, w, { ...options, residual, activation });
      const sum = plain.data.map((value, i) => value + residual.data[i]);
      const expected = activation === 'relu' ? sum.map((value) => Math.max(0, value)) : sum;
      // The order of summation is another one: some roundings of sums of this size.
      const atol = 2e-7 * Math.sqrt(filter[0] * filter[1] * filter[2]) * 8;
      close(y.data, expected, { atol }, `${name}, ${activation}`);
    }
  });
}

test('a residual of another shape', () => {
  const [x, w] = [Tensor.zeros([1, 4, 4, 2]), Tensor.zeros([3, 3, 2, 3])];
  assert.throws(
    () => ops.conv2d(x, w, { residual: Tensor.zeros([1, 4, 4, 3]) }),
    (error: Error) =>
      error instanceof ShapeError && /conv2d: residual.*\[1, 2, 2, 3\]/.test(error.message),
  );
});

test.run();
