// Pooling across channels, forward and backward, against its definition.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, type Shape, Tensor } from '../../src/index.js';
import { free, poison } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { random } from '../helpers/random.js';
import { groupMaxima, groupMeans, maximaBackward } from '../helpers/reference/choice.js';
import '../helpers/start.js';

function check(shape: Shape, poolSize: number, seed = 1): void {
  const what = JSON.stringify({ shape, poolSize, seed });
  const pooled = [...shape.slice(0, -1), (shape.at(-1) as number) / poolSize];
  const [x, dy] = [random(shape, seed), random(pooled, seed + 1)];

  const maxima = groupMaxima(x.data, poolSize);
  const most = ops.channelPool(x, { poolSize });
  assert.equal(most.shape, pooled, what);
  close(most.data, maxima.y, {}, what);
  const dmost = ops.channelPoolBackward(dy, x, { poolSize });
  assert.equal(dmost.shape, shape, what);
  close(dmost.data, maximaBackward(dy.data, maxima, x.size), {}, `${what}: backward`);

  const mean = ops.channelPool(x, { poolSize, mode: 'average' });
  const atol = (2 * summation(poolSize, Math.sqrt(poolSize / 3))) / poolSize;
  close(mean.data, groupMeans(x.data, poolSize), { atol, rtol: 2 ** -23 }, `${what}: mean`);
  const dmean = ops.channelPoolBackward(dy, x, { poolSize, mode: 'average' });
  const shared = Float64Array.from(x.data, (_, i) => dy.data[Math.floor(i / poolSize)] / poolSize);
  close(dmean.data, shared, { rtol: 2 ** -23 }, `${what}: mean backward`);
  free(x, dy, most, dmost, mean, dmean);
}

test('groups around vectors', () => {
  poison();
  for (const poolSize of [1, 2, 3, 4, 5, 7, 8, 9, 16, 17]) {
    for (const units of [1, 2, 3, 4, 5, 7, 9]) check([1, units * poolSize], poolSize, units);
  }
});

test('any rank, and more than one task', () => {
  poison();
  check([6], 3);
  check([2, 3, 4, 10], 5);
  check([2, 2, 2, 2, 4], 2);
  for (const [rows, poolSize] of [
    [8193, 2],
    [1365, 12],
    [17, 4099],
  ]) {
    check([rows, poolSize], poolSize);
  }
});

test('groups of 256 channels, which fit a byte, and of 257', () => {
  poison();
  check([7, 512], 256);
  check([7, 514], 257);
  for (const size of [256, 257]) {
    const x = Tensor.zeros([1, size]);
    const dy = Tensor.from([3], [1, 1]);
    for (const at of [0, 127, 128, 255, size - 1]) {
      x.data.fill(0);
      x.data[at] = 1;
      const dx = ops.channelPoolBackward(dy, x, { poolSize: size });
      const expected = x.data.map((v) => 3 * v);
      close(dx.data, expected, {}, `maximum ${at} of ${size}`);
      free(dx);
    }
    free(x, dy);
  }
});

test('the first of equals has the gradient; NaN is a maximum', () => {
  const nan = Number.NaN;
  const x = Tensor.from([2, 2, 1, nan, -1, 5], [2, 3]);
  const dy = Tensor.from([3, 4], [2, 1]);
  const [y, dx] = [
    ops.channelPool(x, { poolSize: 3 }),
    ops.channelPoolBackward(dy, x, { poolSize: 3 }),
  ];
  assert.equal([...y.data], [2, nan]);
  assert.equal([...dx.data], [3, 0, 0, 4, 0, 0]);
  free(x, dy, y, dx);
});

test.run();
