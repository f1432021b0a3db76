// Attributions that no golden data has, against what they are defined by: sums, means, and hiding pixel by pixel.
// tests/golden/attribution.test.ts has the others, against PyTorch.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { purpose, Random } from '../../src/base/random.js';
import {
  input,
  layers,
  Model,
  Sequential,
  ShapeError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import * as vis from '../../src/vis/index.js';
import { close } from '../helpers/close.js';
import { rejects } from '../helpers/models.js';
import { numbers, random } from '../helpers/random.js';
import '../helpers/start.js';

const SHAPE = [7, 5, 2];

/** A network of [7, 5, 2] to three classes. */
function network(end: 'softmax' | 'linear' = 'softmax'): Sequential {
  return new Sequential(
    [
      layers.conv2d({ filters: 4, kernelSize: 3, activation: 'tanh' }),
      layers.flatten(),
      layers.dense({ units: 3, activation: end }),
    ],
    { inputShape: SHAPE, seed: 3 },
  );
}

const images = random([2, ...SHAPE], 1);

/** The scores of classes: what goes into the softmax. */
function scores(x: Tensor): number[][] {
  const model = network('linear');
  return model.predict(x).toArray<number[][]>();
}

test('integrated gradients sum to the difference of the scores', async () => {
  const target = [2, 0];
  const method = 'integratedGradients';
  for (const baseline of [0, 0.5]) {
    const found = await vis.attribute(network(), images, { method, target, baseline });
    const [from] = scores(Tensor.from(new Float32Array(70).fill(baseline), [1, ...SHAPE]));
    const to = scores(images);
    const sums = found
      .reshape([2, -1])
      .toArray<number[][]>()
      .map((row) => row.reduce((a, b) => a + b));
    const differences = target.map((one, i) => to[i][one] - from[one]);
    close(sums, differences, { rtol: 0.01 });
  }
});

test('of a linear network all gradients are its weights, whatever the noise', async () => {
  const model = new Sequential([layers.flatten(), layers.dense({ units: 3 })], {
    inputShape: SHAPE,
  });
  const kernel = model.weights[0].tensor.toArray<number[][]>();
  const column = kernel.map((row) => row[1]);
  for (const method of ['gradient', 'smoothGrad', 'guided'] as const) {
    const found = await vis.attribute(model, images, { method, target: 1, samples: 5 });
    assert.equal(found.shape, [2, ...SHAPE]);
    close(found.numbers, [...column, ...column], { rtol: 1e-5 }, method);
  }
});

test('smoothGrad is a function of its seed, whatever the batch size', async () => {
  const ask = { method: 'smoothGrad', target: 1, samples: 9 } as const;
  const smooth = (options: object) => vis.attribute(network(), images, { ...ask, ...options });
  const first = await smooth({ seed: 1 });
  close((await smooth({ seed: 1, batchSize: 4 })).numbers, first.numbers, {
    rtol: 1e-4,
    atol: 1e-6,
  });
  assert.not.equal((await smooth({ seed: 2 })).toArray(), first.toArray());
  const plain = await vis.attribute(network(), images, { target: 1 });
  close((await smooth({ noise: 1e-4 })).numbers, plain.numbers, { rtol: 1e-2, atol: 1e-3 });
});

test('occlusion is the mean fall of the output under the squares that hide a pixel', async () => {
  const model = network();
  const ask = {
    method: 'occlusion',
    target: 1,
    windowSize: 3,
    strides: 2,
    baseline: 0.25,
  } as const;
  const found = await vis.attribute(model, images, ask);
  assert.equal(found.shape, [2, 7, 5]);
  const output = (x: Float32Array) => {
    const y = model.predict(Tensor.from(x, [1, ...SHAPE]));
    return y.numbers[1];
  };
  const expected = [0, 1].flatMap((n) => {
    const image = images.numbers.slice(n * 70, (n + 1) * 70);
    const whole = output(image);
    const sums = new Float64Array(35);
    const counts = new Float64Array(35);
    for (const top of [0, 2, 4])
      for (const left of [0, 2]) {
        const hidden = image.slice();
        const inside = (i: number) =>
          Math.floor(i / 5) - top >= 0 &&
          Math.floor(i / 5) - top < 3 &&
          (i % 5) - left >= 0 &&
          (i % 5) - left < 3;
        for (let i = 0; i < 70; i++) if (inside(i >> 1)) hidden[i] = 0.25;
        const fall = whole - output(hidden);
        for (let i = 0; i < 35; i++)
          if (inside(i)) {
            sums[i] += fall;
            counts[i]++;
          }
      }
    return Array.from(sums, (sum, i) => sum / counts[i]);
  });
  close(found.numbers, expected, { rtol: 1e-4, atol: 1e-6 });
});

test('RISE finds the pixel that alone decides, and its mean is the output', async () => {
  const inputs = input([14, 14, 1]);
  const kernel = new Float32Array(196);
  kernel[14 * 3 + 10] = 1;
  const end = layers.dense({ units: 1, useBias: false });
  const model = new Model({ inputs, outputs: end.apply(layers.flatten().apply(inputs)) });
  model.weights[0].tensor.data.set(kernel);
  const x = Tensor.from(new Float32Array(196).fill(1), [14, 14, 1]);
  const found = await vis.attribute(model, x, { method: 'rise', target: 0, samples: 1500 });
  assert.equal(found.shape, [1, 14, 14]);
  const map = Array.from(found.numbers);
  const most = map.indexOf(Math.max(...map));
  // The expected map is E[mask(p)·mask(decisive)] / ½: largest at the pixel itself, ½ far away.
  assert.ok(Math.abs(Math.floor(most / 14) - 3) <= 1 && Math.abs((most % 14) - 10) <= 1, `${most}`);
  const far = map.filter(
    (_, i) => Math.abs(Math.floor(i / 14) - 3) > 4 && Math.abs((i % 14) - 10) > 4,
  );
  close([far.reduce((a, b) => a + b) / far.length], [0.5], { atol: 0.05 });
  const again = await vis.attribute(model, x, {
    method: 'rise',
    target: 0,
    samples: 1500,
    batchSize: 7,
  });
  close(again.numbers, found.numbers, { rtol: 1e-5 });
});

test('RISE is the mean of its masks, each times the output under it', async () => {
  const model = network();
  const [height, width, channels] = SHAPE;
  const [samples, seed, cells] = [6, 3, 7];
  const image = images.numbers.slice(0, 70);
  const expected = new Float64Array(height * width);
  for (let i = 0; i < samples; i++) {
    // Eight by eight cells that are seen or not, and a shift: in the order in which they are drawn.
    const stream = new Random(seed, purpose.augment, i);
    const grid = Array.from({ length: 64 }, () => Number(stream.uniform() < 0.5));
    const [down, right] = [stream.uniform(), stream.uniform()];
    // Each cell is a tent that reaches to its neighbours: what bilinear interpolation adds up.
    const tent = (from: number) => Math.max(0, 1 - Math.abs(from));
    const mask = Array.from({ length: height * width }, (_, pixel) => {
      const y = Math.min((Math.floor(pixel / width) / height) * cells + down, cells);
      const x = Math.min(((pixel % width) / width) * cells + right, cells);
      return grid.reduce(
        (sum, seen, cell) => sum + seen * tent(y - Math.floor(cell / 8)) * tent(x - (cell % 8)),
        0,
      );
    });
    const hidden = image.map((value, k) => 0.25 + mask[Math.floor(k / channels)] * (value - 0.25));
    const output = model.predict(Tensor.from(hidden, [1, ...SHAPE])).numbers[1];
    mask.forEach((seen, pixel) => {
      expected[pixel] += (seen * output) / (samples * 0.5);
    });
  }
  const ask = { method: 'rise', target: 1, samples, seed, baseline: 0.25 } as const;
  const found = await vis.attribute(model, Tensor.from(image, SHAPE), ask);
  close(found.numbers, expected, { rtol: 1e-4, atol: 1e-6 });
});

test('without a target the class with the highest score is meant', async () => {
  const model = network();
  const target = model
    .predict(images)
    .toArray<number[][]>()
    .map((row) => row.indexOf(Math.max(...row)));
  const found = await vis.attribute(model, images);
  assert.equal(found.toArray(), (await vis.attribute(model, images, { target })).toArray());
});

test('Grad-CAM of the last maps, for one image too; no positive answer is a map of 0', async () => {
  const model = network();
  const one = Tensor.from(images.numbers.slice(0, 70), SHAPE);
  const heat = await vis.gradCam(model, one, { target: 1 });
  assert.equal(heat.shape, [1, 7, 5]);
  assert.equal(
    heat.toArray(),
    (await vis.gradCam(model, one, { target: 1, layer: 'conv2d' })).toArray(),
  );
  assert.ok(
    heat
      .toArray<number[][][]>()
      .flat(2)
      .every((value) => value >= 0),
  );
});

test('Grad-CAM by default looks at maps before the output, of a layer that is in one place', async () => {
  const maps = (filters: number, name: string, activation: 'relu' | 'softmax') =>
    layers.conv2d({ filters, kernelSize: 1, name, activation });
  const scores = new Sequential([maps(4, 'maps', 'relu'), maps(3, 'scores', 'softmax')], {
    inputShape: SHAPE,
    seed: 1,
  });
  const image = input(SHAPE);
  const twice = maps(2, 'twice', 'relu');
  const deep = twice.apply(twice.apply(maps(2, 'first', 'relu').apply(image)));
  const end = layers.dense({ units: 3 }).apply(layers.flatten().apply(deep));
  const shared = new Model({ inputs: image, outputs: end });
  for (const [model, layer] of [
    [scores, 'maps'],
    [shared, 'first'],
  ] as const) {
    const heat = await vis.gradCam(model, images, { target: 1 });
    assert.equal(
      heat.toArray(),
      (await vis.gradCam(model, images, { target: 1, layer })).toArray(),
    );
  }
  const all = await vis.report(shared, { x: images });
  assert.match(all, 'Grad-CAM');
});

test('progress is reported to its end, and a signal ends the work', async () => {
  const last: number[] = [];
  await vis.attribute(network(), images, { onProgress: (done) => last.push(done) });
  assert.equal(last, [1]);
  for (const method of ['smoothGrad', 'integratedGradients', 'occlusion', 'rise'] as const) {
    const shares: number[] = [];
    const onProgress = (done: number) => shares.push(done);
    await vis.attribute(network(), images, { method, samples: 40, onProgress });
    assert.ok(
      shares.every((share, i) => i === 0 || share > shares[i - 1]),
      method,
    );
    assert.is(shares.at(-1), 1);
    const controller = new AbortController();
    const abort = () => controller.abort(new Error('enough'));
    const work = vis.attribute(network(), images, {
      method,
      samples: 80,
      onProgress: abort,
      signal: controller.signal,
    });
    await rejects(() => work, Error, 'enough');
  }
});

test('what makes no sense is refused by name', async () => {
  const model = network();
  const ask = (options: object, x: Tensor = images) => vis.attribute(model, x, options);
  await rejects(() => ask({ method: 'lime' }), ValueError, 'vis.attribute', "'gradient'", "'lime'");
  await rejects(() => ask({ target: 3 }), ValueError, 'no class 3', 'from 0 to 2');
  await rejects(() => ask({ target: [1] }), ValueError, '1 classes for 2 images');
  await rejects(() => ask({}, random([2, 6, 5, 2], 1)), ShapeError, '[7, 5]', 'io.readImage');
  await rejects(() => ask({ noise: -1 }), ValueError, 'noise');
  await rejects(() => ask({ baseline: Number.NaN }), ValueError, 'baseline');
  const loss = { y: [0, 1], logits: true, wanted: 'input' };
  await rejects(() => model.gradients(images, loss), ValueError, 'logits goes with output');
  const flat = new Sequential([layers.dense({ units: 2 })], { inputShape: [4] });
  await rejects(() => vis.gradCam(flat, random([1, 4], 1)), ShapeError, 'no maps');
  await rejects(
    () => vis.attribute(flat, random([1, 4], 1), { method: 'rise' }),
    ShapeError,
    'not images',
  );
  await rejects(
    () => vis.gradCam(model, images, { layer: 'conv' }),
    ValueError,
    "'conv'",
    'conv2d',
  );
  await rejects(
    () => vis.gradCam(model, images, { layer: 'dense' }),
    ShapeError,
    "'dense' makes [3]",
  );
  const [a, b] = [input([3]), input([3])];
  const two = new Model({ inputs: [a, b], outputs: layers.add().apply([a, b]) });
  await rejects(() => vis.attribute(two, numbers(3, 1)), ValueError, '2 inputs and 1 outputs');
  await rejects(() => vis.attribute(undefined as never, images), ValueError, 'expected a model');
});

test.run();
