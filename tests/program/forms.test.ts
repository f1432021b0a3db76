// Packed and transformed weights that are kept: never older than the weights, made once while those stay the
// same, and given back with them.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backend } from '../../bindings/backend.js';
import {
  dispose,
  type InitOptions,
  init,
  layers,
  loadModel,
  memory,
  ops,
  optimizers,
  Sequential,
  Tensor,
} from '../../src/index.js';
import { close } from '../helpers/close.js';
import { predictions, samples } from '../helpers/models.js';
import { random } from '../helpers/random.js';
import { options } from '../helpers/start.js';

/** A network whose every layer has a form at inference: folded, transformed, packed. */
function network(): Sequential {
  const model = new Sequential(
    [
      layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same' }),
      layers.batchNorm({ momentum: 0.5 }),
      layers.relu(),
      layers.conv2d({ filters: 9, kernelSize: 3, padding: 'same', algorithm: 'winograd' }),
      layers.flatten(),
      layers.dense({ units: 3 }),
    ],
    { inputShape: [6, 6, 1], seed: 3 },
  );
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0.05 }), loss: 'softmaxCrossEntropy' });
  return model;
}

/** The same weights in a model that has never predicted. */
async function afresh(model: Sequential, x: Float32Array): Promise<Float32Array> {
  const copy = await loadModel(model.toBytes());
  const result = predictions(copy, x);
  copy.dispose();
  return result;
}

/** Runs `body` with a backend of its own. */
async function apart(own: InitOptions, body: () => void): Promise<void> {
  dispose();
  await init(own);
  try {
    body();
  } finally {
    dispose();
    await init(options);
  }
}

/** How often programs run while `body` does. */
function runs(body: () => void): number {
  const running = backend() as { run: (...args: [number, number, number]) => void };
  const { run } = running;
  let count = 0;
  running.run = (...args) => {
    count++;
    run(...args);
  };
  try {
    body();
  } finally {
    running.run = run;
  }
  return count;
}

test('predictions follow the weights, however they change', async () => {
  const model = network();
  const { x, y } = samples(8);
  const check = async (what: string) =>
    assert.equal(predictions(model, x), await afresh(model, x), what);
  await check('at first');
  const { data } = model.weights[0].tensor;
  data[3] += 1;
  await check('written through data');
  // Two signs in the same lane, four numbers apart: what a weak fingerprint would not notice.
  data[0] = -data[0];
  data[16] = -data[16];
  await check('two signs turned');
  [data[1], data[5]] = [data[5], data[1]];
  await check('two numbers exchanged');
  model.trainOnBatch(x, y);
  await check('trained');
  const statistics = model.weights.find(({ name }) => name.endsWith('movingVariance'));
  if (statistics) statistics.tensor.data[2] *= 4;
  await check('running statistics written');
  await model.fit(x, y, { epochs: 2, batchSize: 3, validationData: [x, y] });
  await check('fitted, evaluated in between');
  model.dispose();
});

test('a second prediction makes nothing anew, for whatever batch', () => {
  const model = network();
  const { x, y } = samples(8);
  const first = runs(() => predictions(model, x));
  assert.is(
    runs(() => predictions(model, x)),
    1,
  );
  // Another batch size is another program over the same forms.
  assert.is(
    runs(() => predictions(model, x.subarray(0, 3 * 36))),
    1,
  );
  model.trainOnBatch(x, y);
  assert.is(
    runs(() => predictions(model, x)),
    first,
  );
  model.dispose();
});

test('eager ops follow their filters, and keep no form of what is used once', () => {
  const before = memory();
  const x = random([1, 8, 8, 9], 1);
  const w = random([3, 3, 9, 10], 2);
  const conv = (filter: Tensor) => {
    const y = ops.conv2d(x, filter, { algorithm: 'winograd' });
    const numbers = y.data.slice();
    y.dispose();
    return numbers;
  };
  const fresh = () => {
    const copy = w.clone();
    const numbers = conv(copy);
    copy.dispose();
    return numbers;
  };
  for (let round = 0; round < 4; round++) {
    for (let again = 0; again < 3; again++) assert.equal(conv(w), fresh(), `round ${round}`);
    w.data[round * 7] += 1;
  }
  const shared = w.reshape([3, 3, 9, 10]);
  shared.data[5] = 7;
  assert.equal(conv(w), fresh(), 'written through a view');
  shared.dispose();
  // Two forms in turns are both kept.
  const dy = random([1, 6, 6, 10], 3);
  const inputs = () => ops.conv2dBackwardInput(dy, w, x.shape, { algorithm: 'direct' }).dispose();
  for (let again = 0; again < 2; again++) for (const op of [() => conv(w), inputs]) op();
  assert.is(
    runs(() => [conv(w), inputs()]),
    2,
  );
  dy.dispose();
  // Once each: nothing is kept.
  const others = Array.from({ length: 5 }, (_, i) => random([3, 3, 9, 10], i));
  const { scratch } = memory();
  for (const other of others) conv(other);
  assert.is(memory().scratch, scratch);
  for (const tensor of [x, w, ...others]) tensor.dispose();
  assert.is(memory().tensors, before.tensors);
});

test('a filter that is a weight, while its model trains', () => {
  const model = network();
  const { x, y } = samples(8);
  const images = Tensor.from(x, [8, 6, 6, 1]);
  const { tensor } = model.weights[0];
  for (let step = 0; step < 3; step++) {
    const copy = tensor.clone();
    for (let again = 0; again < 3; again++) {
      const [a, b] = [ops.conv2d(images, tensor), ops.conv2d(images, copy)];
      close(a.data, b.data, { atol: 1e-6 }, `step ${step}`);
      a.dispose();
      b.dispose();
    }
    copy.dispose();
    model.trainOnBatch(x, y);
  }
  images.dispose();
  model.dispose();
});

test('forms give way to whatever needs memory', () =>
  apart({ ...options, threads: 1, maximumMemory: 16 }, () => {
    const x = random([4, 8, 8, 128], 1);
    const filters = Array.from({ length: 8 }, (_, i) => random([3, 3, 128, 128], i));
    const conv = (filter: Tensor) => {
      const y = ops.conv2d(x, filter, { padding: 'same', algorithm: 'winograd' });
      const numbers = y.data.slice();
      y.dispose();
      return numbers;
    };
    const first = filters.map(conv);
    // All forms together do not fit.
    for (let round = 0; round < 3; round++)
      assert.equal(filters.map(conv), first, `round ${round}`);
    // What is left would not do, with forms kept.
    const large = Tensor.zeros([1_500_000]);
    for (const tensor of [x, large, ...filters]) tensor.dispose();
  }));

test('forms are given back with their model', () => {
  const before = memory();
  for (let i = 0; i < 3; i++) {
    const model = network();
    predictions(model, samples(8).x);
    assert.ok(memory().parameters > before.parameters);
    model.dispose();
  }
  const after = memory();
  assert.equal({ ...after, bytes: 0, scratch: 0 }, { ...before, bytes: 0, scratch: 0 });
  const again = network();
  predictions(again, samples(8).x);
  again.dispose();
  assert.is(memory().scratch, after.scratch);
});

test.run();
