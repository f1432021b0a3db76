// What activations, products, spatial dropout and radial basis functions say to bad input.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  layers,
  memory,
  ops,
  Sequential,
  ShapeError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import { free } from '../helpers/cases.js';
import { rejects } from '../helpers/models.js';
import { random } from '../helpers/random.js';
import '../helpers/start.js';

type Bad = [() => unknown, typeof ShapeError | typeof ValueError, ...string[]];

async function eachRejects(bad: readonly Bad[]): Promise<void> {
  const before = memory().activations;
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
  assert.is(memory().activations, before);
}

const wrong = (value: unknown) => value as never;

test('activations: the known names, alpha, shapes', async () => {
  const [x, dy] = [random([2, 3], 1), random([3, 2], 2)];
  const whole = Tensor.from(Int32Array.of(1, 2));
  const known =
    'linear, relu, sigmoid, tanh, relu6, leakyRelu, elu, selu, gelu, silu, hardSigmoid, hardSwish, softplus, softmax';
  const alphas = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e39, 1e-50, '1', null];
  await eachRejects([
    [() => layers.activation({ activation: wrong('swish') }), ValueError, "'swish'", known],
    ...alphas.flatMap((alpha): Bad[] => [
      [() => ops.leakyRelu(x, { alpha: wrong(alpha) }), ValueError, 'leakyRelu: alpha', `${alpha}`],
      [
        () => ops.eluBackward(x, x, { alpha: wrong(alpha) }),
        ValueError,
        'eluBackward',
        'a number > 0',
      ],
      [() => layers.elu({ alpha: wrong(alpha) }), ValueError, 'layers.elu', `${alpha}`, 'relu'],
    ]),
    [() => ops.leakyRelu(x, wrong({ slope: 1 })), ValueError, 'leakyRelu', "'slope'", 'alpha'],
    [() => ops.eluBackward(x, x, wrong({ a: 1 })), ValueError, 'eluBackward', "'a'", 'alpha'],
    [() => layers.leakyRelu(wrong({ slope: 1 })), ValueError, 'leakyRelu', "'slope'", 'alpha'],
    [() => layers.gelu(wrong({ alpha: 1 })), ValueError, 'layers.gelu', "'alpha'", 'name'],
    [() => ops.gelu(whole), ValueError, 'gelu', 'x', 'float32', 'int32'],
    [() => ops.geluBackward(x, whole), ValueError, 'geluBackward', 'x', 'float32', 'int32'],
    [() => ops.seluBackward(x, whole), ValueError, 'seluBackward', 'y', 'float32', 'int32'],
    [() => ops.siluBackward(dy, x), ShapeError, 'siluBackward', 'dy', '[2, 3]', '[3, 2]'],
  ]);
  free(x, dy, whole);
});

test('multiply: what is no factor', async () => {
  const image = random([2, 3, 4, 5], 1);
  const gate = random([2, 5], 2);
  const whole = Tensor.from(Int32Array.of(1, 2));
  const shapes = [
    [5],
    [1, 5],
    [2, 1],
    [5, 2],
    [2, 4, 5],
    [2, 1, 5],
    [2, 3, 1, 5],
    [2, 3, 4, 1],
    [1],
  ];
  const others = shapes.map((shape) => random(shape, 3));
  await eachRejects([
    ...others.map((b, i): Bad => {
      const parts = ["a's shape [2, 3, 4, 5]", 'a gate [2, 5]', `not [${shapes[i].join(', ')}]`];
      return [() => ops.multiply(image, b), ShapeError, 'multiply: b', ...parts];
    }),
    [() => ops.multiply(gate, image), ShapeError, '[2, 5]', '[2, 3, 4, 5]'],
    [() => ops.multiply(others[0], gate), ShapeError, "a's shape [5], not [2, 5]"],
    [() => ops.multiply(image, whole), ValueError, 'multiply', 'b', 'int32'],
    [() => ops.multiplyBackward(image, others[0], image), ShapeError, 'multiplyBackward', '[5]'],
    [
      () => ops.multiplyBackward(image, gate, gate),
      ShapeError,
      'multiplyBackward',
      'dy',
      '[2, 3, 4, 5]',
      '[2, 5]',
    ],
  ]);
  free(image, gate, whole, ...others);
});

test('layers: rates, units, input shapes', async () => {
  const build = (layer: ReturnType<typeof layers.rbf>, inputShape: number[]) => () =>
    new Sequential([layer], { inputShape });
  const drop = (rate: unknown) => () => layers.spatialDropout2d({ rate: wrong(rate) });
  await eachRejects([
    ...[1, -0.1, Number.NaN, undefined].map((rate): Bad => {
      return [drop(rate), ValueError, 'layers.spatialDropout2d', 'rate', `${rate}`];
    }),
    [
      build(layers.spatialDropout2d({ rate: 0.5 }), [6]),
      ShapeError,
      'spatialDropout2d',
      '[height, width, channels]',
      '[6]',
    ],
    [() => layers.rbf({ units: 0 }), ValueError, 'layers.rbf', 'units', '0'],
    [() => layers.rbf({ units: 2.5, name: 'out' }), ValueError, "layers.rbf 'out'", '2.5'],
    [() => layers.rbf(wrong({ units: 2, useBias: true })), ValueError, "'useBias'", 'units'],
    [build(layers.rbf({ units: 3 }), [4, 4, 2]), ShapeError, 'rbf', 'flatten', '[4, 4, 2]'],
  ]);
});

test.run();
