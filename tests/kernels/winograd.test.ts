// Winograd's algorithm, all three passes, against the definition of convolution. rounding.test.ts has
// how far it errs.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../src/base/shape.js';
import { ops, type Tensor } from '../../src/index.js';
import {
  convBackwardFilter,
  convBackwardInput,
  convForward,
} from '../../src/operators/conv/conv.emit.js';
import { convGeometry } from '../../src/operators/conv/geometry.emit.js';
import { Emitter } from '../../src/program/emitter.js';
import { eachCase, free } from '../helpers/cases.js';
import { close, transformed } from '../helpers/close.js';
import { dot } from '../helpers/gradcheck.js';
import { Guarded } from '../helpers/guarded.js';
import { otherBits, sameBits } from '../helpers/models.js';
import { numbers, random } from '../helpers/random.js';
import * as ref from '../helpers/reference.js';
import '../helpers/start.js';

/** A convolution: 3×3 filters at stride 1 by default. */
interface Conv {
  kernel?: readonly [number, number];
  strides?: readonly [number, number];
  shape: ref.Placement['shape'];
  padding?: ref.Placement['padding'];
  filters: number;
}

/** Filters and strides of every form: points, taps, outputs and parts along each dimension. */
const kinds: readonly Pick<Conv, 'kernel' | 'strides'>[] = [
  ...[2, 3, 4, 5, 6, 7, 8, 10].map((side) => ({ kernel: [side, side] as const })),
  ...[3, 4, 5, 6, 7, 8, 9].map((side) => ({
    kernel: [side, side] as const,
    strides: [2, 2] as const,
  })),
  { kernel: [1, 7] },
  { kernel: [7, 1] },
  { kernel: [1, 3] },
  { kernel: [5, 2] },
  { kernel: [3, 4], strides: [1, 2] },
  { kernel: [7, 2], strides: [2, 1] },
  // Gradients of more than 8 taps have no form.
  { kernel: [2, 9] },
  { kernel: [10, 3], strides: [2, 2] },
];

/** Filters that most of the tests are for. */
const squares = [
  [3, 3],
  [5, 5],
] as const;

const winograd = { algorithm: 'winograd' } as const;

function sizes({ kernel = [3, 3], strides = [1, 1], shape, padding = 'valid', filters }: Conv) {
  const g = ref.geometry({ shape, padding, kernel, strides });
  return {
    g,
    taps: kernel[0] * kernel[1],
    filter: [...kernel, shape[3], filters],
    output: [shape[0], ...g.output, filters],
    /** Pixels of whole patches, those outside too: what a filter gradient is summed over. */
    pixels: shape[0] * (g.output[0] + 3) * (g.output[1] + 3),
  };
}

/** By sums of so many products: see `transformed`. */
const tolerance = (terms: number) => ({ atol: transformed(terms) });

/** Runs all passes, by both ranks of forms, with sentinels around everything. K counts every tap, even those in the padding. */
function check(c: Conv, seed = 1): void {
  const { shape, padding = 'valid', strides = [1, 1], filters } = c;
  const { g, taps, filter, output, pixels } = sizes(c);
  // The filter is larger than the image.
  if (Math.min(...g.output) < 1) return;
  const dimRoundingMode = 'floor';
  const geometry = convGeometry(shape, filter, { padding, strides, dimRoundingMode, ...winograd });
  const [x, w, dy, b] = [shape, filter, output, [filters]].map((s, i) =>
    numbers(sizeOf(s), seed + i),
  );
  const y = ref.conv2d(x, w, undefined, g, filters);
  const rectified = ref.conv2d(x, w, b, g, filters).map((v) => Math.max(0, v));
  const gradient = ref.conv2dBackwardInput(dy, w, g, filters);
  const sums = ref.conv2dBackwardFilter(x, dy, g, filters);
  const products = taps * g.channels;
  for (const rank of [0, 1] as const) {
    const what = JSON.stringify({ ...c, seed, rank });
    const memory = new Guarded();
    const [vx, vw] = [memory.value('x', shape, x), memory.value('the filter', filter, w)];
    const [vdy, bias] = [memory.value('dy', output, dy), memory.value('the bias', [filters], b)];
    const [plain, full] = [memory.value('y', output), memory.value('y with bias', output)];
    const [dx, dw] = [memory.value('dx', shape), memory.value('dw', filter)];
    const e = new Emitter();
    const form = { ...geometry, rank };
    convForward(e, plain, vx, vw, form);
    convForward(e, full, vx, vw, form, { bias, rectify: true });
    convBackwardInput(e, dx, vdy, vw, form);
    convBackwardFilter(e, dw, vx, vdy, form);
    memory.run(e, what);
    close(memory.read(plain), y, tolerance(products), `${what}: y`);
    close(memory.read(full), rectified, tolerance(products + 1), `${what}: y + bias, relu`);
    close(memory.read(dx), gradient, tolerance(taps * filters), `${what}: dx`);
    close(memory.read(dw), sums, tolerance(pixels), `${what}: dw`);
    memory.free();
  }
}

test('outputs of every size from 1×1 to 13×13', () => {
  for (let height = 1; height <= 13; height++) {
    for (let width = 1; width <= 13; width++) {
      const seed = 100 * height + width;
      for (const kernel of [
        [3, 3],
        [5, 5],
      ] as const) {
        const [more] = [kernel[0] - 1];
        check({ kernel, shape: [1, height, width, 3], padding: 'same', filters: 5 }, seed);
        check({ kernel, shape: [2, height + more, width + more, 5], filters: 2 }, seed);
      }
    }
  }
});

test('every form, at every size from 1×1 to 11×11', () => {
  for (const kind of kinds) {
    for (let height = 1; height <= 11; height++) {
      for (let width = 1; width <= 11; width++) {
        const seed = 100 * height + width;
        check({ ...kind, shape: [1, height, width, 3], padding: 'same', filters: 2 }, seed);
        const [kh, kw] = kind.kernel ?? [3, 3];
        if (height >= kh && width >= kw)
          check({ ...kind, shape: [2, height, width, 5], filters: 3 }, seed);
      }
    }
  }
});

test('channels and filters around vectors and panels', () => {
  // 4 lanes, MR (5, 6), NR (8) and twice that.
  const counts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 23, 24, 25, 31, 32, 33];
  for (const channels of counts) {
    for (const filters of counts) {
      const { kernel, strides } = kinds[(channels + 3 * filters) % kinds.length];
      check(
        { kernel, strides, shape: [1, 5, 3, channels], padding: 'same', filters },
        channels + 40 * filters,
      );
    }
  }
  // MC rows of a filter gradient.
  for (const channels of [47, 48, 49, 50, 51, 97, 101]) {
    for (const kernel of squares)
      check({ kernel, shape: [1, 5, 3, channels], padding: 'same', filters: 19 }, channels);
  }
});

test('filters so many that they are transformed 64 at a time', () => {
  for (const kernel of squares) {
    check({ kernel, shape: [1, 3, 5, 520], padding: 'same', filters: 139 }, 1);
    check({ kernel, shape: [1, 3, 5, 139], padding: 'same', filters: 520 }, 2);
  }
});

test('padding of every form, also more than the filter reaches', () => {
  const forms = [
    'valid',
    'same',
    0,
    1,
    2,
    3,
    6,
    [0, 2],
    [3, 1],
    [
      [0, 1],
      [2, 3],
    ],
    [
      [4, 0],
      [0, 5],
    ],
    [
      [3, 2],
      [0, 0],
    ],
  ] as const;
  for (const padding of forms) {
    for (const [height, width] of [
      [3, 3],
      [4, 7],
      [9, 5],
      [6, 14],
    ]) {
      check({ shape: [2, height, width, 3], padding, filters: 4 });
      check({ shape: [1, height, width, 9], padding, filters: 2 });
      check({ kernel: [5, 5], shape: [2, height + 2, width + 2, 3], padding, filters: 4 });
    }
  }
  for (const padding of [1, 2, 4, [2, 1], [1, 3]] as const) {
    for (const [height, width] of [
      [1, 1],
      [1, 12],
      [2, 5],
    ]) {
      check({ shape: [3, height, width, 5], padding, filters: 3 });
      check({ kernel: [5, 5], shape: [3, height + 2, width + 2, 5], padding, filters: 3 });
    }
  }
});

test('sums around KC', () => {
  for (const many of [300, 511, 512, 513, 600, 1025]) {
    for (const kernel of squares) {
      check({ kernel, shape: [1, 5, 6, many], padding: 'same', filters: 3 }, many);
      check({ kernel, shape: [1, 5, 6, 3], padding: 'same', filters: many }, many);
    }
  }
});

test('patches around blocks of 10, 12 and 60, gradients around splits of 80', () => {
  const edges = [10, 12, 20, 24, 30, 60, 80, 120, 160, 240, 400];
  const around = edges.flatMap((edge) => [edge - 1, edge, edge + 1]);
  for (const patches of [...around, 36, 150, 300, 400, 2100]) {
    check({ shape: [1, 3, 4 * patches - 1, 2], padding: 'same', filters: 3 }, patches);
    check(
      { kernel: [5, 5], shape: [1, 2, 2 * patches - 1, 2], padding: 'same', filters: 3 },
      patches,
    );
  }
  // Filters so large that blocks are of up to 60.
  for (const batch of [49, 59, 60, 61, 121]) {
    check({ shape: [batch, 1, 1, 257], padding: 'same', filters: 263 }, batch);
  }
  // Blocks and parts that end inside a line, at the end of one, and in another image.
  for (let batch = 1; batch <= 5; batch++) {
    for (const [height, width] of [
      [28, 28],
      [16, 47],
      [22, 33],
      [61, 5],
    ]) {
      check({ shape: [batch, height, width, 2], padding: 'same', filters: 3 }, batch);
      check(
        { kernel: [5, 5], shape: [batch, height >> 1, width, 2], padding: 'same', filters: 3 },
        batch,
      );
    }
  }
});

test('gradients in several blocks of 160 patches', () => {
  // Splits are 16 at most.
  for (const patches of [2559, 2560, 2561, 5121]) {
    check({ kernel: [1, 3], shape: [1, 1, 4 * patches, 3], padding: 'same', filters: 2 }, patches);
    check({ kernel: [5, 1], shape: [1, 4 * patches, 1, 9], padding: 'same', filters: 3 }, patches);
  }
  // MC channels, and fewer.
  check({ kernel: [1, 5], shape: [1, 1, 4 * 2561, 67], padding: 'same', filters: 2 });
  check({ kernel: [1, 3], strides: [1, 2], shape: [1, 1, 8 * 2561, 19], filters: 5 });
});

test('two hundred drawn at random', () => {
  eachCase(
    200,
    31,
    (pick) => {
      const side = [1, 2, 3, 5, 8, 9, 12, 13, 17];
      const shape = [
        pick([1, 2, 3, 4, 5]),
        pick(side),
        pick(side),
        pick([1, 2, 3, 4, 5, 8, 10, 13, 16, 17, 24, 27]),
      ] as const;
      const padding = pick([
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
      ] as const);
      const filters = pick([1, 2, 3, 4, 7, 8, 9, 16, 18, 21]);
      return { kernel: [3, 3], ...pick(kinds), shape, padding, filters } as const;
    },
    (c, seed) => check(c, seed),
  );
});

test('backward is the adjoint of forward where the reference would take long', () => {
  const cases: Conv[] = [
    { shape: [4, 28, 29, 64], padding: 'same', filters: 48 },
    { shape: [1, 57, 30, 16], padding: 1, filters: 130 },
    { shape: [2, 15, 14, 260], filters: 40 },
    { kernel: [5, 5], shape: [2, 28, 27, 48], padding: 'same', filters: 96 },
  ];
  for (const c of cases) {
    const { taps, filter, output } = sizes(c);
    const [x, w, dy] = [c.shape, filter, output].map((s, i) => random(s, 21 + i));
    const options = { padding: c.padding, ...winograd } as const;
    const y = ops.conv2d(x, w, options);
    const dx = ops.conv2dBackwardInput(dy, w, c.shape, options);
    const dw = ops.conv2dBackwardFilter(x, dy, filter, options);
    const forward = dot(dy.data, y.data);
    // As in conv.test.ts: y's errors, random in sign, are to √(dy.size) what one of them is to 1.
    const atol = tolerance(taps * c.shape[3]).atol * Math.sqrt(dy.size);
    close([dot(x.data, dx.data)], [forward], { atol }, `${JSON.stringify(c)}: dx`);
    close([dot(w.data, dw.data)], [forward], { atol }, `${JSON.stringify(c)}: dw`);
    free(x, w, dy, y, dx, dw);
  }
});

/** The three passes as ops, by name. */
const passes = {
  forward: (x: Tensor, w: Tensor, _dy: Tensor, options: ops.Conv2dOptions) =>
    ops.conv2d(x, w, options),
  input: (x: Tensor, w: Tensor, dy: Tensor, options: ops.Conv2dOptions) =>
    ops.conv2dBackwardInput(dy, w, x.shape, options),
  filter: (x: Tensor, w: Tensor, dy: Tensor, options: ops.Conv2dOptions) =>
    ops.conv2dBackwardFilter(x, dy, w.shape, options),
};

test('each algorithm is what it is asked for, and auto is one of them', () => {
  for (const [taps, channels, filters, side] of [
    [3, 2, 3, 6],
    [3, 40, 24, 20],
    [5, 2, 3, 8],
    [5, 40, 24, 20],
  ]) {
    const x = random([2, side, side, channels], 1);
    const w = random([taps, taps, channels, filters], 2);
    const dy = random([2, side + 1 - taps, side + 1 - taps, filters], 3);
    for (const [name, pass] of Object.entries(passes)) {
      const [direct, fast, auto] = (['direct', 'winograd', 'auto'] as const).map((algorithm) => {
        using result = pass(x, w, dy, { algorithm });
        return Float32Array.from(result.data);
      });
      otherBits(fast, direct, name);
      const differs = auto.findIndex((v, i) => v !== fast[i]);
      if (differs >= 0) sameBits(auto, direct, `auto, ${name}`);
    }
    free(x, w, dy);
  }
});

test('what a pixel holds stays with the patch that sees it', () => {
  const [x, w] = [random([2, 13, 13, 3], 1), random([3, 3, 3, 5], 2)];
  const before = ops.conv2d(x, w, winograd);
  // Line 6, column 2 of the second image: in the patch of the outputs in lines 4 … 7, columns 0 … 3.
  x.data[((13 + 6) * 13 + 2) * 3 + 1] = Number.NaN;
  const after = ops.conv2d(x, w, winograd);
  before.data.forEach((v, i) => {
    const [line, column] = [Math.floor(i / 55) - 11, Math.floor(i / 5) % 11];
    if (line >= 4 && line <= 6 && column <= 2) assert.ok(Number.isNaN(after.data[i]));
    else if (line < 4 || line > 7 || column > 3) assert.is(after.data[i], v, `element ${i}`);
  });
  free(x, w, before, after);
});

test.run();
