// What transposed convolution says to bad input, as an op and as a layer.

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

test('ops: shapes and options', async () => {
  const [x, w, dy] = [random([2, 4, 5, 3], 1), random([3, 3, 6, 3], 2), random([2, 6, 7, 6], 3)];
  const [flat, labels] = [random([6, 3], 4), Tensor.from(Int32Array.of(1, 2))];
  const before = memory();
  const forward = (options: object) => () =>
    ops.conv2dTranspose(x, w, options as ops.Conv2dTransposeOptions);
  const input = ops.conv2dTransposeBackwardInput;
  const filter = ops.conv2dTransposeBackwardFilter;
  const bad: [() => unknown, Kind, ...string[]][] = [
    [() => ops.conv2dTranspose(flat, w), ShapeError, '4 dimensions', '[6, 3]'],
    [() => ops.conv2dTranspose(x, flat), ShapeError, 'filter', '[6, 3]'],
    [() => ops.conv2dTranspose(x, dy), ShapeError, '[2, 6, 7, 6]', '6 channels', '[2, 4, 5, 3]'],
    [() => ops.conv2dTranspose(labels, w), ValueError, 'x', 'float32', 'int32'],
    [forward({ bias: flat }), ShapeError, 'bias', '[6]', '[6, 3]'],
    [forward({ padding: 3 }), ShapeError, '6 pixels', 'height', 'which has 6'],
    [forward({ padding: [1, 4] }), ShapeError, '8 pixels', 'width', 'which has 7'],
    [forward({ padding: 'full' }), ValueError, 'padding', 'full'],
    [forward({ strides: 0 }), ValueError, 'strides', '0'],
    [forward({ dilation: 1.5 }), ValueError, 'dilation', '1.5'],
    [forward({ outputPadding: 1 }), ValueError, 'outputPadding 1', 'stride', '1'],
    [forward({ strides: [3, 2], outputPadding: 2 }), ValueError, 'outputPadding 2', 'stride', '2'],
    [forward({ outputPadding: -1 }), ValueError, 'outputPadding', '-1'],
    [forward({ outputPadding: [0] }), ValueError, 'outputPadding', '[height, width]'],
    [forward({ activation: 'swish' }), ValueError, 'swish', 'relu'],
    [forward({ groups: 2 }), ValueError, "'groups'", 'outputPadding'],
    [forward({ dimRoundingMode: 'floor' }), ValueError, "'dimRoundingMode'", 'strides'],
    [
      () => ops.conv2dTranspose(x, random([4, 3, 6, 3], 1), { padding: 'same', outputPadding: 0 }),
      ValueError,
      "'same'",
      'even height 4',
      'at least 1',
    ],
    [() => input(dy, w, [2, 4, 5]), ShapeError, '[2, 4, 5]'],
    [() => input(dy, w, [2, 5, 5, 3]), ShapeError, 'dy', '[2, 7, 7, 6]', '[2, 6, 7, 6]'],
    [() => filter(x, dy, [3, 3, 6]), ShapeError, 'filter', '[3, 3, 6]'],
    [() => filter(x, dy, [3, 3, 6, 4]), ShapeError, '4 channels', '[2, 4, 5, 3]'],
    [() => filter(x, x, w.shape), ShapeError, 'dy', '[2, 6, 7, 6]', '[2, 4, 5, 3]'],
  ];
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, 'conv2dTranspose', ...parts);
  assert.equal(memory().activations, before.activations);
  free(ops.conv2dTranspose(x, w), input(dy, w, x.shape), filter(x, dy, w.shape));
  free(x, w, dy, flat, labels);
});

test('layers: options at once, shapes by name when the network is built', async () => {
  const make = (options: object) => () =>
    layers.conv2dTranspose({ filters: 2, kernelSize: 3, ...options });
  const build = (options: object, inputShape = [4, 5, 3]) => {
    return () => new Sequential([make(options)()], { inputShape });
  };
  const bad: [() => unknown, Kind, ...string[]][] = [
    [make({ filters: 0 }), ValueError, 'layers.conv2dTranspose', 'filters', '0'],
    [make({ kernelSize: [3] }), ValueError, 'layers.conv2dTranspose', 'kernelSize'],
    [make({ strides: 0 }), ValueError, 'layers.conv2dTranspose', 'strides', '0'],
    [make({ outputPadding: -1 }), ValueError, 'layers.conv2dTranspose', 'outputPadding', '-1'],
    [make({ name: 'up', activation: 'swish' }), ValueError, "'up'", 'swish', 'relu'],
    [make({ kernelInitializer: 'he' }), ValueError, 'he', 'heNormal'],
    [make({ groups: 2 }), ValueError, "'groups'", 'strides', 'useBias'],
    [build({}, [4, 5]), ShapeError, 'conv2dTranspose', '[height, width, channels]', '[4, 5]'],
    [build({ name: 'up', padding: 3 }), ShapeError, 'up', '6 pixels', 'height'],
    [build({ name: 'up', outputPadding: 1 }), ValueError, 'up', 'outputPadding 1', 'stride'],
    [
      build({ name: 'up', kernelSize: 2, strides: 2, padding: 'same', outputPadding: 0 }),
      ValueError,
      'up',
      "'same'",
      'even height 2',
    ],
  ];
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
  build({ strides: 2, outputPadding: 1 })();
});

test.run();
