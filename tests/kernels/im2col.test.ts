// im2col copies exactly; col2im is its adjoint.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops } from '../../src/index.js';
import { eachCase, free, poison } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { dot } from '../helpers/gradcheck.js';
import { random } from '../helpers/random.js';
import * as ref from '../helpers/reference.js';
import '../helpers/start.js';

function check(c: ref.Placement, seed = 1): void {
  const g = ref.geometry(c);
  const what = JSON.stringify({ ...c, seed });
  const { strides, dilation, padding, dimRoundingMode = 'floor' } = c;
  const options = {
    kernelSize: c.kernel,
    strides,
    dilation,
    padding,
    dimRoundingMode,
  } as Parameters<typeof ops.im2col>[1];
  const x = random(c.shape, seed);
  const columns = ops.im2col(x, options);
  assert.equal(columns.shape, [ref.outputPixels(g), ref.taps(g) * g.channels], what);
  close(columns.data, ref.im2col(x.data, g), {}, what);
  const d = random(columns.shape, seed + 1);
  const back = ops.col2im(d, c.shape, options);
  // At most every tap once is added to a pixel, numbers of size √⅓.
  close(
    back.data,
    ref.col2im(d.data, g),
    { atol: summation(ref.taps(g), Math.sqrt(ref.taps(g) / 3)) },
    `${what}: col2im`,
  );
  // Im2col copies, so that only col2im's roundings part the two sides.
  const [left, right] = [dot(back.data, x.data), dot(d.data, columns.data)];
  close([left], [right], { atol: summation(ref.taps(g)) * Math.sqrt(x.size) }, `${what}: adjoint`);
  free(x, columns, d, back);
}

test('channels, kernels and paddings', () => {
  poison();
  for (const c of [1, 2, 3, 4, 5, 7, 8, 9, 17]) {
    for (const kernel of [
      [1, 1],
      [2, 2],
      [3, 3],
      [1, 5],
      [6, 2],
    ] as const) {
      for (const padding of [
        'same',
        2,
        [
          [1, 0],
          [3, 8],
        ],
      ] as const) {
        check({ shape: [2, 5, 6, c], kernel, padding });
      }
    }
  }
});

test('columns around the 4096 that are copied at a time', () => {
  poison();
  for (const c of [4095, 4096, 4097, 8191, 8193]) check({ shape: [1, 1, 2, c], kernel: [1, 1] });
  // Chunks that end inside a tap, with and without a gap between taps.
  for (const dilation of [
    [1, 1],
    [1, 2],
  ] as const) {
    check({ shape: [1, 4, 5, 457], kernel: [3, 3], padding: 'same', dilation });
    check({ shape: [1, 3, 3, 2049], kernel: [2, 2], padding: 1, dilation });
  }
});

test('two hundred drawn at random', () => {
  poison();
  eachCase(
    200,
    3,
    (pick) => ({
      shape: [
        pick([1, 2, 3]),
        pick([1, 2, 5, 9]),
        pick([1, 3, 8, 11]),
        pick([1, 2, 3, 4, 5, 8]),
      ] as const,
      kernel: [pick([1, 2, 3, 5]), pick([1, 2, 3, 5, 7])] as const,
      strides: [pick([1, 2, 3, 6]), pick([1, 2, 3, 6])] as const,
      dilation: [pick([1, 1, 2, 3]), pick([1, 1, 2, 3])] as const,
      padding: pick([
        'valid',
        'same',
        1,
        [2, 0],
        [
          [0, 1],
          [2, 0],
        ],
        [
          [9, 2],
          [0, 12],
        ],
      ] as const),
      dimRoundingMode: pick(['floor', 'ceil'] as const),
    }),
    check,
  );
});

test.run();
