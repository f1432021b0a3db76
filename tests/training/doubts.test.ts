// Data that are likely a mistake: what is refused says the way out, what may be meant is warned of once.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type CompileOptions,
  type Data,
  data,
  type Layer,
  layers,
  optimizers,
  Sequential,
  type Shape,
  ShapeError,
  Tensor,
} from '../../src/index.js';
import { warnings } from '../helpers/console.js';
import { rejects } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

function classifier(
  inputShape: Shape,
  {
    units = 3,
    first = layers.flatten(),
    ...options
  }: Partial<CompileOptions> & { units?: number; first?: Layer } = {},
): Sequential {
  const model = new Sequential([first, layers.flatten(), layers.dense({ units })], {
    inputShape,
    name: 'net',
  });
  model.compile({
    optimizer: optimizers.sgd({ learningRate: 1e-4 }),
    loss: 'softmaxCrossEntropy',
    ...options,
  });
  return model;
}

test('RGBA images for a model of RGB ones: refused with the way out, wherever labels disagree', async () => {
  const model = classifier([32, 32, 3]);
  // As many numbers as four RGB images have.
  const rgba = numbers(3 * 32 * 32 * 4, 1);
  const y = Int32Array.of(0, 1, 2);
  const oneHot = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  const parts = ['4 samples', '3 images [32, 32, 4]', 'RGBA', 'drop the fourth channel'];
  for (const targets of [y, oneHot, Tensor.from(oneHot), new Float32Array(9)]) {
    await rejects(() => model.fit(rgba, targets), ShapeError, 'net.fit', ...parts);
    await rejects(() => model.evaluate(rgba, targets), ShapeError, 'net.evaluate', ...parts);
    await rejects(
      () => model.trainOnBatch(rgba, targets),
      ShapeError,
      'net.trainOnBatch',
      ...parts,
    );
  }
  const batches = [[rgba, y]] as const;
  await rejects(() => model.fitDataset(batches), ShapeError, 'fitDataset', ...parts);
  const rgb = numbers(4 * 3072, 2);
  const validationData = [rgba, y] as const;
  const labels = Int32Array.of(0, 1, 2, 0);
  await rejects(
    () => model.fit(rgb, labels, { validationData }),
    ShapeError,
    'validationData',
    ...parts,
  );
  // A number that makes no RGB images, and one that has a shape.
  const two = rgba.subarray(0, 2 * 4096);
  await rejects(() => model.predict(two), ShapeError, '2 images [32, 32, 4]', 'RGBA', 'drop');
  await rejects(() => model.predict(Tensor.from(two, [2, 32, 32, 4])), ShapeError, 'RGBA', 'drop');
  // Other channels than the model's, the same kind.
  const grey = classifier([32, 32, 1]);
  await rejects(() => grey.fit(rgb, labels), ShapeError, '12 samples', '4 images [32, 32, 3]');
  // Where nothing fits, nothing is guessed.
  let message = '';
  await model.fit(rgb, y.subarray(0, 1)).catch((error) => {
    message = error.message;
  });
  assert.match(message, '4 class indices');
  assert.not.match(message, 'images');
  const others: [Sequential, Data, Data][] = [
    // Data that say their channels, and counts of images that are not whole.
    [grey, Tensor.from(rgb, [12, 32, 32, 1]), labels],
    [grey, numbers(10 * 1024, 3), labels],
  ];
  for (const [net, x, targets] of others) {
    await net.fit(x, targets).catch((error) => {
      message = error.message;
    });
    assert.match(message, '4 numbers');
    assert.not.match(message, 'images');
  }
  const blank = numbers(12 * 1024, 3);
  await grey.fit(blank, y).catch((error) => {
    message = error.message;
  });
  assert.match(message, '3 images [32, 32, 4]');
  assert.not.match(message, 'drop');
  for (const one of [model, grey]) one.dispose();
});

test('data of another shape: the way out', async () => {
  const model = classifier([4, 2, 1]);
  const colour = classifier([4, 2, 3]);
  const zeros = (...shape: number[]) => Tensor.zeros(shape).toArray() as number[][];
  const bad: [Sequential, unknown, ...string[]][] = [
    [model, zeros(5, 8), '[5, 8]', 'Tensor.from(x).reshape([-1, 4, 2, 1])'],
    [model, zeros(5, 4, 2), '[5, 4, 2]', 'Tensor.from(x).reshape([-1, 4, 2, 1])'],
    [model, zeros(5, 1, 4, 2), 'reshape([-1, 4, 2, 1])'],
    [model, zeros(4, 2, 1), '[4, 2, 1]', 'for one sample', '[x]'],
    [model, Tensor.zeros([4, 2, 1]), 'for one sample', 'as in x.reshape([1, 4, 2, 1])'],
    [model, [Tensor.zeros([4, 2, 1])], 'for one sample', 'as in x.reshape([1, 4, 2, 1])'],
    [model, Tensor.zeros([5, 8]), 'as in x.reshape([-1, 4, 2, 1])'],
    [model, zeros(4, 2), 'for one sample', 'reshape([1, 4, 2, 1])'],
    [colour, zeros(5, 3, 4, 2), 'channels come last', 'permute(0, 2, 3, 1)'],
    [colour, zeros(5, 4, 2, 4), 'RGBA', 'drop'],
  ];
  for (const [net, x, ...parts] of bad)
    await rejects(() => net.predict(x as never), ShapeError, 'must have shape', ...parts);
  const rows = numbers(40, 1);
  const nested = Array.from({ length: 5 }, (_, i) => [...rows.subarray(8 * i, 8 * i + 8)]);
  const mended = model.predict(Tensor.from(nested).reshape([-1, 4, 2, 1]));
  assert.equal(mended.toArray(), model.predict(rows).toArray());
  for (const one of [model, colour]) one.dispose();
});

test('a validation with classes that training lacks: one warning', async () => {
  const x = numbers(20 * 4, 3);
  const sorted = Int32Array.from({ length: 20 }, (_, i) => Math.floor(i / 8));
  const model = classifier([2, 2, 1]);
  const fits = async () => {
    await model.fit(x, sorted, { validationSplit: 0.2 });
    await model.fit(x, sorted, { validationSplit: 0.2 });
  };
  const said = await warnings(fits);
  assert.is(said.length, 1);
  for (const part of ['net.fit', 'class 2 in y', 'training has none', 'data.split'])
    assert.match(said[0], part);
  const { train, validation } = data.split(x, sorted);
  assert.equal(await warnings(() => model.fit(...train, { validationData: validation })), []);
  // One-hot rows, and zeros and ones of one unit.
  const oneHot = Array.from(sorted, (label) => [0, 1, 2].map((k) => Number(k === label)));
  const other = classifier([2, 2, 1]);
  const hot = await warnings(() =>
    other.fit(x, oneHot, { validationData: [x.subarray(0, 4), [[0, 0, 1]]] }),
  );
  assert.equal(hot, []);
  const some = await warnings(() =>
    other.fit(x.subarray(0, 8), oneHot.slice(0, 2), { validationData: [x, oneHot] }),
  );
  assert.match(some[0], 'classes 1, 2');
  const binary = classifier([2, 2, 1], { units: 1, loss: 'binaryCrossEntropy' });
  const y = Float32Array.from(sorted, (label) => Number(label === 2));
  assert.match((await warnings(() => binary.fit(x, y, { validationSplit: 0.2 })))[0], 'class 1');
  const hinge = classifier([2, 2, 1], { units: 1, loss: 'hinge' });
  const signs = Float32Array.from(y, (label) => 2 * label - 1);
  assert.match((await warnings(() => hinge.fit(x, signs, { validationSplit: 0.2 })))[0], 'class 1');
  // Targets that are no classes.
  const regression = classifier([2, 2, 1], { loss: 'meanSquaredError' });
  const targets = numbers(60, 4);
  assert.equal(await warnings(() => regression.fit(x, targets, { validationSplit: 0.2 })), []);
  for (const one of [model, other, binary, hinge, regression]) one.dispose();
});

test('images from 0 to 255: one warning', async () => {
  const bytes = Uint8Array.from({ length: 6 * 48 }, (_, i) => (i * 37) % 256);
  const y = Int32Array.of(0, 1, 2, 0, 1, 2);
  const said = async (
    x: Float32Array | Uint8Array,
    options: Parameters<typeof classifier>[1] = {},
    shape: Shape = [4, 4, 3],
  ) => {
    const model = classifier(shape, options);
    const lines = await warnings(() => model.fit(x, y, { epochs: 2 }));
    model.dispose();
    return lines;
  };
  const raw = await said(bytes);
  assert.is(raw.length, 1);
  for (const part of ['net.fit', 'images in x', 'from 0 to 255', 'data.normalize'])
    assert.match(raw[0], part);
  assert.is((await said(Float32Array.from(bytes, (v) => v * 0.9 + 0.3))).length, 1);
  assert.equal(await said(data.normalize(bytes)), []);
  assert.equal(await said(data.normalize(bytes, { mean: 0.5, std: 0.01 })), []);
  // Whichever way they come.
  for (const [call, train] of Object.entries<(model: Sequential) => unknown>({
    fitDataset: (model) => model.fitDataset([[bytes, y] as const], { epochs: 2 }),
    trainOnBatch: (model) => [model.trainOnBatch(bytes, y), model.trainOnBatch(bytes, y)],
    computeGradients: (model) => model.computeGradients(bytes, y),
  })) {
    const model = classifier([4, 4, 3]);
    const lines = await warnings(() => train(model));
    assert.equal(lines, [raw[0].replace('net.fit', `net.${call}`)]);
    model.dispose();
  }
  // Rows of pixels are images too, though only whole numbers tell so.
  const flat = Uint8Array.from({ length: 6 * 64 }, (_, i) => (i * 37) % 256);
  assert.match((await said(flat, {}, [64]))[0], 'from 0 to 255');
  const shares = Float32Array.from(flat, (v) => v * 0.9 + 0.3);
  assert.equal(await said(shares, {}, [64]), []);
  // What is no image may have any numbers, and a batch norm scales them.
  assert.equal(await said(bytes, {}, [48]), []);
  assert.equal(await said(bytes, { first: layers.batchNorm() }), []);
});

test.run();
