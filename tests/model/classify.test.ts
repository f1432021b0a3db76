// From a picture to labelled answers: preprocessing, labels, probabilities, and what of them a file keeps; topK
// and argMax by hand.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  data,
  input,
  type Layer,
  layers,
  loadModel,
  Model,
  ops,
  Sequential,
  ShapeError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import { free } from '../helpers/cases.js';
import { close } from '../helpers/close.js';
import { rejects } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const side = 6;
const labels = ['cat', 'dog', 'eel'];
const preprocessing = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] };

/** A small network that ends in logits, or as `more` says. */
function network(channels = 3, ...more: Layer[]): Sequential {
  const conv = layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' });
  const list = [conv, layers.globalAvgPool2d(), layers.dense({ units: 3 }), ...more];
  return new Sequential(list, { inputShape: [side, side, channels], seed: 2 });
}

/** Bytes from a seed. */
const bytes = (count: number, seed: number) =>
  Uint8ClampedArray.from(numbers(count, seed), (v) => 127 + 128 * v);

/** By definition, of what predict says. */
function expected(model: Model, x: Float32Array): number[] {
  const y = model.predict(x);
  const powers = Array.from(y.data, Math.exp);
  y.dispose();
  return powers.map((v) => v / powers.reduce((a, b) => a + b));
}

test('a canvas and a tensor of the same pixels: softmax of the logits of the normalized picture', async () => {
  const model = network();
  Object.assign(model, { labels, preprocessing });
  const canvas = bytes(side * side * 4, 1);
  const rgb = canvas.filter((_, i) => i % 4 < 3);
  const right = expected(model, data.normalize(rgb, preprocessing));
  const order = [0, 1, 2].sort((a, b) => right[b] - right[a]);
  const pixels = Tensor.from(Float32Array.from(rgb), [side, side, 3]);
  for (const picture of [
    { data: canvas, width: side, height: side },
    { data: rgb, width: side, height: side },
    pixels,
  ]) {
    const answers = await model.classify(picture);
    assert.equal(
      answers.map(({ index, label }) => [index, label]),
      order.map((i) => [i, labels[i]]),
    );
    close(
      answers.map(({ probability }) => probability),
      order.map((i) => right[i]),
      { atol: 1e-6 },
    );
  }
  const [best, ...none] = await model.classify(pixels, { topK: 1 });
  assert.equal([best.index, none.length], [order[0], 0]);
  for (const one of [model, pixels]) one.dispose();
});

test('larger pictures are cut to the middle and resampled; grey is made where the model takes it', async () => {
  const model = network(1);
  model.preprocessing = { scale: 1 / 255 };
  // Left and right of a square in the middle there is what must not matter.
  const [height, width] = [2 * side, 3 * side];
  const wide = new Uint8Array(height * width * 4).fill(255);
  const small = new Float32Array(side * side);
  for (let row = 0; row < height; row++) {
    for (let column = side / 2; column < width - side / 2; column++) {
      wide.fill(
        40 * (1 + Math.floor(row / 4)),
        (row * width + column) * 4,
        (row * width + column) * 4 + 3,
      );
    }
  }
  const answers = await model.classify({ data: wide, width, height }, { topK: 3 });
  // Averages over 2 × 2 pixels and their neighbours, as in Pillow: constant inside a band of four lines.
  assert.is(answers.length, 3);
  const grey = Tensor.zeros([side, side, 1]);
  small.forEach((_, i) => {
    grey.data[i] = 40 * (1 + Math.floor(Math.floor(i / side) / 2));
  });
  const near = await model.classify(grey, { topK: 3 });
  const byIndex = (list: typeof answers) =>
    [...list].sort((a, b) => a.index - b.index).map(({ probability }) => probability);
  close(byIndex(answers), byIndex(near), { atol: 0.02 }, 'bands');
  for (const one of [model, grey]) one.dispose();
});

test('numbers that need resampling stay numbers: a float picture is not rounded to bytes', async () => {
  const model = network(1);
  const [large, small] = [Tensor.zeros([2 * side, 2 * side, 1]), Tensor.zeros([side, side, 1])];
  large.data.fill(0.25);
  small.data.fill(0.25);
  assert.equal(await model.classify(large), await model.classify(small));
  for (const one of [model, large, small]) one.dispose();
});

test('probabilities as they are where the model ends in them, of no and yes where there is one output', async () => {
  const x = Tensor.from(numbers(side * side * 3, 3), [side, side, 3]);
  const logits = network();
  const linear = layers.activation({ activation: 'linear' });
  const soft = network(3, layers.softmax(), layers.reshape({ targetShape: [3] }), linear);
  const [sums, own] = [await soft.classify(x), await logits.classify(x)];
  assert.equal(
    sums.map(({ index }) => index),
    own.map(({ index }) => index),
  );
  // One softmax in f32, the other in f64; a second one would bring all near ⅓.
  close(
    sums.map(({ probability }) => probability),
    own.map(({ probability }) => probability),
    { atol: 1e-6 },
  );
  const several = network(3, layers.sigmoid());
  const y = several.predict(x.reshape([1, side, side, 3]));
  close(
    (await several.classify(x)).map(({ probability }) => probability),
    [...y.data].sort((a, b) => b - a),
    {},
  );
  const make = (...more: Layer[]) => {
    const list = [layers.flatten(), layers.dense({ units: 1 }), ...more];
    return new Sequential(list, { inputShape: [side, side, 3], seed: 1 });
  };
  const [raw, sure] = [make(), make(layers.sigmoid())];
  raw.labels = ['no', 'yes'];
  sure.labels = ['no', 'yes'];
  const [a, b] = [await raw.classify(x), await sure.classify(x)];
  assert.equal(a.map(({ label }) => label).sort(), ['no', 'yes']);
  close(
    a.map(({ probability }) => probability),
    b.map(({ probability }) => probability),
    { atol: 1e-6 },
  );
  for (const one of [logits, soft, several, raw, sure, x, y]) one.dispose();
});

test('labels and preprocessing are kept in the file', async () => {
  const model = network();
  Object.assign(model, { labels, preprocessing });
  const loaded = await loadModel(model.toBytes());
  assert.equal(loaded.labels, labels);
  assert.equal(loaded.preprocessing, preprocessing);
  assert.ok(Buffer.from(loaded.toBytes()).equals(model.toBytes()), 'saved again it is the same');
  const plain = await loadModel(network().toBytes());
  assert.equal([plain.labels, plain.preprocessing], [undefined, undefined]);
  loaded.labels = undefined;
  loaded.preprocessing = undefined;
  const x = Tensor.from(numbers(side * side * 3, 3), [side, side, 3]);
  assert.equal((await loaded.classify(x)).map(({ label }) => label).sort(), ['0', '1', '2']);
  for (const one of [model, loaded, plain, x]) one.dispose();
});

test('bad input', async () => {
  const model = network();
  const set = (what: object) => () => Object.assign(model, what);
  await rejects(set({ labels: ['a', 'b'] }), ValueError, 'labels', '3 classes', '2 labels');
  await rejects(set({ labels: [1, 2, 3] }), ValueError, 'labels', 'a list with a text');
  await rejects(set({ labels: 'cat' }), ValueError, 'labels', 'a list with a text');
  await rejects(set({ preprocessing: { std: 0 } }), ValueError, 'preprocessing', 'std');
  await rejects(
    set({ preprocessing: { mean: [0.4, 0.5] } }),
    ValueError,
    '2 channels',
    '[6, 6, 3]',
  );
  await rejects(set({ preprocessing: { mu: 1 } }), ValueError, "'mu'", 'mean');
  const picture = { data: new Uint8Array(side * side * 3), width: side, height: side };
  for (const resize of [5, [6, 5]])
    await rejects(set({ preprocessing: { resize } }), ValueError, 'resize', '[6, 6, 3]');
  for (const resize of [0, 'large', [6, 6, 6]])
    await rejects(set({ preprocessing: { resize } }), ValueError, 'preprocessing', 'resize must');
  const classify = (given: unknown, options?: object) => () =>
    model.classify(given as typeof picture, options);
  await rejects(classify(undefined), ValueError, 'sequential.classify', 'a picture is', 'bytes');
  // Pages have no paths, and note on the console what a server has not.
  if (!('document' in globalThis))
    await rejects(classify('cat.png'), ValueError, "'cat.png': there is no such file");
  await rejects(classify({ ...picture, width: 0 }), ValueError, 'width');
  await rejects(classify({ ...picture, height: 5 }), ShapeError, '108 bytes', '6×5');
  await rejects(classify(picture, { topK: 0 }), ValueError, 'topK', '0');
  await rejects(classify(picture, { top: 1 }), ValueError, "'top'", 'topK');
  const [flat, grey] = [Tensor.zeros([108]), Tensor.zeros([side, side, 1])];
  await rejects(classify(flat), ShapeError, '[height, width, channels]', '[108]');
  await rejects(classify(grey), ShapeError, '1 channels', 'takes 3');
  const x = input([4]);
  const vectors = new Model({ inputs: x, outputs: layers.dense({ units: 2 }).apply(x) });
  await rejects(() => vectors.classify(grey), ShapeError, 'takes [4]', 'pictures');
  const image = input([side, side, 1]);
  const maps = new Model({ inputs: image, outputs: layers.relu().apply(image) });
  await rejects(() => maps.classify(grey), ShapeError, '[classes]', '[6, 6, 1]');
  const pair = [input([side, side, 3]), input([side, side, 3])];
  const flatSum = layers.flatten().apply(layers.add().apply(pair));
  const two = new Model({ inputs: pair, outputs: flatSum });
  await rejects(() => two.classify(picture), ShapeError, 'model.classify', '2 inputs', 'predict');
  for (const one of [model, vectors, maps, two, flat, grey]) one.dispose();
});

test('topK and argMax along the last dimension; of equal ones the first', async () => {
  const x = Tensor.from([
    [1, 5, 3, 5],
    [-1, -2, -3, -4],
  ]);
  const { values, indices } = ops.topK(x, 3);
  assert.equal(
    [values.toArray(), indices.toArray()],
    [
      [
        [5, 5, 3],
        [-1, -2, -3],
      ],
      [
        [1, 3, 2],
        [0, 1, 2],
      ],
    ],
  );
  assert.is(indices.dtype, 'int32');
  const best = ops.argMax(x);
  assert.equal([best.toArray(), best.shape, best.dtype], [[1, 0], [2], 'int32']);
  await rejects(() => ops.topK(x, 5), ShapeError, 'topK', '5 largest', '[2, 4]');
  await rejects(() => ops.topK(x, 0), ValueError, 'topK', 'k', '0');
  await rejects(() => ops.argMax([1] as never), ValueError, 'argMax', 'x', 'Tensor');
  free(x, values, indices, best);
});

test.run();
