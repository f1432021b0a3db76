// Padding, forward and backward, and convolution with a reflected border, against their definitions.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops } from '../../src/index.js';
import { free, poison } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { random } from '../helpers/random.js';
import { apply, applyBackward, padding } from '../helpers/reference/separable.js';
import * as ref from '../helpers/reference.js';
import '../helpers/start.js';

type Four = readonly [number, number, number, number];
type Sides = readonly [readonly [number, number], readonly [number, number]];

function check(shape: Four, sides: Sides, mode: 'zeros' | 'reflect', seed = 1): void {
  const what = JSON.stringify({ shape, sides, mode, seed });
  const [rows, columns] = [
    padding(shape[1], ...sides[0], mode),
    padding(shape[2], ...sides[1], mode),
  ];
  const x = random(shape, seed);
  const dy = random([shape[0], rows.length, columns.length, shape[3]], seed + 1);
  const y = ops.pad2d(x, { padding: sides, mode });
  assert.equal(y.shape, dy.shape, what);
  close(y.data, apply(x.data, shape, rows, columns), {}, what);
  const dx = ops.pad2dBackward(dy, shape, { padding: sides, mode });
  // Up to three pixels show the same one along each side.
  const atol = mode === 'zeros' ? 0 : summation(9, Math.sqrt(3));
  close(dx.data, applyBackward(dy.data, shape, rows, columns), { atol }, `${what}: backward`);
  free(x, dy, y, dx);
}

test('channels around vectors', () => {
  poison();
  for (const c of [1, 2, 3, 4, 5, 7, 8, 9, 16, 17]) {
    for (const mode of ['zeros', 'reflect'] as const) {
      check(
        [2, 4, 5, c],
        [
          [1, 2],
          [3, 1],
        ],
        mode,
      );
    }
  }
});

test('each side alone, and none', () => {
  poison();
  for (const mode of ['zeros', 'reflect'] as const) {
    for (const sides of [
      [
        [0, 0],
        [0, 0],
      ],
      [
        [3, 0],
        [0, 0],
      ],
      [
        [0, 3],
        [0, 0],
      ],
      [
        [0, 0],
        [3, 0],
      ],
      [
        [0, 0],
        [0, 3],
      ],
    ] as const) {
      check([2, 4, 4, 3], sides, mode);
    }
  }
});

test('reflection as far as it goes: pixels are seen three times', () => {
  poison();
  for (const side of [1, 2, 3, 4, 7]) {
    const most = side - 1;
    check(
      [1, side, side, 5],
      [
        [most, most],
        [most, most],
      ],
      'reflect',
      side,
    );
    check(
      [2, side, 4, 2],
      [
        [most, 0],
        [2, 3],
      ],
      'reflect',
      side,
    );
  }
});

test('zeros farther than the image', () => {
  poison();
  check(
    [2, 1, 2, 3],
    [
      [5, 2],
      [7, 9],
    ],
    'zeros',
  );
});

/** A convolution of a reflected image in all passes, against padding and then convolving without. */
function checkConv(
  shape: Four,
  kernel: readonly [number, number],
  filters: number,
  options: ops.Conv2dOptions & {
    groups?: number;
    strides?: readonly [number, number];
    dilation?: readonly [number, number];
  },
  sides: Sides,
): void {
  const { groups = 1, strides, dilation } = options;
  const what = JSON.stringify({ shape, kernel, filters, options });
  const maps = [0, 1].map((i) => padding(shape[1 + i], ...sides[i], 'reflect'));
  const padded = [shape[0], maps[0].length, maps[1].length, shape[3]] as const;
  const g = ref.geometry({ shape: padded, kernel, strides, dilation });
  const [x, w] = [random(shape, 1), random([...kernel, shape[3] / groups, filters], 2)];
  const dy = random([shape[0], ...g.output, filters], 3);
  const seen = apply(x.data, shape, maps[0], maps[1]);

  const all: ops.Conv2dOptions = { ...options, paddingMode: 'reflect', dimRoundingMode: 'floor' };
  // Winograd rounds more coarsely: tests/kernels/winograd.test.ts says how much.
  const coarse = options.algorithm === 'winograd' ? 16 : 1;
  const k = ref.taps(g) * (shape[3] / groups);
  const y = ops.conv2d(x, w, all);
  assert.equal(y.shape, dy.shape, what);
  const expected = ref.conv2d(seen, w.data, undefined, g, filters, groups);
  close(y.data, expected, { atol: coarse * summation(k) }, what);
  const dw = ops.conv2dBackwardFilter(x, dy, w.shape, all);
  const dfilter = ref.conv2dBackwardFilter(seen, dy.data, g, filters, groups);
  close(dw.data, dfilter, { atol: coarse * summation(ref.outputPixels(g)) }, `${what}: dw`);
  const dx = ops.conv2dBackwardInput(dy, w, shape, all);
  const dpadded = ref.conv2dBackwardInput(dy.data, w.data, g, filters, groups);
  const dinput = applyBackward(dpadded, shape, maps[0], maps[1]);
  const terms = 9 * ref.taps(g) * (filters / groups);
  close(dx.data, dinput, { atol: coarse * summation(terms) }, `${what}: dx`);
  free(x, w, dy, y, dw, dx);
}

test('conv2d with a reflected border, in every algorithm', () => {
  poison();
  const around = [
    [1, 1],
    [1, 1],
  ] as const;
  const same = { padding: 'same' } as const;
  checkConv([2, 6, 7, 3], [3, 3], 5, same, around);
  checkConv([2, 9, 8, 4], [3, 3], 9, { ...same, algorithm: 'winograd' }, around);
  checkConv([2, 6, 7, 5], [3, 3], 5, { ...same, groups: 5 }, around);
  checkConv([1, 6, 7, 6], [3, 3], 4, { ...same, groups: 2 }, around);
  checkConv([1, 5, 7, 3], [5, 4], 3, { ...same, algorithm: 'direct' }, [
    [2, 2],
    [1, 2],
  ]);
});

test('conv2d with a reflected border: strides, dilation, sides of their own', () => {
  poison();
  // What the last window does not reach is not reflected either.
  checkConv([1, 7, 8, 3], [3, 3], 4, { padding: 'same', strides: [2, 3] }, [
    [1, 1],
    [0, 1],
  ]);
  checkConv([1, 7, 8, 3], [3, 3], 4, { padding: 'same', strides: [4, 4] }, [
    [0, 0],
    [0, 0],
  ]);
  checkConv([1, 8, 9, 3], [3, 3], 4, { padding: 2, dilation: [2, 2] }, [
    [2, 2],
    [2, 2],
  ]);
  checkConv(
    [2, 6, 6, 4],
    [2, 3],
    3,
    {
      padding: [
        [0, 3],
        [4, 0],
      ],
    },
    [
      [0, 3],
      [4, 0],
    ],
  );
  checkConv([1, 6, 6, 4], [3, 3], 3, { padding: 2, strides: [3, 3] }, [
    [2, 1],
    [2, 1],
  ]);
});

test.run();
