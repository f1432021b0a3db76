// The filters made by hand, and how they are laid on images of every rank, up to the borders.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, Tensor } from '../../src/index.js';
import { free, poison } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { random } from '../helpers/random.js';
import * as ref from '../helpers/reference.js';
import '../helpers/start.js';

const { boxBlur, ...named } = ops.filters;
const all: Record<string, ops.ImageFilter> = {
  ...named,
  'boxBlur 3×3': boxBlur(3),
  'boxBlur 2×5': boxBlur(2, 5),
};

/** An image of rows, filtered. */
function filtered(
  rows: ops.ImageFilter,
  filter: ops.ImageFilter,
  options?: ops.FilterOptions,
): unknown {
  const image = Tensor.from(rows);
  const y = ops.filterImage(image, filter, options);
  const result = y.toArray();
  free(image, y);
  return result;
}

test('each filter, channel by channel, against the definition', () => {
  poison();
  for (const channels of [1, 2, 3, 4, 5, 8, 9, 17]) {
    for (const [name, filter] of Object.entries(all)) {
      for (const padding of ['same', 'valid', 2] as const) {
        const shape = [2, 7, 9, channels] as const;
        const kernel = [filter.length, filter[0].length] as const;
        const g = ref.geometry({ shape, kernel, padding });
        const image = random(shape, 1);
        const y = ops.filterImage(image, filter, { padding });
        const each = filter.flat().flatMap((weight) => Array(channels).fill(Math.fround(weight)));
        const expected = ref.conv2d(image.data, each, undefined, g, channels, channels);
        const largest = Math.max(...filter.flat().map(Math.abs));
        const what = `${name}, ${channels} channels, padding ${padding}`;
        assert.equal(y.shape, [2, ...g.output, channels], what);
        close(y.data, expected, { atol: largest * summation(ref.taps(g)) }, what);
        free(image, y);
      }
    }
  }
});

test('a single bright pixel becomes the filter, turned round: cross-correlation', () => {
  const spot = [0, 0, 0, 0, 0].map((_, i) => [0, 0, 0, 0, 0].map((_, j) => +(i === 2 && j === 2)));
  for (const [name, filter] of Object.entries(named)) {
    const turned = filter.map((row) => row.toReversed()).toReversed();
    assert.equal(filtered(spot, filter, { padding: 'valid' }), turned, name);
  }
});

test('images keep their rank, and all channels and images of a batch are alike', () => {
  const flat = random([6, 5], 1);
  const expected = ops.filterImage(flat, named.raised);
  assert.equal(expected.shape, [6, 5]);
  const colours = Tensor.from(Array.from(flat.data, (v) => [v, 2 * v, -v]).flat(), [6, 5, 3]);
  const three = ops.filterImage(colours, named.raised);
  assert.equal(three.shape, [6, 5, 3]);
  const batch = Tensor.from([...colours.data, ...colours.data], [2, 6, 5, 3]);
  const six = ops.filterImage(batch, named.raised);
  assert.equal(six.shape, [2, 6, 5, 3]);
  const tripled = Array.from(expected.data, (v) => [v, 2 * v, -v]).flat();
  // Twice a number and its negative are exact.
  assert.equal([...three.data], tripled);
  assert.equal([...six.data], [...tripled, ...tripled]);
  free(flat, expected, colours, three, batch, six);
});

test('borders: zeros lie around the image', () => {
  const ones = [
    [1, 1, 1],
    [1, 1, 1],
    [1, 1, 1],
  ];
  assert.equal(filtered(ones, named.smoothing), [
    [5, 7, 5],
    [7, 10, 7],
    [5, 7, 5],
  ]);
  assert.equal(filtered(ones, named.highPass), [
    [5, 3, 5],
    [3, 0, 3],
    [5, 3, 5],
  ]);
  assert.equal(filtered(ones, named.sharpen), [
    [3, 2, 3],
    [2, 1, 2],
    [3, 2, 3],
  ]);
  // Even sides: the odd zeros lie behind, as in every layer with padding 'same'.
  assert.equal(filtered(ones, boxBlur(2)), [
    [1, 1, 0.5],
    [1, 1, 0.5],
    [0.5, 0.5, 0.25],
  ]);
  assert.equal(filtered(ones, boxBlur(1, 2)), [
    [1, 1, 0.5],
    [1, 1, 0.5],
    [1, 1, 0.5],
  ]);
  assert.equal(filtered(ones, named.highPass, { padding: 'valid' }), [[0]]);
});

test('Sobel: slopes, and how steep', () => {
  // 3 a pixel to the right, 4 a pixel down: the steepest slope is 5.
  const ramp = Array.from({ length: 6 }, (_, i) =>
    Array.from({ length: 7 }, (_, j) => 4 * i + 3 * j),
  );
  const even = (value: number) => Array.from({ length: 4 }, () => Array(5).fill(value));
  const options = { padding: 'valid' } as const;
  assert.equal(filtered(ramp, named.sobelX, options), even(8 * 3));
  assert.equal(filtered(ramp, named.sobelY, options), even(8 * 4));
  const image = Tensor.from(ramp);
  const steepness = ops.sobelMagnitude(image, options);
  assert.equal(steepness.toArray(), even(8 * 5));
  free(image, steepness);
});

test('sobelMagnitude is √(Gx² + Gy²) of every channel, also at the borders', () => {
  const image = random([2, 5, 6, 3], 1);
  const magnitude = ops.sobelMagnitude(image);
  const [gx, gy] = [ops.filterImage(image, named.sobelX), ops.filterImage(image, named.sobelY)];
  assert.equal(magnitude.shape, image.shape);
  const expected = Array.from(gx.data, (v, i) => Math.fround(Math.sqrt(v ** 2 + gy.data[i] ** 2)));
  assert.equal([...magnitude.data], expected);
  free(image, magnitude, gx, gy);
});

test.run();
