// Transposed convolution, forward and both gradients, against its definition: the reference's
// convolution of the output, backwards.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops } from '../../src/index.js';
import {
  convTransposeForward,
  convTransposeGeometry,
  convTransposeOutputShape,
} from '../../src/operators/convtranspose/convtranspose.emit.js';
import { Emitter, none } from '../../src/program/emitter.js';
import { free, picker, poison } from '../helpers/cases.js';
import { close, summation, transformed } from '../helpers/close.js';
import { dot } from '../helpers/gradcheck.js';
import { random } from '../helpers/random.js';
import * as ref from '../helpers/reference.js';
import '../helpers/start.js';

type Two = readonly [number, number];

interface Transposed {
  /** [batch, height, width, channels]. */
  shape: ref.Placement['shape'];
  kernel: Two;
  filters: number;
  strides?: Two;
  dilation?: Two;
  padding?: ref.Placement['padding'];
  outputPadding?: Two;
}

/** Pixels before and behind along an axis. */
function sides(padding: ref.Placement['padding'], axis: 0 | 1): Two {
  if (typeof padding === 'number') return [padding, padding];
  if (!Array.isArray(padding)) return [0, 0];
  const own = padding[axis];
  return typeof own === 'number' ? [own, own] : own;
}

/** How far the windows reach, and at least a stride for each: Keras's sides. */
function outputSide(c: Transposed, axis: 0 | 1): number {
  const [side, kernel] = [c.shape[1 + axis], c.kernel[axis]];
  const [stride, dilation] = [c.strides?.[axis] ?? 1, c.dilation?.[axis] ?? 1];
  const reach = (kernel - 1) * dilation + 1;
  const more = c.outputPadding?.[axis];
  if (c.padding === 'same' && more === undefined) return side * stride;
  if (c.padding === 'same') return (side - 1) * stride + reach - 2 * Math.floor(reach / 2) + more!;
  const [before, after] = sides(c.padding, axis);
  const whole = (side - 1) * stride + reach;
  return (more === undefined ? Math.max(whole, side * stride) : whole + more) - before - after;
}

function tensors(c: Transposed, seed: number) {
  const { filters, shape, kernel, padding, ...rest } = c;
  const [height, width] = [outputSide(c, 0), outputSide(c, 1)];
  const outputShape = [shape[0], height, width, filters] as const;
  const filterShape = [...kernel, filters, shape[3]];
  // The output's padding may have room for more windows than there are pixels.
  const g = {
    ...ref.geometry({ ...rest, kernel, padding, shape: outputShape }),
    output: [shape[1], shape[2]] as const,
  };
  const [x, w, dy, bias] = [shape, filterShape, outputShape, [filters]].map((s, i) =>
    random(s, seed + i),
  );
  return { g, x, w, dy, bias, options: { ...rest, padding } as ops.Conv2dTransposeOptions };
}

/** All passes, directly and by the algorithm that is chosen. */
function check(c: Transposed, seed = 1): void {
  checkBy('direct', summation, c, seed);
  checkBy('auto', transformed, c, seed);
}

/** @param tolerance what a sum of so many products may err by */
function checkBy(
  algorithm: 'direct' | 'auto',
  tolerance: (terms: number) => number,
  c: Transposed,
  seed: number,
): void {
  const { g, x, w, dy, bias, options: others } = tensors(c, seed);
  const options = { ...others, algorithm };
  const what = JSON.stringify({ ...c, algorithm, seed });
  const channels = c.shape[3];
  const y = ops.conv2dTranspose(x, w, options);
  assert.equal(y.shape, dy.shape, what);
  const plain = ref.conv2dBackwardInput(x.data, w.data, g, channels);
  close(y.data, plain, { atol: tolerance(ref.taps(g) * channels) }, what);
  const full = ops.conv2dTranspose(x, w, { ...options, bias, activation: 'relu' });
  const expected = plain.map((v, i) => Math.max(0, v + bias.data[i % c.filters]));
  close(
    full.data,
    expected,
    { atol: tolerance(ref.taps(g) * channels + 1) },
    `${what} + bias, relu`,
  );
  const bare = ops.conv2dTranspose(x, w, { ...options, activation: 'relu' });
  const positive = plain.map((v) => Math.max(0, v));
  close(bare.data, positive, { atol: tolerance(ref.taps(g) * channels) }, `${what} + relu`);
  const dx = ops.conv2dTransposeBackwardInput(dy, w, x.shape, options);
  close(
    dx.data,
    ref.conv2d(dy.data, w.data, undefined, g, channels),
    { atol: tolerance(ref.taps(g) * c.filters) },
    `${what}: dx`,
  );
  const dw = ops.conv2dTransposeBackwardFilter(x, dy, w.shape, options);
  close(
    dw.data,
    ref.conv2dBackwardFilter(dy.data, x.data, g, channels),
    { atol: tolerance(ref.outputPixels(g)) },
    `${what}: dw`,
  );
  free(x, w, dy, bias, y, full, bare, dx, dw);
}

test('a pixel becomes the filter', () => {
  const x = random([1, 1, 1, 1], 1);
  const w = random([3, 2, 4, 1], 2);
  const y = ops.conv2dTranspose(x, w);
  assert.equal(y.shape, [1, 3, 2, 4]);
  close(
    y.data,
    Float64Array.from(w.data, (v) => v * x.data[0]),
    { rtol: 2 ** -24 },
  );
  free(x, w, y);
});

test('sides as Keras has them', () => {
  const cases: [side: number, kernel: number, options: ops.Conv2dTransposeOptions, out: number][] =
    [
      [7, 3, {}, 9],
      [7, 3, { padding: 'same' }, 7],
      [7, 3, { strides: 2 }, 15],
      [7, 3, { strides: 2, padding: 'same' }, 14],
      [7, 5, { strides: 2, padding: 'same' }, 14],
      [7, 4, { strides: 2 }, 16],
      [7, 2, { strides: 2 }, 14],
      [7, 2, { strides: 3 }, 21],
      [7, 2, { strides: 3, padding: 'same' }, 21],
      [7, 3, { strides: 2, outputPadding: 1 }, 16],
      [7, 3, { strides: 2, padding: 'same', outputPadding: 0 }, 13],
      [7, 3, { strides: 2, padding: 'same', outputPadding: 1 }, 14],
      [7, 4, { strides: 2, padding: 'same', outputPadding: 1 }, 13],
      [7, 2, { strides: 3, outputPadding: 0 }, 20],
      [7, 3, { dilation: 2 }, 11],
      [7, 4, { strides: 2, padding: 1 }, 14],
      [7, 3, { strides: 2, padding: 1 }, 13],
      [7, 3, { strides: 2, padding: 1, outputPadding: 1 }, 14],
    ];
  for (const [side, kernel, options, out] of cases) {
    const [x, w] = [random([1, side, side, 2], 1), random([kernel, kernel, 3, 2], 2)];
    const y = ops.conv2dTranspose(x, w, options);
    assert.equal(y.shape, [1, out, out, 3], JSON.stringify([side, kernel, options]));
    free(x, w, y);
  }
});

test('channels and filters around vectors and panels, added up patch by patch or convolved', () => {
  poison();
  for (const c of [1, 3, 4, 5, 8, 9, 17, 40]) {
    for (const filters of [1, 2, 3, 4, 7, 8, 9, 17]) {
      check({ shape: [2, 4, 3, c], kernel: [3, 3], strides: [2, 2], padding: 'same', filters });
      check({ shape: [1, 3, 5, c], kernel: [2, 3], filters });
    }
  }
});

test('kernels, strides, dilations and paddings of every kind', () => {
  poison();
  const paddings = [
    'valid',
    'same',
    1,
    [0, 1],
    [
      [1, 0],
      [0, 2],
    ],
  ] as const;
  for (const kernel of [1, 2, 3, 4, 5]) {
    for (const stride of [1, 2, 3, 4]) {
      for (const dilation of [1, 2, 3]) {
        for (const padding of paddings) {
          const c = {
            shape: [1, 4, 3, 3],
            kernel: [kernel, (kernel % 4) + 1],
            strides: [stride, (stride % 3) + 1],
            dilation: [dilation, (dilation % 2) + 1],
            padding,
            filters: 4,
          } as const;
          if (outputSide(c, 0) > 0 && outputSide(c, 1) > 0) check(c, kernel + stride);
        }
      }
    }
  }
});

test('output padding, up to the stride', () => {
  poison();
  const pick = picker(3);
  for (const stride of [2, 3, 4]) {
    for (let more = 0; more < stride; more++) {
      for (const padding of ['valid', 'same', 1] as const) {
        const [kernel, across] = [pick([1, 3, 5]), pick([3, 5])];
        check({
          shape: [2, 3, 4, 5],
          kernel: [kernel, across],
          strides: [stride, 2],
          padding: kernel === 1 && padding === 1 ? 0 : padding,
          outputPadding: [more, more % 2],
          filters: 3,
        });
      }
    }
  }
});

test('output padding up to the dilation, where that is more than the stride: PyTorch', () => {
  poison();
  for (const [stride, dilation] of [
    [1, 2],
    [1, 4],
    [2, 3],
    [2, 5],
  ]) {
    for (let more = stride; more < dilation; more++) {
      check({
        shape: [2, 3, 4, 5],
        kernel: [3, 2],
        strides: [stride, stride],
        dilation: [dilation, dilation],
        padding: more % 2,
        outputPadding: [more, dilation - 1],
        filters: 3,
      });
    }
  }
});

test('strides beyond the kernel: pixels that no tap reaches hold the bias', () => {
  poison();
  for (const [kernel, stride, dilation] of [
    [1, 3, 1],
    [2, 5, 2],
    [3, 4, 2],
    [2, 9, 6],
  ]) {
    for (const filters of [1, 5, 8]) {
      check({
        shape: [2, 3, 2, 4],
        kernel: [kernel, 1],
        strides: [stride, stride + 1],
        dilation: [dilation, 1],
        filters,
      });
    }
  }
});

test('large kernels at large strides are added up patch by patch, not by a convolution for each residue', () => {
  check({ shape: [1, 2, 2, 2], kernel: [20, 20], strides: [20, 20], filters: 9 });
});

test('a stride of thousands is one op for what no tap reaches, and one for each residue that one does', () => {
  const [shape, filter] = [
    [1, 2, 2, 8],
    [3, 1, 8, 8],
  ];
  const g = convTransposeGeometry(shape, filter, { strides: 4096 });
  const e = new Emitter();
  const y = e.value(convTransposeOutputShape(g));
  convTransposeForward(e, y, e.value(shape), e.value(filter), none, g, false);
  assert.equal(e.ops.filter(({ kernel }) => kernel === 'conv').length, 4);
});

test('maps of many blocks', () => {
  poison();
  for (const filters of [1, 3, 16]) {
    check({
      shape: [2, 14, 15, 12],
      kernel: [5, 5],
      strides: [2, 2],
      padding: 'same',
      filters,
    });
    check({ shape: [1, 23, 9, 8], kernel: [4, 4], strides: [2, 2], padding: 1, filters });
  }
});

test('backward is the adjoint of forward', () => {
  const c: Transposed = {
    shape: [2, 14, 14, 48],
    kernel: [4, 4],
    strides: [2, 2],
    padding: 'same',
    filters: 24,
  };
  const { x, w, dy, options } = tensors(c, 5);
  const y = ops.conv2dTranspose(x, w, options);
  const dx = ops.conv2dTransposeBackwardInput(dy, w, x.shape, options);
  const dw = ops.conv2dTransposeBackwardFilter(x, dy, w.shape, options);
  const forward = dot(dy.data, y.data);
  const tolerance = { atol: summation(16 * 48) * Math.sqrt(dy.size) };
  close([dot(x.data, dx.data)], [forward], tolerance, 'dx');
  close([dot(w.data, dw.data)], [forward], tolerance, 'dw');
  free(x, w, dy, y, dx, dw);
});

test('activations behind it', () => {
  const [x, w] = [random([2, 3, 3, 4], 1), random([3, 3, 5, 4], 2)];
  const plain = ops.conv2dTranspose(x, w);
  for (const activation of ['sigmoid', 'tanh', 'softmax'] as const) {
    const y = ops.conv2dTranspose(x, w, { activation });
    const expected = ops[activation](plain);
    assert.equal([...y.data], [...expected.data], activation);
    free(y, expected);
  }
  free(x, w, plain);
});

test.run();
