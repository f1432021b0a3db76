// Sizes that no memory can hold, and counts that would make layers for ever, are refused before anything
// loops over them. In time: with what they would take, this file would never end.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  input,
  layers,
  type Model,
  ops,
  ResNet,
  Sequential,
  ShapeError,
  Tensor,
  ValueError,
  zoo,
} from '../../src/index.js';
import { free } from '../helpers/cases.js';
import { rejects } from '../helpers/models.js';
import '../helpers/start.js';

const MOST = 2 ** 31 - 1;

test('inputs, outputs and weights of more than 4 GiB', async () => {
  const wide = () => input([2 ** 15, 2 ** 15, 1]);
  const bad: [() => unknown, ...string[]][] = [
    [() => input([MOST, 1, 1]), 'input', `[${MOST}, 1, 1]`, '4 GiB'],
    [() => new Sequential([layers.relu()], { inputShape: [MOST, 2], name: 'big' }), 'big', '4 GiB'],
    [
      () =>
        new Sequential([layers.adaptiveAvgPool2d({ outputSize: [MOST - 1, 1] })], {
          inputShape: [MOST, 1, 1],
        }),
      '4 GiB',
    ],
    [() => layers.adaptiveAvgPool2d({ outputSize: [MOST - 1, 1] }).shapeFor([MOST, 1, 1]), '4 GiB'],
    [() => layers.upsampling2d({ size: 2 }).apply(wide()), 'upsampling2d', '[65536, 65536, 1]'],
    [() => layers.zeroPadding2d({ padding: [MOST, 0] }).apply(wide()), 'zeroPadding2d', '4 GiB'],
    [
      () => layers.conv2dTranspose({ filters: 1, kernelSize: 1, strides: MOST }).apply(wide()),
      'conv2dTranspose',
      '4 GiB',
    ],
    [() => layers.dense({ units: 2 ** 20 }).apply(input([2 ** 20])), 'dense', 'kernel', '4 GiB'],
    [
      () => layers.conv2d({ filters: MOST, kernelSize: 3, padding: 'same' }).apply(wide()),
      'conv2d',
      'the filter',
      '4 GiB',
    ],
    [
      () =>
        layers.conv2d({ filters: 1, kernelSize: MOST, padding: 'same' }).apply(input([1, 1, 1])),
      'conv2d',
      'the filter',
      '4 GiB',
    ],
  ];
  for (const [call, ...parts] of bad) await rejects(call, ShapeError, ...parts);
  assert.equal(wide().shape, [2 ** 15, 2 ** 15, 1], 'just 4 GiB may be');
});

test('sizes of gradients that ops are asked for', async () => {
  const x = Tensor.zeros([1, 1, 1, 1]);
  const shape = [1, MOST, 1, 1];
  const outputSize = [MOST - 1, 1] as const;
  await rejects(() => ops.adaptiveAvgPool2dBackward(x, shape, { outputSize }), ShapeError, '4 GiB');
  await rejects(() => ops.conv2dBackwardInput(x, x, shape), ShapeError, '4 GiB');
  await rejects(() => ops.conv2dBackwardFilter(x, x, [MOST, 1, 1, 1]), ShapeError, '4 GiB');
  await rejects(() => ops.filters.boxBlur(MOST), ValueError, `${MOST}×${MOST}`, 'avgPool2d');
  await rejects(() => ops.filters.boxBlur(1, MOST), ValueError, `1×${MOST}`);
  free(x);
});

test('counts that make layers or filters', async () => {
  for (const depth of [1e300, 2 ** 31, 1208, Number.POSITIVE_INFINITY, Number.NaN, -4]) {
    await rejects(() => new ResNet({ depth }), ValueError, 'depth', '6n + 2', '1202');
  }
  const makers: ((options: { classes: number }) => Pick<Model, 'name'>)[] = [
    zoo.lenet5,
    zoo.lenet5Classic,
    zoo.alexnet,
    zoo.vgg11,
    zoo.vgg13,
    zoo.vgg16,
    zoo.vgg19,
    zoo.nin,
    zoo.allCnn,
    zoo.googlenet,
    zoo.mobilenetV2,
    zoo.squeezenet,
    (options) => zoo.resnet({ ...options, depth: 20 }),
  ];
  for (const make of makers) {
    await rejects(() => make({ classes: 1e300 }), ValueError, 'whole number');
    await rejects(() => make({ classes: 2 ** 31 - 1 }), ShapeError, '4 GiB');
  }
});

test.run();
