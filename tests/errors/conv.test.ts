// What conv1d, depthwiseConv2d and pooling over signals say to bad input, and convolve, correlate and
// the filters for images.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Layer,
  layers,
  memory,
  ops,
  Sequential,
  ShapeError,
  StateError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import { free } from '../helpers/cases.js';
import { rejects } from '../helpers/models.js';
import { random } from '../helpers/random.js';
import '../helpers/start.js';

type Bad = [
  call: () => unknown,
  kind: typeof ShapeError | typeof ValueError | typeof StateError,
  ...parts: string[],
];

// biome-ignore lint/suspicious/noExplicitAny: what plain JavaScript may pass
const any = (value: unknown): any => value;

const build = (layer: Layer, inputShape: number[]) => new Sequential([layer], { inputShape });

test('conv1d: options at once, shapes by name when the network is built', async () => {
  const make = (options: object) => () => layers.conv1d({ filters: 2, kernelSize: 3, ...options });
  const made = (options: object, inputShape = [9, 4]) => {
    return () => build(make({ name: 'ear', ...options })(), inputShape);
  };
  const bad: Bad[] = [
    [make({ filters: 0 }), ValueError, 'layers.conv1d', 'filters', '0'],
    [make({ kernelSize: [3] }), ValueError, 'layers.conv1d', 'kernelSize', '3'],
    [make({ kernelSize: 2.5 }), ValueError, 'kernelSize', '2.5'],
    [make({ strides: [2] }), ValueError, 'strides', 'whole number'],
    [make({ dilation: 0 }), ValueError, 'dilation', '0'],
    [make({ groups: -1 }), ValueError, 'groups', '-1'],
    [make({ padding: 'causal' }), ValueError, 'padding', '[before, after]', "'causal'"],
    [make({ padding: [1] }), ValueError, 'padding', '[before, after]', '[1]'],
    [
      make({
        padding: [
          [0, 0],
          [1, 1],
        ],
      }),
      ValueError,
      'padding',
      '[[0, 0], [1, 1]]',
    ],
    [make({ padding: -1 }), ValueError, 'padding', '-1'],
    [
      make({ name: 'ear', activation: 'gelu!' }),
      ValueError,
      "layers.conv1d 'ear'",
      'gelu!',
      'relu',
    ],
    [make({ biasInitializer: 'none' }), ValueError, 'none', 'zeros'],
    [make({ stride: 2 }), ValueError, 'layers.conv1d', "'stride'", 'strides', 'dilation'],
    [make({ algorithm: 'direct' }), ValueError, "'algorithm'", 'kernelSize'],
    [made({}, [9]), ShapeError, 'ear', '[steps, channels]', '[9]'],
    [made({}, [9, 4, 1]), ShapeError, 'ear', '[steps, channels]', '[9, 4, 1]'],
    [made({ kernelSize: 10 }), ShapeError, 'ear', '10', 'larger', '9'],
    [made({ strides: 4 }), ShapeError, 'ear', 'stride 4', '9', 'dimRoundingMode'],
    [made({ dimRoundingMode: 'round' }), ValueError, 'ear', 'dimRoundingMode', 'round'],
    [made({ groups: 3 }), ValueError, 'ear', 'groups 3', '4 channels', '2 filters'],
  ];
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
  made({})();
});

test('depthwiseConv2d: options at once, shapes by name when the network is built', async () => {
  const make = (options: object) => () => layers.depthwiseConv2d({ kernelSize: 3, ...options });
  const made = (options: object, inputShape = [5, 6, 4]) => {
    return () => build(make({ name: 'deep', ...options })(), inputShape);
  };
  const bad: Bad[] = [
    [make({ kernelSize: [3] }), ValueError, 'layers.depthwiseConv2d', 'kernelSize', '[height'],
    [make({ strides: [1] }), ValueError, 'layers.depthwiseConv2d', 'strides', '[height, width]'],
    [make({ dilation: [1, 0] }), ValueError, 'layers.depthwiseConv2d', 'dilation', '[1, 0]'],
    [
      () => layers.conv2d({ filters: 2, kernelSize: 3, strides: any('2') }),
      ValueError,
      'layers.conv2d',
      'strides',
      "'2'",
    ],
    [make({ depthMultiplier: 0 }), ValueError, 'layers.depthwiseConv2d', 'depthMultiplier', '0'],
    [make({ name: 'deep', activation: 'x' }), ValueError, "layers.depthwiseConv2d 'deep'", 'relu'],
    [make({ kernelInitializer: 'x' }), ValueError, 'heNormal'],
    [make({ filters: 4 }), ValueError, "'filters'", 'depthMultiplier'],
    [make({ groups: 4 }), ValueError, "'groups'", 'depthMultiplier'],
    [make({ depthwiseInitializer: 'ones' }), ValueError, 'depthwise', 'kernelInitializer'],
    [made({}, [5, 6]), ShapeError, 'deep', '[height, width, channels]', '[5, 6]'],
    [made({ kernelSize: [6, 1] }), ShapeError, 'deep', 'height 6', '5'],
    [made({ strides: 2 }), ShapeError, 'deep', 'stride 2', 'width', 'dimRoundingMode'],
    [made({ padding: 'full' }), ValueError, 'deep', 'padding', 'full'],
    [made({ dilation: 0 }), ValueError, 'deep', 'dilation', '0'],
  ];
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
  made({})();
});

test('pooling over signals', async () => {
  for (const [type, pool] of Object.entries({
    maxPool1d: layers.maxPool1d,
    avgPool1d: layers.avgPool1d,
  })) {
    const made = (options: object, inputShape = [9, 4]) => {
      return () => build(pool(any(options)), inputShape);
    };
    const bad: Bad[] = [
      [made({ size: 2 }), ValueError, `layers.${type}`, "'size'", 'poolSize'],
      [made({ dilation: 2 }), ValueError, `layers.${type}`, "'dilation'", 'strides'],
      [made({ poolSize: [2] }), ValueError, type, 'poolSize', 'whole number'],
      [made({ strides: 0 }), ValueError, type, 'strides', '0'],
      [made({ padding: [1, 2, 3] }), ValueError, type, 'padding', '[1, 2, 3]'],
      [made({ padding: 2 }), ValueError, type, 'smaller than the window'],
      [made({ poolSize: 10 }), ShapeError, type, '10', '9'],
      [made({}, [9, 4, 1]), ShapeError, type, '[steps, channels]', '[9, 4, 1]'],
    ];
    for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
    made({})();
  }
});

test('convolve and correlate', async () => {
  const [x, h, image] = [random([5], 1), random([6], 2), random([4, 3], 3)];
  const [labels, single, volume] = [
    Tensor.from(Int32Array.of(1, 2)),
    Tensor.from(3),
    Tensor.zeros([2, 2, 2]),
  ];
  const [empty, gone] = [Tensor.zeros([0]), random([2], 4)];
  gone.dispose();
  const before = memory();
  for (const name of ['convolve', 'correlate'] as const) {
    const op = ops[name];
    const bad: Bad[] = [
      [() => op(any([1, 2]), h), ValueError, 'x', 'Tensor', '[1, 2]'],
      [() => op(x, any(undefined)), ValueError, 'h', 'Tensor', 'undefined'],
      [() => op(labels, h), ValueError, 'x', 'float32', 'int32'],
      [() => op(x, labels), ValueError, 'h', 'float32', 'int32'],
      [() => op(x, gone), StateError],
      [() => op(x, image), ShapeError, '[5]', '[4, 3]', 'as many dimensions'],
      [() => op(single, single), ShapeError, 'x', '[steps] or [height, width]', '[]'],
      [() => op(x, volume), ShapeError, 'h', '[2, 2, 2]', 'conv2d'],
      [() => op(x, empty), ShapeError, 'h', '[0]'],
      [() => op(empty, x), ShapeError, 'x', '[0]'],
      [() => op(x, h, { mode: 'valid' }), ShapeError, "'valid'", '[6]', '[5]', 'exchange'],
      [() => op(x, h, { mode: any('half') }), ValueError, "'full', 'same' or 'valid'", 'half'],
      [() => op(x, h, any({ padding: 1 })), ValueError, "'padding'", 'mode'],
      [() => op(x, h, any('same')), ValueError, 'options object', 'mode'],
    ];
    for (const [call, kind, ...parts] of bad) {
      await rejects(call, kind, ...(kind === StateError ? [] : [`${name}: `]), ...parts);
    }
    assert.equal(memory().tensors, before.tensors);
    free(op(x, h), op(h, x, { mode: 'valid' }));
  }
  free(x, h, image, labels, single, volume, empty);
});

test('filters for images', async () => {
  const [image, flat] = [random([4, 5, 3], 1), random([4], 2)];
  const { highPass, boxBlur } = ops.filters;
  const before = memory();
  const bad: Bad[] = [
    [() => ops.filterImage(any([[1]]), highPass), ValueError, 'filterImage: image', 'Tensor'],
    [() => ops.filterImage(flat, highPass), ShapeError, 'filterImage', '[height, width]', '[4]'],
    [() => ops.filterImage(image, any([1, 2])), ShapeError, 'filter', '[height, width]', '[2]'],
    [() => ops.filterImage(image, [[1, 2], [3]]), ShapeError, 'filter', 'ragged'],
    [() => ops.filterImage(image, [[]]), ShapeError, 'filter', 'at least 1'],
    [() => ops.filterImage(image, any('sharpen')), ValueError, 'filter', "'sharpen'"],
    [() => ops.filterImage(image, boxBlur(6), { padding: 'valid' }), ShapeError, 'height 6', '4'],
    [() => ops.filterImage(image, highPass, { padding: any('full') }), ValueError, 'padding'],
    [
      () => ops.filterImage(image, highPass, any({ mode: 'same' })),
      ValueError,
      "'mode'",
      'padding',
    ],
    [() => ops.sobelMagnitude(flat), ShapeError, 'sobelMagnitude', '[height, width]', '[4]'],
    [() => ops.sobelMagnitude(image, any({ p: 1 })), ValueError, 'sobelMagnitude', "'p'"],
    [() => boxBlur(0), ValueError, 'filters.boxBlur', 'height', '0'],
    [() => boxBlur(3, 1.5), ValueError, 'filters.boxBlur', 'width', '1.5'],
  ];
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
  assert.equal(memory().tensors, before.tensors);
  free(ops.filterImage(image, highPass), ops.sobelMagnitude(image), image, flat);
});

test.run();
