// Tensors as text: brackets, lines and what is left out are NumPy's (its threshold 1000 and edge 3); numbers are
// written as JavaScript does, in five digits.

import { inspect } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Tensor } from '../../src/index.js';
import '../helpers/start.js';

const cases: [data: Parameters<typeof Tensor.from>, text: string][] = [
  [[7.5], 'Tensor float32 []\n7.5'],
  [[[1, 2.25, -3]], 'Tensor float32 [3]\n[   1, 2.25,   -3]'],
  [
    [
      [
        [1, 2],
        [3, 40],
      ],
    ],
    'Tensor float32 [2, 2]\n[[ 1,  2],\n [ 3, 40]]',
  ],
  [
    [
      [1, 2, 3, 4],
      [2, 1, 2],
    ],
    'Tensor float32 [2, 1, 2]\n[[[1, 2]],\n\n [[3, 4]]]',
  ],
  [[new Int32Array([5, -6])], 'Tensor int32 [2]\n[ 5, -6]'],
  [[[0.1, NaN, Infinity]], 'Tensor float32 [3]\n[     0.1,      NaN, Infinity]'],
  [[[], [0, 3]], 'Tensor float32 [0, 3] of no numbers'],
  [
    [Float32Array.from({ length: 1001 }, (_, i) => i)],
    'Tensor float32 [1001]\n[   0,    1,    2, …,  998,  999, 1000]',
  ],
];

for (const [data, text] of cases)
  test(text.split('\n')[0], () => {
    const tensor = Tensor.from(...data);
    assert.is(String(tensor), text);
    assert.is(inspect(tensor), text);
    tensor.dispose();
  });

test('a long one shows three at both ends of each dimension', () => {
  const tensor = Tensor.zeros([20, 30, 8]);
  const text = String(tensor);
  assert.is(text.split('\n').length, 1 + (6 * 7 + 1) + 6);
  assert.is((text.match(/0/g) ?? []).length, 6 * 6 * 6 + 2);
  tensor.dispose();
});

test('one that was disposed says so', () => {
  const tensor = Tensor.zeros([2]);
  tensor.dispose();
  assert.is(inspect(tensor), 'Tensor float32 [2], disposed');
  assert.is(`${[tensor]}`, 'Tensor float32 [2], disposed');
});

test.run();
