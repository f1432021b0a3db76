// Convolutions of few filters over images side by side, in all passes, against their definition: around eight images, six
// filters, and the lines that fit into scratch.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, Tensor } from '../../src/index.js';
import { convBackwardInput } from '../../src/operators/conv/conv.emit.js';
import { type ConvGeometry, convGeometry } from '../../src/operators/conv/geometry.emit.js';
import { Emitter, Value } from '../../src/program/emitter.js';
import { free, poison } from '../helpers/cases.js';
import { type Conv, check } from '../helpers/conv.js';
import { random } from '../helpers/random.js';
import '../helpers/start.js';

test('images around the lanes', () => {
  poison();
  // 5, 9 and 11 leave too many lanes empty.
  for (const batch of [5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 18, 31, 32])
    check({ shape: [batch, 7, 6, 3], kernel: [3, 3], padding: 'same', filters: 6 }, batch);
});

test('filters around the rows of a tile, channels around vectors', () => {
  poison();
  for (const filters of [1, 2, 3, 4, 5, 6, 7])
    for (const c of [1, 2, 3, 4, 5, 6, 7, 16])
      check({ shape: [7, 6, 5, c], kernel: [5, 3], padding: 'same', filters }, c);
});

test('kernels, strides and padding of every kind', () => {
  poison();
  const kernels = [
    [1, 2],
    [2, 1],
    [5, 5],
    [7, 4],
    [3, 8],
  ] as const;
  const paddings = [
    'valid',
    'same',
    3,
    [
      [0, 1],
      [2, 3],
    ],
    // Outputs that see nothing but padding, and an image that lies beyond what windows see.
    [
      [9, 0],
      [0, 9],
    ],
    [
      [0, 11],
      [11, 0],
    ],
  ] as const;
  for (const kernel of kernels) {
    for (const padding of paddings) {
      for (const strides of [
        [1, 1],
        [2, 1],
        [1, 3],
        [4, 5],
      ] as const)
        check({ shape: [8, 9, 10, 2], kernel, strides, padding, filters: 5 });
    }
  }
  const left = [
    [0, 0],
    [5, 0],
  ] as const;
  check({ shape: [8, 9, 2, 2], kernel: [2, 3], strides: [1, 8], padding: left, filters: 4 });
  check({ shape: [8, 9, 9, 2], kernel: [3, 3], dilation: [2, 1], padding: 'same', filters: 4 });
  check({ shape: [8, 9, 9, 2], kernel: [3, 3], dilation: [1, 2], padding: 'same', filters: 4 });
  check({ shape: [8, 9, 9, 4], kernel: [3, 3], groups: 2, padding: 'same', filters: 4 });
});

test('the layers of LeNet-5', () => {
  poison();
  check({ shape: [16, 28, 28, 1], kernel: [5, 5], padding: 'same', filters: 6 });
  check({ shape: [16, 14, 14, 6], kernel: [5, 5], filters: 16 }, 1, ['input']);
});

test('lines and sums around what scratch has room for', () => {
  poison();
  const cases: Conv[] = [
    // A few lines at a time, one, and one too long.
    { shape: [8, 30, 40, 8], kernel: [3, 3], padding: 'same', filters: 6 },
    { shape: [8, 3, 168, 8], kernel: [3, 3], padding: 'same', filters: 2 },
    { shape: [8, 3, 169, 8], kernel: [3, 3], padding: 'same', filters: 2 },
    { shape: [8, 3, 171, 8], kernel: [3, 3], padding: 'same', filters: 2 },
    { shape: [8, 2, 681, 1], kernel: [1, 3], filters: 6 },
    { shape: [8, 2, 685, 1], kernel: [1, 3], filters: 6 },
    // Around KC.
    { shape: [8, 5, 5, 128], kernel: [2, 2], filters: 6 },
    { shape: [8, 5, 5, 129], kernel: [2, 2], filters: 6 },
    { shape: [8, 2, 2, 850], kernel: [2, 2], filters: 6 },
    { shape: [8, 5, 5, 4], kernel: [2, 2], filters: 128 },
    { shape: [8, 5, 5, 4], kernel: [2, 2], filters: 129 },
  ];
  for (const each of cases) check(each);
});

test('partial sums: more than there are blocks, too', () => {
  poison();
  for (const [batch, height, width] of [
    [8, 16, 16],
    [8, 1, 512],
    [16, 31, 33],
    [32, 40, 40],
  ])
    check({ shape: [batch, height, width, 1], kernel: [3, 3], padding: 'same', filters: 6 }, 1, [
      'filter',
    ]);
});

test('an output is the same number whichever images are beside it', () => {
  const [x, w] = [random([13, 9, 9, 2], 1), random([3, 3, 2, 5], 2)];
  const together = ops.conv2d(x, w, { algorithm: 'direct', padding: 'same' });
  const size = together.size / 13;
  for (let i = 0; i < 13; i++) {
    const image = Tensor.from(x.data.slice(i * 162, (i + 1) * 162), [1, 9, 9, 2]);
    const alone = ops.conv2d(image, w, { algorithm: 'direct', padding: 'same' });
    assert.equal([...alone.data], [...together.data.slice(i * size, (i + 1) * size)], `image ${i}`);
    free(image, alone);
  }
  free(x, w, together);
});

test('the gradient of the input takes it where that multiplies least', () => {
  const kernels = (changes: Partial<ConvGeometry>): string[] => {
    const g = { ...convGeometry([64, 14, 14, 6], [5, 5, 6, 16], {}), ...changes };
    const e = new Emitter(false);
    const value = (shape: readonly number[]): Value => new Value(shape, { address: 64 });
    const { batch, height, width, channels, filters, outputHeight, outputWidth } = g;
    convBackwardInput(
      e,
      value([batch, height, width, channels]),
      value([batch, outputHeight, outputWidth, filters]),
      value([5, 5, channels, filters]),
      g,
    );
    return e.ops.map(({ kernel }) => kernel).filter((kernel) => kernel.startsWith('conv'));
  };
  assert.equal(kernels({}), ['conv']);
  assert.equal(kernels({ batch: 7 }), ['conv']);
  assert.equal(kernels({ batch: 9 }), ['convBackwardInput']);
  assert.equal(kernels({ channels: 7 }), ['convBackwardInput']);
  // More than KC products.
  assert.equal(kernels({ filters: 21 }), ['convBackwardInput']);
});

test.run();
