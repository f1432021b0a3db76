// Pictures: colour scales, tiles, overlays, filters and maps.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  io,
  layers,
  NumericError,
  Sequential,
  ShapeError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import * as vis from '../../src/vis/index.js';
import { rejects } from '../helpers/models.js';
import { random } from '../helpers/random.js';
import '../helpers/start.js';

const pixel = ({ data, width }: vis.Picture, row: number, column: number): number[] =>
  Array.from(data.subarray((row * width + column) * 4, (row * width + column) * 4 + 4));

test('numbers in colours: the ends of each scale, and 0 of the diverging one in the middle', () => {
  const map = Tensor.from([[-1, 0, 0.5, 1]]);
  const gray = vis.colorize(map, 'gray');
  assert.equal([gray.width, gray.height], [4, 1]);
  assert.equal(
    [0, 1, 3].map((c) => pixel(gray, 0, c)),
    [
      [0, 0, 0, 255],
      [128, 128, 128, 255],
      [255, 255, 255, 255],
    ],
  );
  // matplotlib's viridis(0) and viridis(1.0).
  const viridis = vis.colorize(map);
  assert.equal(pixel(viridis, 0, 0), [68, 1, 84, 255]);
  assert.equal(pixel(viridis, 0, 3), [253, 231, 37, 255]);
  const uneven = vis.colorize(Tensor.from([[-1, 0, 4]]), 'diverging');
  assert.equal(pixel(uneven, 0, 1), [247, 247, 247, 255]);
  assert.equal(pixel(uneven, 0, 2), [103, 0, 31, 255]);
  assert.not.equal(pixel(uneven, 0, 0), [5, 48, 97, 255]);
  assert.equal(pixel(vis.colorize(map, 'gray', { min: -1, max: 3 }), 0, 3), [128, 128, 128, 255]);
});

test('of several channels the strongest number counts; all the same is the middle', () => {
  const map = Tensor.from([[[1, -3, 2]], [[0.5, 0.25, 0]]]);
  const picture = vis.colorize(map, 'diverging');
  assert.equal(pixel(picture, 0, 0), [5, 48, 97, 255]);
  assert.equal(pixel(vis.colorize(Tensor.from([[7, 7]]), 'gray'), 0, 1), [128, 128, 128, 255]);
});

test('a sheet has equal gaps, and every pixel of a tile becomes a square', () => {
  const tile = (value: number) =>
    vis.colorize(Tensor.from([[value, 1 - value]]), 'gray', { min: 0, max: 1 });
  const sheet = vis.sheet([tile(0), tile(1), tile(0)], { columns: 2, gap: 3, zoom: 2 });
  assert.equal([sheet.width, sheet.height], [3 + 2 * (4 + 3), 3 + 2 * (2 + 3)]);
  const light = (row: number, column: number) => pixel(sheet, row, column)[0];
  for (let row = 0; row < sheet.height; row++)
    for (let column = 0; column < sheet.width; column++) {
      const [y, x] = [(row - 3) % 5, (column - 3) % 7];
      const index = 2 * Math.floor((row - 3) / 5) + Math.floor((column - 3) / 7);
      const isTile = row >= 3 && column >= 3 && y < 2 && x < 4 && index < 3;
      const own = index === 1 ? 255 : 0;
      assert.is(light(row, column), isTile ? (x < 2 ? own : 255 - own) : 128, `${row}, ${column}`);
    }
});

test('a heat map covers an image where it is hot', () => {
  const image = Tensor.from(new Float32Array(4 * 4 * 3).fill(200), [4, 4, 3]);
  // Where nothing is hot, or everything is cold, the image stays as it is.
  for (const none of [0, -3]) {
    const cold = vis.overlay(image, Tensor.from(new Float32Array(4).fill(none), [2, 2]));
    assert.equal(pixel(cold, 1, 1), [200, 200, 200, 255]);
  }
  const heat = Tensor.from([
    [0, 0],
    [0, 5],
  ]);
  const picture = vis.overlay(image, heat, { opacity: 1 });
  assert.equal(pixel(picture, 0, 0), [200, 200, 200, 255]);
  assert.equal(pixel(picture, 3, 3), [253, 231, 37, 255]);
  assert.equal(pixel(vis.overlay(image, heat, { opacity: 0 }), 3, 3), [200, 200, 200, 255]);
});

test('filters of three channels are in colour, others a row of tiles each', async () => {
  const model = new Sequential(
    [
      layers.conv2d({ filters: 2, kernelSize: [1, 2] }),
      layers.conv2d({ filters: 3, kernelSize: 1 }),
      layers.flatten(),
      layers.dense({ units: 2 }),
    ],
    { inputShape: [4, 4, 3] },
  );
  // [1, 2, 3, 2]: filter 0 is 1 in red of the first pixel and −1 in blue of the second.
  model.weights[0].tensor.data.set([1, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0]);
  const colour = vis.filters(model, 'conv2d', { zoom: 1, columns: 2 });
  assert.equal([colour.width, colour.height], [7, 3]);
  assert.equal(pixel(colour, 1, 1), [255, 128, 128, 255]);
  assert.equal(pixel(colour, 1, 2), [128, 128, 0, 255]);
  // Each filter has a scale of its own.
  assert.equal(pixel(colour, 1, 4), [255, 128, 128, 255]);
  model.weights[2].tensor.data.set([1, 0, 0, 0, 0, -1]);
  const tiles = vis.filters(model, 'conv2d_1', { zoom: 1 });
  assert.equal([tiles.width, tiles.height], [1 + 2 * 2, 1 + 2 * 3]);
  assert.equal(pixel(tiles, 1, 1), [103, 0, 31, 255]);
  assert.equal(pixel(tiles, 5, 3), [5, 48, 97, 255]);
  assert.equal(pixel(tiles, 3, 1), [247, 247, 247, 255]);
  for (const [layer, words] of [
    ['flatten', ['(flatten) has no filters', 'conv2d, conv2d_1']],
    ['conv', ["there is no layer 'conv'", 'conv2d, conv2d_1']],
  ] as const)
    await rejects(() => vis.filters(model, layer), ValueError, ...words);
});

test('a legend below a sheet has the colours of the scale, and the numbers at its ends', () => {
  const model = new Sequential([layers.conv2d({ filters: 2, kernelSize: 3, useBias: false })], {
    inputShape: [5, 5, 1],
  });
  model.weights[0].tensor.data.fill(0.25);
  model.weights[0].tensor.data[0] = -1;
  const plain = vis.filters(model, 'conv2d', { zoom: 20 });
  const picture = vis.filters(model, 'conv2d', { zoom: 20, legend: true });
  assert.is(picture.width, plain.width);
  assert.equal(picture.data.slice(0, plain.data.length), plain.data);
  const strip = plain.height + 10;
  assert.equal(pixel(picture, strip, 0), [5, 48, 97, 255]);
  assert.equal(pixel(picture, strip, picture.width - 1), [103, 0, 31, 255]);
  // '-1' on the left, '1' on the right: two pixels for each of a sign's.
  const sign = (left: number) =>
    [0, 2, 4, 6, 8].map((row) =>
      [0, 2, 4]
        .map((column) =>
          pixel(picture, plain.height + 22 + row, left + column)[0] < 128 ? '#' : '.',
        )
        .join(''),
    );
  assert.equal(sign(0), ['...', '...', '###', '...', '...']);
  const one = ['.#.', '##.', '.#.', '.#.', '###'];
  assert.equal(sign(8), one);
  assert.equal(sign(picture.width - 6), one);
  // A sheet that is narrower than its numbers gets room beside it.
  const narrow = vis.filters(model, 'conv2d', { zoom: 1, columns: 1, legend: true });
  assert.ok(narrow.width > 5);
  const maps = vis.activations(model, Tensor.zeros([5, 5, 1]), 'conv2d', { legend: true });
  assert.ok(maps.height > vis.activations(model, Tensor.zeros([5, 5, 1]), 'conv2d').height);
});

test('maps of an image have a tile for each channel, and one scale', async () => {
  const model = new Sequential(
    [layers.conv2d({ filters: 3, kernelSize: 1, useBias: false }), layers.flatten()],
    { inputShape: [2, 2, 1] },
  );
  model.weights[0].tensor.data.set([1, 2, 0]);
  const image = Tensor.from([
    [[0], [1]],
    [[0.5], [1]],
  ]);
  const sheet = vis.activations(model, image, 'conv2d', { zoom: 1, columns: 3, scale: 'gray' });
  assert.equal([sheet.width, sheet.height], [10, 4]);
  const lights = [1, 4, 7].map((left) => pixel(sheet, 1, left + 1)[0]);
  assert.equal(lights, [128, 255, 0]);
  const two = random([2, 2, 2, 1], 1);
  await rejects(
    () => vis.activations(model, two, 'conv2d'),
    ShapeError,
    'one image at a time, not 2',
  );
  await rejects(
    () => vis.activations(model, image, 'flatten'),
    ShapeError,
    'no maps',
    'are conv2d',
  );
  await rejects(
    () => vis.activations(model, image, 'dense'),
    ValueError,
    "there is no layer 'dense'",
  );
  const jet = { scale: 'jet' as 'gray' };
  await rejects(() => vis.activations(model, image, 'conv2d', jet), ValueError, 'viridis');
  const other = random([3, 2, 1], 1);
  await rejects(
    () => vis.activations(model, other, 'conv2d'),
    ShapeError,
    'io.readImage',
    '[2, 2]',
  );
});

test('a picture is written as PNG', async () => {
  const picture = vis.colorize(Tensor.from([[0, 1]]), 'gray');
  const read = await io.readImage(io.writePng(picture), { channels: 1 });
  assert.equal(read.toArray(), [[[0], [255]]]);
});

test('what makes no picture is refused', async () => {
  await rejects(() => vis.sheet([]), ValueError, 'at least one picture');
  const sizes = [2, 3].map((side) => vis.colorize(Tensor.zeros([side, 2])));
  await rejects(() => vis.sheet(sizes), ShapeError, '2×2', '2×3');
  await rejects(() => vis.sheet([{} as vis.Picture]), ValueError, 'RGBA');
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const map = Tensor.from([[1, bad]]);
    await rejects(() => vis.colorize(map), NumericError, 'vis.colorize', `${bad} (element 1)`);
    await rejects(() => vis.overlay(Tensor.zeros([2, 2]), map), NumericError, 'vis.overlay');
    await rejects(() => vis.legend(map), NumericError, 'vis.legend');
  }
  const turned = { min: 2, max: 1 };
  await rejects(
    () => vis.colorize(Tensor.zeros([2, 2]), 'gray', turned),
    ValueError,
    '2 is not below 1',
  );
  await rejects(() => vis.colorize(Tensor.zeros([3])), ShapeError, '[height, width]');
  await rejects(() => vis.colorize(Tensor.zeros([2, 2]), 'jet' as 'gray'), ValueError, 'viridis');
  await rejects(
    () => vis.overlay(Tensor.zeros([2, 2, 2]), Tensor.zeros([2, 2])),
    ShapeError,
    'channels',
  );
});

test.run();
