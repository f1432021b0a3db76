// Depthwise convolution, forward and both gradients, against its definition: around the edges of its
// blocks, of its register tiles and of the runs that its taps are sorted into.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, type Tensor } from '../../src/index.js';
import { eachCase, free, poison } from '../helpers/cases.js';
import { type Conv, check } from '../helpers/conv.js';
import { random } from '../helpers/random.js';
import '../helpers/start.js';

function checkDepthwise(c: Omit<Conv, 'filters' | 'groups'>, seed?: number): void {
  check({ ...c, filters: c.shape[3], groups: c.shape[3] }, seed);
}

test('channels around vectors, tiles of 8 and blocks of 16', () => {
  poison();
  for (const c of [2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 20, 23, 24, 25, 31, 32, 33, 40]) {
    checkDepthwise({ shape: [1, 5, 6, c], kernel: [3, 3], padding: 'same' });
    checkDepthwise({ shape: [2, 3, 2, c], kernel: [2, 2], padding: 'same' });
    checkDepthwise({ shape: [1, 7, 9, c], kernel: [3, 3], strides: [2, 2], padding: 'same' });
  }
});

test('columns around tiles of 4 and blocks of 32', () => {
  poison();
  for (const width of [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 31, 32, 33, 34, 63, 64, 65, 66, 97]) {
    checkDepthwise({ shape: [2, 5, width, 9], kernel: [3, 3], padding: 'same' });
    checkDepthwise({ shape: [1, 3, width, 3], kernel: [1, 1] });
    checkDepthwise({
      shape: [1, 6, 2 * width, 5],
      kernel: [3, 3],
      strides: [2, 2],
      padding: 'same',
    });
    checkDepthwise({
      shape: [1, 4, width, 18],
      kernel: [2, 3],
      padding: [
        [1, 0],
        [2, 3],
      ],
    });
  }
});

test('lines around blocks, and around the split of the filter gradient', () => {
  poison();
  // A block of 32 columns sees 34 pixels of 18 lines: it has 16 lines of outputs, or 8 at stride 2.
  for (const height of [1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 49]) {
    checkDepthwise({ shape: [2, height, 32, 3], kernel: [3, 3], padding: 'same' });
    checkDepthwise({ shape: [1, height, 40, 2], kernel: [5, 1], strides: [2, 1], padding: 'same' });
  }
  // Below, at and above two parts of the lines; more than there are parts; fewer blocks than parts.
  for (const height of [127, 128, 129, 1100]) {
    checkDepthwise({ shape: [1, height, 3, 2], kernel: [3, 3], padding: 'same' });
    checkDepthwise({ shape: [height, 1, 1, 2], kernel: [3, 3], padding: 'same' });
  }
});

test('runs of taps: every width, stride and dilation', () => {
  poison();
  for (const kernelWidth of [1, 2, 3, 4, 5, 6, 7, 8, 9, 11]) {
    for (const stride of [1, 2, 3, 4, 6]) {
      for (const dilation of [1, 2, 3, 4]) {
        const extent = (kernelWidth - 1) * dilation + 1;
        checkDepthwise({
          shape: [1, 5, extent + 9, 5],
          kernel: [2, kernelWidth],
          strides: [1 + (stride % 3), stride],
          dilation: [1 + (dilation % 2), dilation],
          padding: stride % 2 ? 'same' : [1, 2],
        });
      }
    }
  }
});

test('strides, dilations and paddings of every kind', () => {
  poison();
  for (const strides of [
    [1, 2],
    [2, 1],
    [2, 2],
    [3, 2],
    [4, 5],
    [7, 9],
  ] as const) {
    for (const dilation of [
      [1, 1],
      [2, 3],
      [3, 1],
    ] as const) {
      const shape = [2, 14, 19, 9] as const;
      const padding = [
        [2, 3],
        [4, 1],
      ] as const;
      checkDepthwise({ shape, kernel: [3, 2], strides, dilation, padding });
      checkDepthwise({ shape, kernel: [5, 3], strides, dilation, padding: 'same' });
      // Padding that whole blocks of outputs lie in.
      checkDepthwise({ shape, kernel: [3, 3], strides, dilation, padding: 40 });
    }
  }
});

test('kernels around the largest that a block can see, larger ones left to grouped convolution', () => {
  poison();
  checkDepthwise({ shape: [1, 47, 49, 2], kernel: [44, 45], padding: 1 });
  checkDepthwise({ shape: [1, 47, 49, 2], kernel: [45, 45] });
  checkDepthwise({ shape: [1, 47, 49, 2], kernel: [45, 46] });
  checkDepthwise({ shape: [1, 70, 80, 2], kernel: [64, 75] });
  for (const long of [2047, 2048, 2049]) {
    checkDepthwise({ shape: [1, 2050, 1, 2], kernel: [long, 1] });
    checkDepthwise({ shape: [1, 1, 2055, 2], kernel: [1, long] });
  }
  checkDepthwise({ shape: [1, 1, 2053, 2], kernel: [1, 1024], strides: [1, 2], padding: 'same' });
  checkDepthwise({ shape: [1, 97, 97, 2], kernel: [3, 3], dilation: [22, 22], padding: 'same' });
  checkDepthwise({ shape: [1, 97, 97, 2], kernel: [3, 3], dilation: [23, 22], padding: 'same' });
});

test('sixty drawn at random', () => {
  poison();
  eachCase(
    60,
    31,
    (pick) => {
      const side = [1, 2, 4, 7, 14, 29, 33, 40];
      return {
        shape: [pick([1, 2, 3]), pick(side), pick(side), pick([2, 3, 8, 13, 16, 19])] as const,
        kernel: [pick([1, 2, 3, 5, 7]), pick([1, 2, 3, 4, 5, 7])] as const,
        strides: [pick([1, 1, 2, 3]), pick([1, 1, 2, 3])] as const,
        dilation: [pick([1, 1, 2, 3]), pick([1, 1, 2, 3])] as const,
        padding: pick(['valid', 'same', 'same', 2, [1, 3]] as const),
        dimRoundingMode: pick(['floor', 'ceil'] as const),
      };
    },
    checkDepthwise,
  );
});

test('NaN and infinity stay with the pixels, taps and channels that see them', () => {
  const [x, w, dy] = [random([1, 5, 9, 5], 1), random([3, 3, 1, 5], 2), random([1, 3, 7, 5], 3)];
  const at = (row: number, column: number, channel: number, width: number) =>
    (row * width + column) * 5 + channel;
  x.data[at(0, 0, 1, 9)] = Number.NaN;
  x.data[at(4, 8, 2, 9)] = Number.POSITIVE_INFINITY;
  const wrong = (t: Tensor) => [...t.data.keys()].filter((i) => !Number.isFinite(t.data[i]));
  const y = ops.conv2d(x, w, { groups: 5, activation: 'relu' });
  assert.equal(
    wrong(y),
    [at(0, 0, 1, 7), at(2, 6, 2, 7)].filter((i) => y.data[i] !== 0),
  );
  assert.ok(Number.isNaN(y.data[at(0, 0, 1, 7)]));
  const dw = ops.conv2dBackwardFilter(x, dy, w.shape, { groups: 5 });
  assert.equal(wrong(dw), [at(0, 0, 1, 3), at(2, 2, 2, 3)]);
  free(x, w, dy, y, dw);
});

test('channels in groups of more than one filter are no depthwise convolution', () => {
  poison();
  for (const c of [2, 5, 8]) {
    check({ shape: [1, 7, 8, c], kernel: [3, 3], padding: 'same', filters: 2 * c, groups: c });
  }
});

test.run();
