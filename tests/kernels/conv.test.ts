// Convolution, forward and both gradients, against its definition; and the bias's gradient. The direct
// algorithm: winograd.test.ts has the other.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, Tensor } from '../../src/index.js';
import { eachCase, free, poison } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { type Conv, check, tensors } from '../helpers/conv.js';
import { dot } from '../helpers/gradcheck.js';
import { random } from '../helpers/random.js';
import * as ref from '../helpers/reference.js';
import '../helpers/start.js';

/** Around 4 lanes, MR (5, 6) and NR (8). */
const channels = [1, 2, 3, 4, 5, 7, 8, 9, 17];

test('channels and filters around vectors and panels', () => {
  poison();
  for (const c of channels) {
    for (const filters of channels) {
      check({ shape: [1, 4, 5, c], kernel: [3, 3], padding: 'same', filters });
      check({ shape: [2, 3, 3, c], kernel: [1, 1], filters });
    }
  }
});

test('pixels around MR, MC and KC', () => {
  poison();
  for (const width of [
    1, 4, 5, 6, 7, 29, 30, 31, 59, 60, 61, 65, 66, 67, 119, 120, 121, 239, 240, 241, 511, 512, 513,
    1025,
  ]) {
    check({ shape: [1, 1, width, 3], kernel: [1, 1], filters: 5 });
    check({ shape: [1, 1, width, 2], kernel: [1, 3], padding: 'same', filters: 3 });
  }
  // Blocks that end inside a line, at the end of one, and in the next image.
  for (const [height, width] of [
    [7, 7],
    [8, 6],
    [5, 10],
    [10, 5],
    [16, 3],
    [17, 3],
  ]) {
    check({ shape: [3, height, width, 2], kernel: [3, 2], padding: 'same', filters: 4 });
  }
});

test('maps large enough to be read from lines, in every geometry', () => {
  poison();
  // Lines are used from 2·MC outputs on: just below, at and above; and lines too long for scratch.
  for (const [height, width] of [
    [1, 95],
    [1, 96],
    [2, 50],
    [10, 10],
    [13, 17],
    [97, 1],
    [29, 9],
    [3, 270],
  ]) {
    check({ shape: [2, height, width, 3], kernel: [3, 3], padding: 'same', filters: 7 });
  }
  const placements: Omit<Conv, 'shape' | 'filters'>[] = [
    { kernel: [5, 5] },
    {
      kernel: [1, 4],
      padding: [
        [0, 0],
        [0, 3],
      ],
    },
    {
      kernel: [4, 1],
      padding: [
        [2, 1],
        [0, 0],
      ],
    },
    {
      kernel: [3, 3],
      strides: [2, 2],
      padding: [
        [1, 1],
        [1, 1],
      ],
    },
    {
      kernel: [7, 7],
      strides: [2, 2],
      padding: [
        [3, 3],
        [3, 3],
      ],
    },
    { kernel: [2, 3], strides: [1, 2] },
    { kernel: [3, 2], strides: [3, 1], padding: 'same' },
    { kernel: [3, 3], dilation: [2, 1], padding: 'same' },
    { kernel: [3, 3], dilation: [1, 3], padding: 'same' },
    {
      kernel: [2, 2],
      dilation: [3, 2],
      strides: [2, 3],
      padding: [
        [4, 0],
        [1, 5],
      ],
    },
    { kernel: [1, 1], strides: [2, 2] },
    {
      kernel: [1, 1],
      padding: [
        [1, 0],
        [0, 2],
      ],
    },
  ];
  for (const placement of placements) {
    for (const channels of [1, 3, 4, 6]) {
      check({ ...placement, shape: [2, 31, 29, channels], filters: 6 });
    }
  }
  // Several blocks of k, of rows of dw and of lines; the last one does not fit.
  check({ shape: [1, 15, 14, 40], kernel: [3, 3], padding: 'same', filters: 9 });
  check({ shape: [1, 10, 10, 60], kernel: [3, 3], padding: 'same', filters: 5 });
  check({ shape: [1, 12, 12, 20], kernel: [5, 5], filters: 3 });
  check({ shape: [1, 3, 120, 100], kernel: [3, 3], padding: 'same', filters: 2 });
});

test('sums around KC', () => {
  poison();
  // K = kernel·channels forward, kernel·filters in backward-data.
  const sums = [
    [1, 1, 511],
    [1, 1, 512],
    [1, 1, 513],
    [3, 5, 35],
    [4, 4, 32],
    [3, 3, 56],
    [3, 3, 57],
    [7, 7, 11],
    [5, 5, 21],
    [1, 1, 1025],
    [3, 3, 114],
  ];
  for (const [kh, kw, c] of sums) {
    check({ shape: [1, 7, 7, c], kernel: [kh, kw], padding: 'same', filters: 3 });
    check({ shape: [1, 7, 7, 3], kernel: [kh, kw], padding: 'same', filters: c });
  }
});

test('filter gradients around NC columns, MC rows and the split of the pixels', () => {
  poison();
  for (const filters of [255, 256, 257])
    check({ shape: [1, 4, 5, 5], kernel: [3, 3], padding: 'same', filters });
  for (const c of [54, 55, 59, 60, 61, 120, 121])
    check({ shape: [1, 17, 16, c], kernel: [1, 1], filters: 3 }, 2);
  // Partial sums: one below 4096 pixels, then two, …, at most 16.
  for (const width of [2047, 2048, 2049, 4095, 4096, 4097, 6144, 6150, 33500]) {
    check({ shape: [1, 1, width, 2], kernel: [1, 3], padding: 'same', filters: 5 }, 1, ['filter']);
  }
  check({ shape: [3, 41, 40, 4], kernel: [3, 3], padding: 'same', filters: 6, groups: 2 }, 1, [
    'filter',
  ]);
  // Around the 4096 floats of a task that adds them.
  for (const [c, filters] of [
    [45, 91],
    [64, 64],
    [17, 241],
  ]) {
    check({ shape: [1, 64, 64, c], kernel: [1, 1], filters }, 1, ['filter']);
  }
});

test('kernels, strides and dilations of every kind', () => {
  poison();
  // Each kind once along the height; along the width another, so that the axes cannot be confused.
  const kinds = [1, 2, 3, 5, 7].flatMap((k) =>
    [1, 2, 3, 4, 8].flatMap((s) => [1, 2, 3, 4].map((d) => [k, s, d])),
  );
  kinds.forEach(([k, s, d], i) => {
    const [k2, s2, d2] = kinds[(i * 7 + 3) % kinds.length];
    const extent = [(k - 1) * d + 1, (k2 - 1) * d2 + 1];
    const shape = [1 + (i % 2), extent[0] + (i % 6), extent[1] + ((i * 5) % 7), 3] as const;
    const placement = {
      shape,
      kernel: [k, k2],
      strides: [s, s2],
      dilation: [d, d2],
      filters: 2,
    } as const;
    check({ ...placement, padding: 'valid' }, i);
    check({ ...placement, padding: 'same' }, i);
  });
});

test('padding of every form', () => {
  poison();
  const forms = [
    'valid',
    'same',
    0,
    1,
    3,
    [0, 2],
    [2, 1],
    [
      [0, 1],
      [2, 3],
    ],
    [
      [4, 0],
      [0, 5],
    ],
  ] as const;
  for (const padding of forms) {
    for (const kernel of [
      [1, 1],
      [3, 3],
      [2, 5],
      [4, 3],
    ] as const) {
      for (const strides of [
        [1, 1],
        [2, 2],
        [1, 3],
      ] as const) {
        check({ shape: [2, 6, 7, 3], kernel, strides, padding, filters: 3 });
      }
    }
  }
});

test('groups and depthwise', () => {
  poison();
  for (const groups of [2, 4]) {
    for (const own of [1, 2, 3, 5, 9]) {
      for (const filters of [1, 3, 4, 9]) {
        const kernel = own % 2 ? ([3, 3] as const) : ([1, 1] as const);
        check({
          shape: [2, 5, 5, groups * own],
          kernel,
          padding: 'same',
          filters: groups * filters,
          groups,
        });
      }
    }
  }
  for (const c of channels) {
    for (const multiplier of [1, 2]) {
      check({
        shape: [1, 7, 8, c],
        kernel: [3, 3],
        strides: [2, 2],
        padding: 'same',
        filters: c * multiplier,
        groups: c,
      });
    }
  }
});

test('a hundred and twenty drawn at random', () => {
  poison();
  eachCase(
    120,
    11,
    (pick) => {
      const groups = pick([1, 1, 1, 2, 4]);
      const side = [1, 2, 3, 5, 8, 9, 12, 13];
      return {
        shape: [
          pick([1, 2, 3]),
          pick(side),
          pick(side),
          groups * pick([1, 2, 3, 4, 5, 8]),
        ] as const,
        kernel: [pick([1, 2, 3, 5, 7]), pick([1, 2, 3, 5, 7])] as const,
        strides: [pick([1, 2, 3, 6]), pick([1, 2, 3, 6])] as const,
        dilation: [pick([1, 1, 2, 3]), pick([1, 1, 2, 3])] as const,
        padding: pick([
          'valid',
          'same',
          'same',
          1,
          2,
          [1, 3],
          [
            [0, 1],
            [2, 0],
          ],
          [
            [3, 2],
            [0, 4],
          ],
        ] as const),
        dimRoundingMode: pick(['floor', 'ceil'] as const),
        filters: groups * pick([1, 2, 3, 4, 7, 9]),
        groups,
      };
    },
    check,
  );
});

test('backward is the adjoint of forward where the reference would take long', () => {
  poison();
  const cases: Conv[] = [
    { shape: [2, 28, 28, 32], kernel: [3, 3], padding: 'same', filters: 48 },
    { shape: [2, 56, 30, 16], kernel: [3, 3], strides: [2, 2], padding: 'same', filters: 33 },
    { shape: [1, 64, 65, 3], kernel: [11, 11], strides: [4, 4], filters: 96 },
    {
      shape: [3, 20, 20, 64],
      kernel: [5, 5],
      dilation: [2, 2],
      padding: 'same',
      filters: 32,
      groups: 4,
    },
  ];
  for (const c of cases) {
    const { filterShape, x, w, dy, options } = tensors(c, 21);
    const y = ops.conv2d(x, w, options);
    const dx = ops.conv2dBackwardInput(dy, w, x.shape, options);
    const dw = ops.conv2dBackwardFilter(x, dy, filterShape, options);
    const forward = dot(dy.data, y.data);
    // <dy, y> is a sum of as many products as the convolution has multiplications; f64 adds them, f32
    // made y: its errors, random in sign, are to √(dy.size) what one of them is to 1.
    const tolerance = {
      atol:
        summation((x.shape[3] / (options.groups ?? 1)) * w.shape[0] * w.shape[1]) *
        Math.sqrt(dy.size),
    };
    close([dot(x.data, dx.data)], [forward], tolerance, `${JSON.stringify(c)}: dx`);
    close([dot(w.data, dw.data)], [forward], tolerance, `${JSON.stringify(c)}: dw`);
    free(x, w, dy, y, dx, dw);
  }
});

test('the bias gradient around its split of the rows', () => {
  poison();
  for (const rows of [1, 2, 3, 4, 5, 1023, 1024, 1025, 2047, 2048, 2049, 16389]) {
    for (const c of rows < 16389 ? channels : [3]) {
      const dy = random([rows, c], rows);
      const db = ops.biasBackward(dy);
      // Sums of numbers, not of products: √(rows/3) is their size.
      close(
        db.data,
        ref.sumRows(dy.data, c),
        { atol: summation(rows, Math.sqrt(rows / 3)) },
        `${rows}×${c}`,
      );
      free(dy, db);
    }
  }
});

test('activations behind the convolution', () => {
  const [x, w] = [random([2, 5, 5, 3], 1), random([3, 3, 3, 5], 2)];
  const plain = ops.conv2d(x, w);
  for (const activation of ['sigmoid', 'softmax', 'gelu', 'hardSwish', 'leakyRelu'] as const) {
    const y = ops.conv2d(x, w, { activation });
    const expected = ops[activation](plain);
    assert.equal([...y.data], [...expected.data], activation);
    free(y, expected);
  }
  free(x, w, plain);
});

test('NaN and infinity stay with the pixels that see them', () => {
  const x = Tensor.zeros([1, 1, 5, 1]);
  const w = Tensor.from([1, 1], [1, 2, 1, 1]);
  x.data.set([1, Number.NaN, 1, Number.POSITIVE_INFINITY, 1]);
  const y = ops.conv2d(x, w, { activation: 'relu' });
  assert.equal(
    [...y.data],
    [Number.NaN, Number.NaN, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  );
  free(x, w, y);
});

test('subnormal numbers are numbers', () => {
  const x = Tensor.from([2 ** -140, -(2 ** -149), 2 ** -127], [1, 1, 3, 1]);
  const w = Tensor.from([2], [1, 1, 1, 1]);
  const y = ops.conv2d(x, w);
  assert.equal([...y.data], [2 ** -139, -(2 ** -148), 2 ** -126]);
  free(x, w, y);
});

test.run();
