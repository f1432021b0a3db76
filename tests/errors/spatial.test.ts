// What the newer pooling, padding, upsampling, normalisation and concatenation say to bad input, as ops
// and as layers.

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

type Kind = typeof ShapeError | typeof ValueError;
type Bad = readonly [() => unknown, Kind, ...string[]];

// biome-ignore lint/suspicious/noExplicitAny: what plain JavaScript may pass
const any = (value: unknown): any => value;

test('ops: each says what it is, what it expected and what it got', async () => {
  const x = random([2, 5, 6, 4], 1);
  const [dy, flat, w] = [random([2, 3, 3, 4], 2), random([6, 4], 3), random([3, 3, 4, 2], 4)];
  const labels = Tensor.from(Int32Array.of(1, 2));
  const before = memory();
  const conv = (options: object) => () => ops.conv2d(x, w, any(options));
  const bad: Record<string, Bad[]> = {
    minPool2d: [
      [() => ops.minPool2d(flat), ShapeError, '4 dimensions', '[6, 4]'],
      [() => ops.minPool2d(labels), ValueError, 'x', 'float32', 'int32'],
      [() => ops.minPool2d(x, any({ size: 2 })), ValueError, "'size'", 'poolSize'],
      [() => ops.minPool2dBackward(x, x), ShapeError, 'dy', '[2, 2, 3, 4]', '[2, 5, 6, 4]'],
    ],
    lpPool2d: [
      [() => ops.lpPool2d(x, any({ mode: 'max' })), ValueError, "'mean' or 'sum'", 'max'],
      [() => ops.lpPool2dBackward(dy, x, { mode: any(1) }), ValueError, "'sum'", '1'],
    ],
    globalMaxPool2d: [
      [() => ops.globalMaxPool2d(flat), ShapeError, '4 dimensions', '[6, 4]'],
      [() => ops.globalMaxPool2dBackward(flat, x), ShapeError, 'dy', '[2, 4]', '[6, 4]'],
    ],
    adaptiveAvgPool2d: [
      [() => ops.adaptiveAvgPool2d(flat, { outputSize: 1 }), ShapeError, '[6, 4]'],
      [() => ops.adaptiveAvgPool2d(x, any({})), ValueError, 'outputSize', 'undefined'],
      [() => ops.adaptiveAvgPool2d(x, { outputSize: [3, 0] }), ValueError, 'outputSize', '0'],
      [() => ops.adaptiveAvgPool2d(x, any({ size: 2 })), ValueError, "'size'", 'outputSize'],
      [
        () => ops.adaptiveAvgPool2dBackward(dy, x.shape, { outputSize: 4 }),
        ShapeError,
        '[2, 4, 4, 4]',
        '[2, 3, 3, 4]',
      ],
    ],
    adaptiveMaxPool2d: [
      [() => ops.adaptiveMaxPool2d(x, { outputSize: 1.5 }), ValueError, 'outputSize', '1.5'],
      [
        () => ops.adaptiveMaxPool2dBackward(dy, x, { outputSize: [3, 4] }),
        ShapeError,
        '[2, 3, 4, 4]',
        '[2, 3, 3, 4]',
      ],
    ],
    channelPool: [
      [() => ops.channelPool(x, any({})), ValueError, 'poolSize', 'undefined'],
      [() => ops.channelPool(x, { poolSize: 3 }), ShapeError, '4 channels', 'groups of 3'],
      [() => ops.channelPool(x, { poolSize: 2, mode: any('min') }), ValueError, "'max'", 'min'],
      [() => ops.channelPoolBackward(x, x, { poolSize: 2 }), ShapeError, '[2, 5, 6, 2]'],
    ],
    blurPool2d: [
      [() => ops.blurPool2d(x, { kernelSize: 1 }), ValueError, 'kernelSize', 'from 2 to 7', '1'],
      [() => ops.blurPool2d(x, { kernelSize: 8 }), ValueError, 'kernelSize', '2 to 7', '8'],
      [() => ops.blurPool2d(x, { strides: 0 }), ValueError, 'strides', '0'],
      [() => ops.blurPool2d(x, any({ poolSize: 3 })), ValueError, "'poolSize'", 'kernelSize'],
      [
        () => ops.blurPool2d(random([1, 3, 9, 1], 1), { kernelSize: 7 }),
        ShapeError,
        'height 3',
        '2 pixels',
        'not 3',
      ],
      [() => ops.blurPool2dBackward(x, x.shape), ShapeError, '[2, 3, 3, 4]', '[2, 5, 6, 4]'],
    ],
    lrn: [
      [() => ops.lrn(x, { size: 0 }), ValueError, 'size', '0'],
      [() => ops.lrn(x, { alpha: -1 }), ValueError, 'alpha', '≥ 0', '-1'],
      [() => ops.lrn(x, { beta: Number.NaN }), ValueError, 'beta', 'NaN'],
      [() => ops.lrn(x, { bias: 0 }), ValueError, 'bias', '> 0', 'not 0'],
      [() => ops.lrn(x, any({ depthRadius: 2 })), ValueError, "'depthRadius'", 'size'],
      [() => ops.lrn(Tensor.zeros([2, 0])), ShapeError, '[..., channels]', '[2, 0]'],
      [() => ops.lrnBackward(dy, x), ShapeError, '[2, 5, 6, 4]', '[2, 3, 3, 4]'],
    ],
    pad2d: [
      [() => ops.pad2d(x, any({})), ValueError, 'padding', '[[top, bottom], [left, right]]'],
      [() => ops.pad2d(x, { padding: any('same') }), ValueError, 'padding', "not 'same'"],
      [() => ops.pad2d(x, { padding: -1 }), ValueError, 'padding', '-1'],
      [() => ops.pad2d(x, { padding: 1, mode: any('edge') }), ValueError, "'reflect'", 'edge'],
      [
        () => ops.pad2d(x, { padding: [0, 6], mode: 'reflect' }),
        ShapeError,
        'width 6',
        '5 pixels',
        'not 6',
      ],
      [() => ops.pad2dBackward(dy, x.shape, { padding: 1 }), ShapeError, '[2, 7, 8, 4]'],
    ],
    upsampling2d: [
      [() => ops.upsampling2d(x, { size: 1.5 }), ValueError, 'size', '1.5'],
      [() => ops.upsampling2d(x, { size: [2, 0] }), ValueError, 'size', '0'],
      [
        () => ops.upsampling2d(x, { interpolation: any('cubic') }),
        ValueError,
        "'bilinear'",
        'cubic',
      ],
      [() => ops.upsampling2dBackward(dy, x.shape), ShapeError, '[2, 10, 12, 4]'],
    ],
    concat: [
      [() => ops.concat([]), ValueError, 'at least one tensor'],
      [() => ops.concat(any(x)), ValueError, 'list'],
      [() => ops.concat([x, labels]), ValueError, 'tensor 1', 'int32'],
      [() => ops.concat([x, dy]), ShapeError, 'tensor 1', '[2, 5, 6, 4]', '[2, 3, 3, 4]'],
      [() => ops.concat([x, flat]), ShapeError, '[2, 5, 6, 4]', '[6, 4]'],
      [() => ops.concat([Tensor.zeros([])]), ShapeError, '[..., channels]', '[]'],
      [() => ops.concatBackward(dy, [3, 2]), ShapeError, '[2, 3, 3, 4]', '3 + 2'],
      [() => ops.concatBackward(dy, [4, 0]), ValueError, 'channels', '0'],
    ],
    conv2d: [
      [conv({ paddingMode: 'edge', padding: 1 }), ValueError, 'paddingMode', 'edge'],
      [conv({ paddingMode: 'reflect' }), ValueError, "'same'", "not 'valid'"],
      [conv({ paddingMode: 'reflect', padding: [5, 1] }), ShapeError, 'height 5', 'not 5'],
      [
        () => ops.conv2dBackwardFilter(x, dy, w.shape, { paddingMode: 'reflect', padding: 'same' }),
        ShapeError,
        '[2, 5, 6, 2]',
        '[2, 3, 3, 4]',
      ],
    ],
  };
  for (const [op, cases] of Object.entries(bad)) {
    for (const [call, kind, ...parts] of cases) await rejects(call, kind, op, ...parts);
  }
  assert.equal(memory().activations, before.activations);
  free(x, dy, flat, w, labels);
});

test('layers: options at once, shapes by name when the network is built', async () => {
  const build = (layer: ReturnType<typeof layers.relu>, inputShape = [5, 6, 4]) => {
    return () => new Sequential([layer], { inputShape });
  };
  const bad: Bad[] = [
    [() => layers.minPool2d(any({ mode: 'min' })), ValueError, 'layers.minPool2d', "'mode'"],
    [() => layers.lpPool2d(any({ mode: 'max' })), ValueError, 'layers.lpPool2d', "'sum'", 'max'],
    [() => layers.globalMaxPool2d(any({ poolSize: 2 })), ValueError, "'poolSize'", 'name'],
    [() => layers.adaptiveAvgPool2d(any(undefined)), ValueError, 'layers.adaptiveAvgPool2d'],
    [() => layers.adaptiveMaxPool2d({ outputSize: 0 }), ValueError, 'adaptiveMaxPool2d', '0'],
    [() => layers.adaptiveAvgPool2d(any({})), ValueError, 'outputSize', '[height, width]'],
    [() => layers.maxPool2d({ poolSize: 0 }), ValueError, 'layers.maxPool2d', 'poolSize', '0'],
    [() => layers.avgPool2d({ poolSize: any('2') }), ValueError, 'layers.avgPool2d', "'2'"],
    [() => layers.lpPool2d({ strides: [2, 0.5] }), ValueError, 'layers.lpPool2d', '[2, 0.5]'],
    [() => layers.minPool2d({ strides: any([2]) }), ValueError, 'strides', '[height, width]'],
    [() => layers.channelPool({ poolSize: 0 }), ValueError, 'layers.channelPool', 'poolSize'],
    [build(layers.channelPool({ poolSize: 3 })), ShapeError, 'channelPool', '[5, 6, 4]', '3'],
    [() => layers.blurPool2d({ kernelSize: 9 }), ValueError, 'layers.blurPool2d', '2 to 7', '9'],
    [build(layers.blurPool2d(), [6, 4]), ShapeError, '[height, width, channels]', '[6, 4]'],
    [() => layers.lrn({ bias: -1 }), ValueError, 'layers.lrn', 'bias', '-1'],
    [build(layers.lrn(), []), ShapeError, 'lrn', '[..., channels]', '[]'],
    [() => layers.zeroPadding2d({ padding: any('same') }), ValueError, 'layers.zeroPadding2d'],
    [build(layers.zeroPadding2d(), [6, 4]), ShapeError, '[height, width, channels]', '[6, 4]'],
    [
      build(layers.reflectionPadding2d({ name: 'mirror', padding: 5 })),
      ShapeError,
      'mirror',
      'height 5',
      'not 5',
    ],
    [() => layers.upsampling2d({ size: -1 }), ValueError, 'layers.upsampling2d', 'size', '-1'],
    [build(layers.upsampling2d(), [6, 4]), ShapeError, '[height, width, channels]', '[6, 4]'],
    [
      () => layers.conv2d({ filters: 1, kernelSize: 3, paddingMode: 'reflect' }),
      ValueError,
      'layers.conv2d',
      "not 'valid'",
    ],
    [
      build(layers.conv2d({ filters: 1, kernelSize: 3, padding: [0, 6], paddingMode: 'reflect' })),
      ShapeError,
      'conv2d',
      'width 6',
      'not 6',
    ],
  ];
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
});

test.run();
