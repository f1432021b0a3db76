// What the lectures say of pooling and its kin (requirements A12, B1, B2, C1), beyond maxima and p-norms.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { layers, ops, Sequential, Tensor } from '../../src/index.js';
import { free } from '../helpers/cases.js';
import { close } from '../helpers/close.js';
import { numbers, random } from '../helpers/random.js';
import '../helpers/start.js';

const image = [1, 1, 2, 4, 5, 6, 7, 8, 3, 2, 1, 0, 1, 2, 3, 4];

test('B1: minima, and the whole image at once', () => {
  const x = Tensor.from(image, [1, 4, 4, 1]);
  const [least, most, all] = [ops.minPool2d(x), ops.globalMaxPool2d(x), ops.globalAvgPool2d(x)];
  assert.equal([...least.data], [1, 2, 1, 0]);
  assert.equal([...most.data, ...all.data], [8, 50 / 16]);
  free(x, least, most, all);
});

test('B1: a p-norm is a mean with the lecture, a sum with ONNX; large p nears the maximum', () => {
  const x = Tensor.from(image, [1, 4, 4, 1]);
  const mean = ops.lpPool2d(x, { p: 5 });
  const sum = ops.lpPool2d(x, { p: 5, mode: 'sum' });
  close(
    sum.data,
    mean.data.map((v) => v * 4 ** 0.2),
    { rtol: 1e-6 },
  );
  const large = ops.lpPool2d(x, { p: 200, mode: 'sum' });
  close(large.data, [6, 8, 3, 4], { rtol: 4e-3 });
  free(x, mean, sum, large);
});

test('B1: pooling has no parameters, and the summary knows its windows', () => {
  const model = new Sequential(
    [
      layers.minPool2d({ poolSize: 3, strides: 1 }),
      layers.blurPool2d(),
      layers.upsampling2d(),
      layers.zeroPadding2d(),
      layers.reflectionPadding2d(),
      layers.lrn(),
      layers.channelPool({ poolSize: 2 }),
      layers.adaptiveAvgPool2d({ outputSize: 5 }),
      layers.globalMaxPool2d(),
    ],
    { inputShape: [22, 22, 4] },
  );
  const rows = model.summary({ print: null });
  assert.ok(rows.every(({ parameters }) => parameters === 0));
  assert.equal(
    rows.map(({ outputShape }) => outputShape.join('×')),
    ['20×20×4', '10×10×4', '20×20×4', '22×22×4', '24×24×4', '24×24×4', '24×24×2', '5×5×2', '2'],
  );
  // 3; 3 + 2; what repeats and pads sees no more; windows of up to 6; all.
  assert.equal(
    rows.map(({ receptiveField }) => receptiveField[0]),
    [3, 5, 5, 5, 5, 5, 5, 10, 22],
  );
  model.dispose();
});

test('B2: the maximum over parallel convolutions, and what they can make of it', () => {
  // The four rotations of one filter, side by side: maxout does not see how the image is turned.
  const turn = (square: readonly number[]) =>
    square.map((_, i) => square[(2 - (i % 3)) * 3 + Math.floor(i / 3)]);
  const rotations = [[...numbers(9, 1)]];
  while (rotations.length < 4) rotations.push(turn(rotations[rotations.length - 1]));
  const taps = rotations[0].flatMap((_, tap) => rotations.map((filter) => filter[tap]));
  const filter = Tensor.from(taps, [3, 3, 1, 4]);
  const score = (square: readonly number[]) => {
    const x = Tensor.from([...square], [1, 3, 3, 1]);
    const z = ops.conv2d(x, filter);
    const y = ops.channelPool(z, { poolSize: 4 });
    const [value, largest] = [y.data[0], Math.max(...z.data)];
    free(x, z, y);
    assert.is(value, largest);
    return value;
  };
  const square = [...numbers(9, 2)];
  const turned = [square, turn(square), turn(turn(square))].map(score);
  close(
    turned,
    turned.map(() => turned[0]),
    { rtol: 1e-6 },
  );
  free(filter);
});

test('A12: a map shifted by one pixel changes less behind a blur pool than behind a max pool', () => {
  const line = random([1, 34, 34, 8], 3);
  const shifted = ops.pad2d(line, {
    padding: [
      [0, 0],
      [1, 0],
    ],
  });
  /** How much the pooled maps of an image and of the shifted one differ, away from the border. */
  const change = (pool: (x: Tensor) => Tensor): number => {
    const [a, b] = [pool(line), pool(shifted)];
    const [, height, width, channels] = a.shape;
    let sum = 0;
    for (let i = 2; i < height - 2; i++) {
      for (let at = 2 * channels; at < (width - 2) * channels; at++) {
        const other = b.data[i * b.shape[2] * channels + at];
        sum += (a.data[i * width * channels + at] - other) ** 2;
      }
    }
    free(a, b);
    return sum;
  };
  const blurred = change((x) => {
    const dense = ops.maxPool2d(x, { poolSize: 2, strides: 1, padding: 'same' });
    const y = ops.blurPool2d(dense, { kernelSize: 5 });
    free(dense);
    return y;
  });
  assert.ok(blurred < change((x) => ops.maxPool2d(x)) / 3);
  free(line, shifted);
});

test("C1: AlexNet's response normalisation, by the paper's formula", () => {
  const [k, n, alpha, beta] = [2, 5, 1e-4, 0.75];
  const half = Math.floor(n / 2);
  const x = random([3, 12], 4, 100);
  const y = ops.lrn(x, { size: n, alpha: alpha * n, beta, bias: k });
  const expected = Array.from(x.data, (a, i) => {
    const [row, c] = [Math.floor(i / 12) * 12, i % 12];
    let sum = 0;
    for (let j = Math.max(0, c - half); j <= Math.min(11, c + half); j++)
      sum += x.data[row + j] ** 2;
    return a / (k + alpha * sum) ** beta;
  });
  close(y.data, expected, { rtol: 1e-6 });
  free(x, y);
});

test.run();
