// Pooling, forward and backward, against its definition.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { layers, ops, optimizers, Sequential, Tensor } from '../../src/index.js';
import { eachCase, free, poison } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { random } from '../helpers/random.js';
import * as ref from '../helpers/reference.js';
import '../helpers/start.js';

function check(c: ref.Placement, seed = 1): void {
  const g = ref.geometry(c);
  const what = JSON.stringify({ ...c, seed });
  const { kernel: poolSize, strides = [1, 1], padding, dimRoundingMode } = c;
  const options = { poolSize, strides, padding, dimRoundingMode } as Parameters<
    typeof ops.maxPool2d
  >[1];
  const x = random(c.shape, seed);
  const dy = random([c.shape[0], ...g.output, c.shape[3]], seed + 1);
  // A pixel's gradient is a sum over the windows that cover it, numbers of size √⅓.
  const cover = Math.ceil(poolSize[0] / strides[0]) * Math.ceil(poolSize[1] / strides[1]);
  const covered = summation(cover, Math.sqrt(cover / 3));

  const most = ops.maxPool2d(x, options);
  close(most.data, ref.maxPool2d(x.data, g).y, {}, `${what}: max`);
  const dmost = ops.maxPool2dBackward(dy, x, options);
  close(
    dmost.data,
    ref.maxPool2dBackward(dy.data, x.data, g),
    { atol: covered },
    `${what}: max backward`,
  );

  const least = ops.minPool2d(x, options);
  const negated = Float64Array.from(x.data, (v) => -v);
  close(
    least.data,
    ref.maxPool2d(negated, g).y.map((v) => -v),
    {},
    `${what}: min`,
  );
  const dleast = ops.minPool2dBackward(dy, x, options);
  close(
    dleast.data,
    ref.maxPool2dBackward(dy.data, negated, g),
    { atol: covered },
    `${what}: min backward`,
  );

  const mean = ops.avgPool2d(x, options);
  // A sum in f32, then a rounded 1/size and a product of at most 1: two roundings more.
  const summed = summation(ref.taps(g), Math.sqrt(ref.taps(g) / 3)) / ref.taps(g);
  close(mean.data, ref.avgPool2d(x.data, g), { atol: summed, rtol: 2 ** -23 }, `${what}: average`);
  const dmean = ops.avgPool2dBackward(dy, c.shape, options);
  close(
    dmean.data,
    ref.avgPool2dBackward(dy.data, g),
    { atol: 2 * covered },
    `${what}: average backward`,
  );
  free(x, dy, most, dmost, least, dleast, mean, dmean);
}

/** p-norms: |x| from 2⁻²³ to 1, whose powers err by (1 + p·|ln x|)·2⁻²³ (see `power` in assembly/pool/pool.ts). */
function checkNorm(c: ref.Placement, p: number, seed = 1): void {
  const g = ref.geometry(c);
  const what = JSON.stringify({ ...c, p, seed });
  const { kernel: poolSize, strides = [1, 1], padding, dimRoundingMode } = c;
  const options = { poolSize, strides, padding, dimRoundingMode, p } as Parameters<
    typeof ops.lpPool2d
  >[1];
  const x = random(c.shape, seed);
  const dy = random([c.shape[0], ...g.output, c.shape[3]], seed + 1);
  const y = ops.lpPool2d(x, options);
  const expected = ref.lpPool2d(x.data, p, g);
  // The p-th root divides the relative error of Σ|x|ᵖ by p and adds its own: at most 2·(1 + |ln y|)·2⁻²³,
  // and the sum's.
  for (let i = 0; i < expected.length; i++) {
    const rtol =
      (2 * (1 + Math.abs(Math.log(expected[i]))) + summation(ref.taps(g), 1) * 2 ** 23) * 2 ** -23;
    close([y.data[i]], [expected[i]], { rtol }, `${what}: element ${i}`);
  }
  const dx = ops.lpPool2dBackward(dy, x, options);
  // |dy·(|x|/y)^(p−1)/taps| ≤ 1 for each of the windows over a pixel, (|x|/y)ᵖ ≤ taps.
  const cover = Math.ceil(poolSize[0] / strides[0]) * Math.ceil(poolSize[1] / strides[1]);
  const atol = cover * p * (1 + Math.log(ref.taps(g))) * 2 ** -22;
  const slopes = ref.lpPool2dBackward(dy.data, x.data, p, g);
  close(dx.data, slopes, { atol }, `${what}: backward`);

  // ONNX's form is the lecture's times taps^(1/p): one rounding more of each.
  const larger = ref.taps(g) ** (1 / p);
  const sum = ops.lpPool2d(x, { ...options, mode: 'sum' });
  for (let i = 0; i < expected.length; i++) {
    const rtol =
      (3 * (1 + Math.abs(Math.log(expected[i]))) + summation(ref.taps(g), 1) * 2 ** 23) * 2 ** -23;
    close([sum.data[i]], [expected[i] * larger], { rtol }, `${what}: sum, element ${i}`);
  }
  const dsum = ops.lpPool2dBackward(dy, x, { ...options, mode: 'sum' });
  const steeper = slopes.map((v) => v * larger);
  close(dsum.data, steeper, { atol: 2 * atol * larger }, `${what}: sum backward`);
  free(x, dy, y, dx, sum, dsum);
}

const channels = [1, 2, 3, 4, 5, 7, 8, 9, 17];
const fits = (g: ref.Geometry) =>
  [0, 1].every(
    (i) => g.before[i] < g.kernel[i] && (g.output[i] - 1) * g.strides[i] - g.before[i] < g.side[i],
  );

test('channels around vectors', () => {
  poison();
  for (const c of channels) {
    for (const strides of [
      [1, 1],
      [2, 2],
    ] as const) {
      const shape = [2, 5, 6, c] as const;
      check({ shape, kernel: [3, 2], strides, padding: 'same' });
      for (const p of [1, 2, 3]) checkNorm({ shape, kernel: [2, 3], strides, padding: 'same' }, p);
    }
  }
});

test('windows, strides and paddings', () => {
  poison();
  let cases = 0;
  for (const k of [1, 2, 3, 5, 7]) {
    for (const s of [1, 2, 3, 4]) {
      for (const padding of [
        'valid',
        'same',
        1,
        [
          [0, 1],
          [2, 0],
        ],
      ] as const) {
        for (const dimRoundingMode of ['floor', 'ceil'] as const) {
          const kernel = [k, ((k + s) % 4) + 1] as const;
          const c = {
            shape: [1, 8 + s, 9, 3],
            kernel,
            strides: [s, (k % 3) + 1],
            padding,
            dimRoundingMode,
          } as const;
          if (!fits(ref.geometry(c))) continue;
          check(c, ++cases);
        }
      }
    }
  }
  assert.ok(cases > 100, `${cases} cases`);
});

test('a hundred and fifty drawn at random', () => {
  poison();
  let cases = 0;
  eachCase(
    300,
    7,
    (pick) => ({
      shape: [
        pick([1, 2, 3]),
        pick([1, 2, 3, 6, 11]),
        pick([1, 4, 7, 12]),
        pick(channels),
      ] as const,
      kernel: [pick([1, 2, 3, 4]), pick([1, 2, 3, 5])] as const,
      strides: [pick([1, 2, 3, 5]), pick([1, 2, 3, 5])] as const,
      padding: pick([
        'valid',
        'same',
        1,
        [1, 0],
        [
          [0, 1],
          [2, 0],
        ],
      ] as const),
      dimRoundingMode: pick(['floor', 'ceil'] as const),
    }),
    (c, seed) => {
      if (!fits(ref.geometry(c))) return;
      cases++;
      check(c, seed);
      checkNorm(c, [1, 1.5, 2, 3, 5][seed % 5], seed);
    },
  );
  assert.ok(cases >= 150, `${cases} cases`);
});

test('global average and maximum', () => {
  poison();
  for (const [height, width, c] of [
    [1, 1, 1],
    [7, 7, 17],
    [5, 8, 3],
    // More taps than a byte can tell apart.
    [16, 16, 5],
    [1, 257, 9],
    [32, 33, 4],
    [300, 2, 1],
  ]) {
    const x = random([3, height, width, c], 1);
    const dy = random([3, c], 2);
    const g = ref.geometry({ shape: [3, height, width, c], kernel: [height, width] });
    const what = `${height}×${width}×${c}`;
    const y = ops.globalAvgPool2d(x);
    const dx = ops.globalAvgPool2dBackward(dy, x.shape);
    assert.equal(y.shape, [3, c], what);
    const pixels = height * width;
    close(
      y.data,
      ref.avgPool2d(x.data, g),
      { atol: summation(pixels, Math.sqrt(pixels / 3)) / pixels, rtol: 2 ** -23 },
      what,
    );
    close(dx.data, ref.avgPool2dBackward(dy.data, g), { rtol: 2 ** -23 }, what);
    const most = ops.globalMaxPool2d(x);
    const dmost = ops.globalMaxPool2dBackward(dy, x);
    assert.equal(most.shape, [3, c], what);
    close(most.data, ref.maxPool2d(x.data, g).y, {}, `${what}: max`);
    close(dmost.data, ref.maxPool2dBackward(dy.data, x.data, g), {}, `${what}: max backward`);
    free(x, dy, y, dx, most, dmost);
  }
});

test('windows of more taps than a byte can tell apart, side by side and overlapping', () => {
  poison();
  for (const strides of [
    [19, 17],
    [5, 3],
    [20, 9],
  ] as const) {
    for (const c of [1, 4, 6]) {
      check({ shape: [2, 39, 36, c], kernel: [19, 17], strides, padding: 'same' });
    }
  }
});

test('the first of equals has the gradient', () => {
  for (const c of channels) {
    for (const poolSize of [2, 3]) {
      const g = ref.geometry({
        shape: [1, 6, 6, c],
        kernel: [poolSize, poolSize],
        strides: [poolSize, poolSize],
      });
      const x = Tensor.zeros([1, 6, 6, c]);
      const dy = random([1, ...g.output, c], 3);
      const expected = ref.maxPool2dBackward(dy.data, x.data, g);
      for (const backward of [ops.maxPool2dBackward, ops.minPool2dBackward]) {
        const dx = backward(dy, x, { poolSize });
        close(dx.data, expected, {}, `${c} channels, ${poolSize}×${poolSize}`);
        assert.is(dx.data[0], dy.data[0]);
        assert.is(dx.data[c], 0);
        free(dx);
      }
      free(x, dy);
    }
  }
});

test('NaN is a maximum, −∞ may be one', () => {
  const [nan, low] = [Number.NaN, Number.NEGATIVE_INFINITY];
  const x = Tensor.from([nan, 1, 2, nan, low, low, low, -5], [1, 1, 8, 1]);
  const options = { poolSize: [1, 2] } as const;
  const y = ops.maxPool2d(x, options);
  assert.equal([...y.data], [nan, nan, low, -5]);
  const dy = Tensor.from([1, 2, 3, 4], [1, 1, 4, 1]);
  const dx = ops.maxPool2dBackward(dy, x, options);
  assert.equal([...dx.data], [1, 0, 0, 2, 3, 0, 0, 4]);
  const mean = ops.avgPool2d(x, options);
  assert.equal([...mean.data], [nan, nan, low, low]);
  const least = ops.minPool2d(x, options);
  assert.equal([...least.data], [nan, nan, low, low]);
  free(x, y, dy, dx, mean, least);
});

test('the argmax of windows of 256 taps, which fit a byte, and of 257', () => {
  // One maximum at each place in turn: the last tap is number 255, or 256.
  for (const [height, width] of [
    [16, 16],
    [1, 257],
  ] as const) {
    const x = Tensor.zeros([1, height, width, 1]);
    const dy = Tensor.from([7], [1, 1, 1, 1]);
    for (const at of [0, 127, 128, 254, 255, height * width - 1]) {
      x.data.fill(0);
      x.data[at] = 1;
      const dx = ops.maxPool2dBackward(dy, x, { poolSize: [height, width] });
      const expected = x.data.map((v) => 7 * v);
      close(dx.data, expected, {}, `${height}×${width}: maximum at ${at}`);
      free(dx);
    }
    free(x, dy);
  }
});

test('a norm of zeros is zero, and so is its gradient', () => {
  const x = Tensor.zeros([1, 2, 2, 5]);
  const dy = random([1, 1, 1, 5], 1);
  for (const p of [1, 2, 5]) {
    const y = ops.lpPool2d(x, { p });
    const dx = ops.lpPool2dBackward(dy, x, { p });
    assert.ok(
      [...y.data, ...dx.data].every((v) => v === 0),
      `p = ${p}`,
    );
    free(y, dx);
  }
  free(x, dy);
});

test('rounded up, one window may be larger than the image: as in PyTorch', () => {
  poison();
  for (const side of [1, 2, 3]) {
    for (const [kernel, stride] of [
      [3, 2],
      [4, 3],
      [5, 4],
      [4, 4],
    ]) {
      if (side - kernel <= -stride) continue;
      check({
        shape: [2, side, 5, 3],
        kernel: [kernel, 3],
        strides: [stride, 2],
        dimRoundingMode: 'ceil',
      });
    }
  }
  const x = random([1, 1, 2, 1], 1);
  const options = { poolSize: 3, strides: 2, dimRoundingMode: 'ceil' } as const;
  assert.throws(() => ops.maxPool2d(x, options), /larger than the input/, 'it would begin outside');
  free(x);
});

test('what training pools, which keeps where each number was, is what prediction pools', async () => {
  for (const layer of [layers.maxPool2d, layers.minPool2d]) {
    for (const channels of [1, 3, 4, 5, 8, 11]) {
      for (const poolSize of [2, 3]) {
        const model = new Sequential(
          [layer({ poolSize }), layers.flatten(), layers.dense({ units: 3 })],
          {
            inputShape: [7, 7, channels],
          },
        );
        model.compile({ optimizer: optimizers.sgd(), loss: 'meanSquaredError' });
        const x = random([2, 7, 7, channels], channels);
        const y = Tensor.zeros([2, 3]);
        const { loss } = await model.evaluate(x, y);
        const found = model.computeGradients(x, y);
        assert.is(found.loss, loss, `${model.layers[0].type}, ${channels} channels, ${poolSize}`);
        free(x, y);
        model.dispose();
      }
    }
  }
});

test.run();
