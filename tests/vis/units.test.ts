// Units: the patches that they answer to, images that they answer to, and where they are on.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { layers, Sequential, ShapeError, Tensor, ValueError } from '../../src/index.js';
import * as vis from '../../src/vis/index.js';
import { rejects } from '../helpers/models.js';
import { random } from '../helpers/random.js';
import '../helpers/start.js';

const networks: Record<string, () => Sequential> = {
  valid: () =>
    new Sequential(
      [
        layers.conv2d({ filters: 3, kernelSize: 3, activation: 'tanh' }),
        layers.avgPool2d(),
        layers.conv2d({ filters: 2, kernelSize: [3, 2], name: 'last' }),
      ],
      { inputShape: [13, 14, 1], seed: 1 },
    ),
  padded: () =>
    new Sequential(
      [
        layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', activation: 'tanh' }),
        layers.avgPool2d({ poolSize: 2 }),
        layers.conv2d({ filters: 2, kernelSize: 4, padding: 'same', name: 'last' }),
      ],
      { inputShape: [12, 16, 1], seed: 2 },
    ),
};

for (const [name, make] of Object.entries(networks)) {
  test(`what a unit sees is what it changes by, ${name}`, async () => {
    const model = make();
    const x = random([1, ...model.inputShape], 5);
    const [height, width] = model.inputShape;
    const before = model.activations(x, 'last');
    const [, rows, columns, channels] = before.shape;
    // Which pixels change each place, by changing them one at a time.
    const seen = Array.from({ length: rows * columns }, () => ({
      top: 99,
      left: 99,
      bottom: -1,
      right: -1,
    }));
    for (let pixel = 0; pixel < height * width; pixel++) {
      const changed = Tensor.from(x.numbers.slice(), x.shape);
      changed.data[pixel] += 1;
      const after = model.activations(changed, 'last');
      const [row, column] = [Math.floor(pixel / width), pixel % width];
      for (const [place, box] of seen.entries()) {
        if (after.numbers[place * channels] === before.numbers[place * channels]) continue;
        box.top = Math.min(box.top, row);
        box.left = Math.min(box.left, column);
        box.bottom = Math.max(box.bottom, row);
        box.right = Math.max(box.right, column);
      }
      for (const one of [changed, after]) one.dispose();
    }
    // A patch for each place: only there is the unit made to answer.
    const [{ box, value }] = await vis.topPatches(model, x, { layer: 'last', unit: 0, count: 1 });
    const answers = Array.from({ length: rows * columns }, (_, i) => before.numbers[i * channels]);
    const place = answers.indexOf(value);
    assert.is(value, Math.max(...answers));
    const cut = {
      top: Math.max(0, box.top),
      left: Math.max(0, box.left),
      bottom: Math.min(height, box.top + box.height) - 1,
      right: Math.min(width, box.left + box.width) - 1,
    };
    assert.equal(cut, seen[place]);
    const row = model.summary({ print: null }).find((one) => one.name === 'last');
    assert.equal([box.height, box.width], row?.receptiveField);
  });
}

test('the strongest patches, one of each image, with their pixels', async () => {
  const model = new Sequential([layers.conv2d({ filters: 1, kernelSize: 2, padding: 'same' })], {
    inputShape: [3, 3, 1],
  });
  model.weights[0].tensor.data.fill(1);
  const images = new Float32Array(4 * 9);
  for (let n = 0; n < 4; n++) images[n * 9 + n] = [2, 1, 4, 3][n];
  const x = Tensor.from(images, [4, 3, 3, 1]);
  const found = await vis.topPatches(model, x, { layer: 'conv2d', unit: 0, count: 3 });
  assert.equal(
    found.map(({ index, value }) => [index, value]),
    [
      [2, 4],
      [3, 3],
      [0, 2],
    ],
  );
  const [{ picture }] = found;
  assert.equal([picture.width, picture.height], [2, 2]);
  assert.is(Math.max(...picture.data.filter((_, i) => i % 4 === 0)), 255);
  const ask = (options: object) => vis.topPatches(model, x, options as vis.TopPatchesOptions);
  await rejects(
    () => ask({ layer: 'conv2d', unit: 1 }),
    ValueError,
    'no unit 1',
    'has 1, from 0 to 0',
  );
  await rejects(() => ask({ layer: 'pool', unit: 0 }), ValueError, "'pool'", 'conv2d');
  await rejects(() => ask({ unit: 0 }), ValueError, 'layer');
});

test('a maximized image is answered to more than noise, and is a function of its seed', async () => {
  const model = new Sequential(
    [
      layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }),
      layers.maxPool2d(),
      layers.flatten(),
      layers.dense({ units: 3, name: 'end', activation: 'softmax' }),
    ],
    { inputShape: [12, 12, 2], seed: 4 },
  );
  const noise = random([50, 12, 12, 2], 1, Math.sqrt(3));
  for (const [layer, unit] of [
    ['end', 2],
    ['conv2d', 1],
  ] as const) {
    const image = await vis.maximize(model, { layer, unit, steps: 60, jitter: 1 });
    assert.equal(image.shape, [12, 12, 2]);
    const answer = (x: Tensor) => {
      const maps = model.activations(x, layer);
      const channels = maps.shape.at(-1) as number;
      const own = maps.numbers.filter((_, i) => i % channels === unit);
      const each = own.length / x.shape[0];
      return Array.from({ length: x.shape[0] }, (_, n) =>
        own.slice(n * each, (n + 1) * each).reduce((a, b) => a + b),
      );
    };
    const [own] = answer(image.reshape([1, 12, 12, 2]));
    assert.ok(own > Math.max(...answer(noise)), `${layer}: ${own}`);
    const again = await vis.maximize(model, { layer, unit, steps: 60, jitter: 1 });
    assert.equal(again.toArray(), image.toArray());
  }
  // A penalty on high frequencies leaves less of them: differences between neighbours, beside the image's own size.
  const roughness: number[] = [];
  for (const frequencyPenalty of [0, 0.2, 0.8]) {
    const options = { layer: 'end', unit: 2, steps: 60, blur: 0, frequencyPenalty };
    const { numbers } = await vis.maximize(model, options);
    const differences = numbers.subarray(0, -2).map((value, i) => value - numbers[i + 2]);
    const square = (list: Float32Array) => list.reduce((sum, value) => sum + value ** 2, 0);
    roughness.push(square(differences) / square(numbers));
  }
  assert.ok(roughness[0] > 1.5 * roughness[1] && roughness[1] > 1.5 * roughness[2], `${roughness}`);
  // The model is as it was.
  assert.equal(model.predict(noise).shape, [50, 3]);
  await rejects(() => vis.maximize(model, { layer: 'end', unit: 3 }), ValueError, 'no unit 3');
  await rejects(() => vis.maximize(model, { layer: 'end', unit: 0, blur: -1 }), ValueError, 'blur');
  await rejects(
    () => vis.maximize(model, { layer: 'x', unit: 3 }),
    ValueError,
    "no layer 'x'",
    'conv2d',
  );
  const signal = AbortSignal.abort(new Error('enough'));
  await rejects(() => vis.maximize(model, { layer: 'end', unit: 0, signal }), Error, 'enough');
});

test('where a unit is on, and how well that agrees with masks', async () => {
  // A unit that answers to light: on in the brightest hundredth.
  const model = new Sequential([layers.conv2d({ filters: 1, kernelSize: 1 })], {
    inputShape: [10, 10, 1],
  });
  model.weights[0].tensor.data.fill(1);
  const x = Tensor.from(
    Float32Array.from({ length: 400 }, (_, i) => i % 100),
    [4, 10, 10, 1],
  );
  const mask = (from: number) =>
    Tensor.from(
      Float32Array.from({ length: 400 }, (_, i) => Number(i % 100 >= from)),
      [4, 10, 10],
    );
  const ask = { layer: 'conv2d', unit: 0, share: 0.1 } as const;
  const found = await vis.dissect(model, x, { ...ask, masks: { same: mask(90), half: mask(80) } });
  assert.is(found.threshold, 90);
  assert.equal(found.regions.numbers, mask(90).numbers);
  assert.equal(found.iou, { same: 1, half: 0.5 });
  assert.is((await vis.dissect(model, x, { ...ask, masks: mask(95) })).iou, 0.5);
  assert.is((await vis.dissect(model, x, ask)).iou, undefined);
  const none = { ...ask, masks: { stripes: [1] as never } };
  await rejects(() => vis.dissect(model, x, none), ValueError, "the mask 'stripes'", 'tensor');
  const bad = { ...ask, masks: Tensor.zeros([4, 10, 9]) };
  await rejects(() => vis.dissect(model, x, bad), ShapeError, 'the mask', '[4, 10, 10]');
});

test.run();
