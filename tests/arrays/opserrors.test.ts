// Ops at once over arrays of any rank: what they refuse, in which words, and that all works afterwards; programs that
// are kept; and what is said where the kernels are not loaded.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backend } from '../../bindings/backend.js';
import {
  dispose,
  init,
  memory,
  OutOfMemoryError,
  ops,
  ShapeError,
  StateError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import { free } from '../helpers/cases.js';
import { rejects } from '../helpers/models.js';
import { options } from '../helpers/start.js';

const matrix = () =>
  Tensor.from([
    [1, 2, 3],
    [4, 5, 6],
  ]);

/** First of all: nothing has asked for the kernels yet where a process runs this file alone. */
test('without its kernels an op says what to call; argMax needs none', async () => {
  const x = matrix();
  if (!backend().beside.arrays) {
    const wayOut = '`await ops.useArrays()` first';
    await rejects(() => ops.map(x, { fn: 'exp' }), StateError, 'map: ', wayOut);
    await rejects(() => ops.transpose(x, { axes: [1, 0] }), StateError, 'transpose: ', wayOut);
  }
  const best = ops.argMax(x, { axis: 0 });
  assert.equal(best.toArray(), [1, 1, 1]);
  await ops.useArrays();
  const y = ops.map(x, { fn: 'negate' });
  assert.equal(y.toArray(), [
    [-1, -2, -3],
    [-4, -5, -6],
  ]);
  free(x, best, y);
});

test('what makes no sense is refused, and leaves nothing behind', async () => {
  const [x, other, none] = [matrix(), Tensor.from([1, 2]), Tensor.zeros([0, 3])];
  const whole = Tensor.from(Int32Array.of(1, 2));
  const [negative, half, nan] = [Tensor.from([-1]), Tensor.from([0.5]), Tensor.from([NaN])];
  const before = memory().tensors;
  const wrong: readonly (readonly [() => unknown, new () => Error, ...string[]])[] = [
    [() => ops.map(x, { fn: 'expo' as never }), ValueError, 'map', 'fn', "'exp'", "'expo'"],
    [() => ops.map(x, undefined as never), ValueError, 'map', 'options', 'undefined'],
    [() => ops.map(x, { fn: 'celu', alpha: 0 }), ValueError, 'map', 'alpha', 'celu'],
    [() => ops.map(x, { fn: 'exp', axis: 1 } as never), ValueError, 'map', "'axis'"],
    [() => ops.map(none, { fn: 'exp' }), ShapeError, 'map', 'x', 'no numbers', '[0, 3]'],
    [() => ops.map(whole, { fn: 'exp' }), ValueError, 'map', 'x', 'float32', 'int32'],
    [() => ops.map([1] as never, { fn: 'exp' }), ValueError, 'map', 'x', 'Tensor'],
    [() => ops.mapBackward(other, x, { fn: 'exp' }), ShapeError, 'mapBackward', 'dy', '[2, 3]'],
    [
      () => ops.combine(x, other, { fn: 'add' }),
      ShapeError,
      'combine',
      '[2, 3]',
      '[2]',
      'broadcast',
    ],
    [() => ops.combine(x, x, { fn: 'plus' as never }), ValueError, 'combine', "'plus'"],
    [
      () => ops.combineBackward(other, x, x, { fn: 'add' }),
      ...([ShapeError, 'combineBackward', 'dy', '[2, 3]', '[2]'] as const),
    ],
    [() => ops.select(x, x, other), ShapeError, 'select', '[2, 3]', '[2]'],
    [() => ops.select(x, x, whole), ValueError, 'select', 'b', 'float32'],
    [() => ops.selectBackward(x, other, other, other), ShapeError, 'selectBackward', 'dy', '[2]'],
    [() => ops.reduce(x, { fn: 'sum', axes: [2] }), ShapeError, 'reduce', '[2]', '2 dimensions'],
    [
      () => ops.reduce(x, { fn: 'sum', axes: [1, -1] }),
      ShapeError,
      'reduce',
      'different',
      '[1, -1]',
    ],
    [() => ops.reduce(x, { fn: 'sum', axes: 1 as never }), ValueError, 'reduce', 'axes', '1'],
    [() => ops.reduce(none, { fn: 'sum' }), ShapeError, 'reduce', 'no numbers'],
    [
      () => ops.reduceBackward(other, x, { fn: 'sum', axes: [0] }),
      ...([ShapeError, 'reduceBackward', 'dy', '[3]', '[2]'] as const),
    ],
    [() => ops.argMax(x, { axis: 5 }), ShapeError, 'argMax', '[5]'],
    [() => ops.argMin(none, { axis: 0 }), ShapeError, 'argMin', 'nothing', 'axis 0', '[0, 3]'],
    [() => ops.argMin(whole), ValueError, 'argMin', 'float32'],
    [() => ops.transpose(x, { axes: [1] }), ShapeError, 'transpose', '[1]', '2 dimensions'],
    [() => ops.transpose(x, { axes: [1, 1] }), ShapeError, 'transpose', '[1, 1]'],
    [() => ops.slice(x, { begin: [1], end: [1] }), ShapeError, 'slice', 'nothing', '[2, 3]'],
    [() => ops.slice(x, { begin: [0, 0, 0], end: [1] }), ShapeError, 'slice', 'more axes'],
    [() => ops.slice(x, { begin: [0], end: [1], step: [0] }), ShapeError, 'slice', 'step', '[0]'],
    [() => ops.slice(x, { begin: [0.5], end: [1] }), ValueError, 'slice', 'begin', '0.5'],
    [
      () => ops.sliceBackward(x, [3, 3], { begin: [0], end: [1] }),
      ...([ShapeError, 'sliceBackward', 'dy', '[1, 3]', '[2, 3]'] as const),
    ],
    [
      () => ops.sliceBackward(x, [2, 0], { begin: [0], end: [1] }),
      ShapeError,
      'sliceBackward',
      '0',
    ],
    [() => ops.expand(x, { shape: [4, 3] }), ShapeError, 'expand', '[2, 3]', '[4, 3]'],
    [() => ops.expand(x, { shape: [-1] }), ShapeError, 'expand', '-1'],
    [
      () => ops.expand(x, { shape: [2 ** 20, 2 ** 11, 2, 3] }),
      OutOfMemoryError,
      '[1048576, 2048, 2, 3]',
    ],
    [() => ops.resize(x, { axes: [0], scales: [1e30] }), OutOfMemoryError, 'tensor'],
    [() => ops.pad(x, { padding: [[1, 1]] }), ShapeError, 'pad', '[2, 3]', '1'],
    [
      () =>
        ops.pad(x, {
          padding: [
            [0, 0],
            [-2, -1],
          ],
        }),
      ShapeError,
      'pad',
      '[-2, -1]',
      '3',
    ],
    [() => ops.pad(x, { padding: 1 as never }), ValueError, 'pad', 'padding', '[before, after]'],
    [() => ops.resize(x, { axes: [0] }), ValueError, 'resize', 'sizes', 'scales'],
    [
      () => ops.resize(x, { axes: [1, 0], sizes: [2, 2] }),
      ValueError,
      'resize',
      'ascending',
      '[1, 0]',
    ],
    [() => ops.resize(x, { axes: [2], sizes: [2] }), ShapeError, 'resize', '[2]'],
    [() => ops.resize(x, { axes: [0], scales: [0.1] }), ShapeError, 'resize', 'nothing', '0.1'],
    [() => ops.gather(x, whole, { axis: 0 }), ValueError, 'gather', '0 to 1', 'number 1', '2'],
    [() => ops.gather(x, negative, { axis: 0 }), ValueError, 'gather', '0 to 1', '-1'],
    [() => ops.gather(x, half, { axis: 1 }), ValueError, 'gather', '0 to 2', '0.5'],
    [() => ops.gather(x, nan, { axis: 1 }), ValueError, 'gather', 'NaN'],
    [() => ops.gather(x, none, { axis: 1 }), ShapeError, 'gather', 'no numbers'],
    [() => ops.gather(x, [1] as never, { axis: 1 }), ValueError, 'gather', 'indices', 'Tensor'],
    [() => ops.gather(x, whole, {} as never), ValueError, 'gather', 'axis', 'undefined'],
    [
      () => ops.gatherBackward(x, whole, [2, 3], { axis: 1 }),
      ...([ShapeError, 'gatherBackward', 'dy', '[2, 2]', '[2, 3]'] as const),
    ],
    [() => ops.cumSum(x, { axis: 2 }), ShapeError, 'cumSum', '[2]'],
    [() => ops.cumSum(x, { axis: 0, exclusive: 1 as never }), ValueError, 'cumSum', 'exclusive'],
  ];
  for (const [call, type, ...words] of wrong) await rejects(call, type as never, ...words);
  assert.is(memory().tensors, before);
  free(x, other, none, whole, negative, half, nan);
});

test('after an error the same call works, and a kept program knows wrong indices', async () => {
  const x = matrix();
  const indices = Tensor.from(Int32Array.of(1, 0));
  for (const last of [0, 1, 2, 1]) {
    indices.data[1] = last;
    if (last > 1) {
      await rejects(() => ops.gather(x, indices, { axis: 0 }), ValueError, 'gather', '2');
      continue;
    }
    const y = ops.gather(x, indices, { axis: 0 });
    assert.equal(y.toArray(), [[4, 5, 6], last ? [4, 5, 6] : [1, 2, 3]]);
    y.dispose();
  }
  free(x, indices);
});

test('calls leave nothing behind but their results', () => {
  const [x, indices, total] = [matrix(), Tensor.from([0, 1, 1]), Tensor.from(1)];
  const before = memory().tensors;
  for (let i = 0; i < 3; i++) {
    const { da, db } = ops.selectBackward(x, x, x, x);
    free(
      ops.reduceBackward(total, x, { fn: 'logSumExp' }),
      ops.gather(x, indices, { axis: 1 }),
      ops.gatherBackward(x, indices, [2, 2], { axis: 1 }),
      ops.resize(x, { axes: [0, 1], sizes: [4, 5], mode: 'cubic' }),
      ops.argMax(x),
      ...[da, db],
    );
  }
  assert.is(memory().tensors, before);
  free(x, indices, total);
});

test('ops work in a backend that starts later', async () => {
  dispose();
  await init(options);
  const x = matrix();
  const y = ops.reduce(x, { fn: 'sum' });
  assert.is(y.toArray(), 21);
  free(x, y);
});

test.run();
