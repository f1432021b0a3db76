// Layers that do not learn: their weights stay, their backward work is not done, and the others learn as
// they would.

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  dispose,
  init,
  type Layer,
  layers,
  loadModel,
  type Model,
  memory,
  OutOfMemoryError,
  optimizers,
  Sequential,
  StateError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import { close } from '../helpers/close.js';
import { dataOf, listed, lossesFor, modelOf, type Plan, plans, stir } from '../helpers/graphs.js';
import { weightsOf as inFloat64, interpret, lossesOf } from '../helpers/interpreter.js';
import { countOf, kernelsOf } from '../helpers/lowered.js';
import { predictions, rejects, sameBits, samples, weightsOf } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import { options } from '../helpers/start.js';

const { x, y } = samples(8);
const sgd = optimizers.sgd({ learningRate: 0.05, momentum: 0.9 });
const loss = 'softmaxCrossEntropy';

/** Two convolutions with batch norm, then a dense layer: named. */
function network(optimizer: Parameters<Model['compile']>[0]['optimizer'] = sgd): Sequential {
  const conv = (name: string) =>
    layers.conv2d({ filters: 5, kernelSize: 3, padding: 'same', useBias: false, name });
  const model = new Sequential(
    [
      conv('conv1'),
      layers.batchNorm({ name: 'norm1', momentum: 0.5 }),
      layers.relu(),
      conv('conv2'),
      layers.batchNorm({ name: 'norm2', momentum: 0.5 }),
      layers.relu(),
      layers.flatten(),
      layers.dense({ units: 3, name: 'last' }),
    ],
    { inputShape: [6, 6, 1], seed: 1, name: 'network' },
  );
  model.compile({ optimizer, loss });
  return model;
}

function freeze(model: Model, ...names: string[]): void {
  for (const name of names) model.getLayer(name).trainable = false;
}

const base = ['conv1', 'norm1', 'conv2', 'norm2'];

const weightOf = (model: Model, name: string): Float32Array =>
  model.weights.find((weight) => weight.name === name)?.tensor.data as Float32Array;

test('random graphs of which random layers are frozen, against their definition', () => {
  let compared = 0;
  const check = (plan: Plan, frozen: readonly boolean[]): void => {
    const model = modelOf(plan);
    model.layers.forEach((layer, i) => {
      layer.trainable = !frozen[i % frozen.length];
    });
    const { x: images, aims } = dataOf(model, plan, 3);
    stir(model, plan.seed);
    model.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), ...lossesFor(aims) });
    const weights = inFloat64(model);
    const pass = interpret(model, weights, images, true);
    const { total, dys } = lossesOf(model, pass, aims);
    const targets = listed(aims.map((aim) => aim.y as Float32Array));
    const train = () => model.trainOnBatch(listed(images), targets).loss;
    if (!model.weights.some(({ trainable }) => trainable)) {
      assert.throws(train, (error: unknown) => error instanceof StateError);
      model.dispose();
      return;
    }
    close([train()], [total], { rtol: 1e-3 }, 'loss');
    const gradients = pass.backward(dys);
    const learning = model.weights.filter(({ trainable }) => trainable);
    const found = learning.map(({ name }) => gradients.get(name) as Float64Array);
    const scale = Math.max(...found.map((d) => d.reduce((a, v) => Math.max(a, Math.abs(v)), 0)));
    for (const { name, tensor, trainable, gradient } of model.weights) {
      const before = Float32Array.from(weights.get(name) as Float64Array);
      const moved = pass.statistics.get(name);
      assert.is(gradient === null, !trainable, name);
      if (moved) close(tensor.data, moved, { rtol: 1e-3, atol: 1e-3 }, name);
      else if (!gradient) sameBits(tensor.data, before, name);
      else if (pass.kink > 1e-5) {
        close(gradient.data, gradients.get(name) as Float64Array, { atol: 1e-3 * scale }, name);
        compared++;
      }
    }
    model.dispose();
  };
  const masks = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 });
  const property = fc.property(plans(), masks, check);
  fc.assert(property, { seed: 11, numRuns: 80, includeErrorInReport: true });
  assert.ok(compared > 150, `${compared} gradients were compared`);
});

test('no backward work for what is frozen, nor below it', () => {
  const kernels = ['convBackwardFilter', 'normBackwardSums', 'normBackward', 'normRunning'];
  const model = network();
  // The first batch norm's dx is wanted by the convolution below it.
  assert.equal(countOf(model, ...kernels), [2, 2, 2, 2]);
  freeze(model, 'conv1');
  assert.equal(
    countOf(model, ...kernels),
    [1, 2, 1, 2],
    'nobody wants the dx of the first batch norm',
  );
  freeze(model, 'norm1');
  assert.equal(countOf(model, ...kernels), [1, 1, 1, 1]);
  freeze(model, 'conv2', 'norm2');
  assert.equal(countOf(model, ...kernels), [0, 0, 0, 0]);
  const all = kernelsOf(model);
  const backward = all.slice(all.indexOf('softmaxCrossEntropy') + 2);
  // The bias's gradient, the kernel's with its packing, and an update of each.
  assert.equal(backward, ['columnSum', 'pack', 'gemm', 'sgd', 'sgd']);
  model.dispose();
});

test('between layers that learn, the gradient goes through one that does not', () => {
  const model = network();
  freeze(model, 'conv2', 'norm2');
  const [filters, sums, merges] = countOf(
    model,
    'convBackwardFilter',
    'normBackwardSums',
    'unaryBackward',
  );
  assert.equal([filters, sums, merges], [1, 1, 1], "the frozen batch norm's ReLU stands alone");
  const before = weightsOf(model);
  const old = ['conv2/kernel', 'norm2/gamma', 'norm2/movingMean'].map((name) =>
    Float32Array.from(weightOf(model, name)),
  );
  for (let step = 0; step < 3; step++) model.trainOnBatch(x, y);
  ['conv2/kernel', 'norm2/gamma', 'norm2/movingMean'].forEach((name, i) => {
    sameBits(weightOf(model, name), old[i], name);
  });
  assert.is.not(weightOf(model, 'conv1/kernel')[0], before[0], 'the first layer learns');
  model.dispose();
});

test('what is frozen changes nothing for the others: the same bits, however their weights lie', () => {
  for (const optimizer of [sgd, optimizers.adam()]) {
    const [whole, part] = [network(optimizer), network(optimizer)];
    freeze(part, 'conv2');
    for (const model of [whole, part]) model.trainOnBatch(x, y);
    for (const { name, tensor } of part.weights) {
      if (!name.startsWith('conv2')) sameBits(tensor.data, weightOf(whole, name), name);
    }
    for (const model of [whole, part]) model.dispose();
  }
});

test('freezing and thawing between steps: the others keep their momentum', () => {
  const model = network();
  const velocities = new Map<string, Float64Array>();
  const step = (): void => {
    const before = inFloat64(model);
    model.trainOnBatch(x, y);
    for (const { name, tensor, gradient } of model.weights) {
      if (!gradient) {
        // What is frozen forgets.
        velocities.delete(name);
        continue;
      }
      const old = velocities.get(name);
      const velocity = Float64Array.from(gradient.data, (g, i) => g + 0.9 * (old?.[i] ?? 0));
      velocities.set(name, velocity);
      const expected = (before.get(name) as Float64Array).map((w, i) => w - 0.05 * velocity[i]);
      close(tensor.data, expected, { rtol: 1e-5, atol: 1e-6 }, name);
    }
  };
  step();
  for (const name of ['conv2', 'last', 'norm1']) {
    model.getLayer(name).trainable = false;
    step();
    step();
    model.getLayer(name).trainable = true;
    step();
  }
  assert.is(velocities.size, 8);
  model.dispose();
});

test('what is frozen needs no memory for gradients and state', () => {
  const before = memory();
  const model = network(optimizers.adam());
  model.trainOnBatch(x, y);
  const all = model.memory({ batchSize: 8 });
  freeze(model, ...base);
  const need = model.memory({ batchSize: 8 });
  model.trainOnBatch(x, y);
  // kernel [180, 3] and bias [3], in lines of 16.
  assert.is(need.training.gradients, (544 + 16) * 4);
  assert.is(memory().gradients - before.gradients, need.training.gradients);
  assert.is(memory().optimizer - before.optimizer, 2 * need.training.gradients);
  assert.ok(need.training.activations < all.training.activations / 2, 'activations need not stay');
  assert.equal(need.inference, all.inference);
  model.dispose();
  assert.equal({ ...memory(), bytes: 0 }, { ...before, bytes: 0 });
});

test('no memory to thaw: nothing has changed, and with more it goes on', async () => {
  dispose();
  await init({ ...options, threads: 1, maximumMemory: 48 });
  try {
    const build = () => {
      const list = [layers.dense({ units: 900, name: 'large' }), layers.dense({ units: 3 })];
      const model = new Sequential(list, { inputShape: [900], seed: 1 });
      model.compile({ optimizer: sgd, loss });
      freeze(model, 'large');
      return model;
    };
    const [model, free] = [build(), build()];
    const data = numbers(900, 1);
    const both = (): void => {
      const [a, b] = [model, free].map((one) => one.trainOnBatch(data, [1]).loss);
      assert.is(a, b);
    };
    both();
    const used = () => ({ ...memory(), bytes: 0 });
    model.getLayer('large').trainable = true;
    const fillers: Tensor[] = [];
    const fill = () => {
      for (;;) fillers.push(Tensor.zeros([1 << 18]));
    };
    await rejects(fill, OutOfMemoryError, 'tensor');
    const before = used();
    for (let i = 0; i < 2; i++) {
      await rejects(() => model.trainOnBatch(data, [1]), OutOfMemoryError, 'gradients');
      assert.equal(used(), before);
    }
    freeze(model, 'large');
    both();
    for (const one of [...fillers]) one.dispose();
    for (const one of [model, free]) one.getLayer('large').trainable = true;
    both();
    for (const one of [model, free]) one.dispose();
  } finally {
    dispose();
    await init(options);
  }
});

test('nothing to train is an error; predicting, evaluating and saving go on', async () => {
  const model = network();
  freeze(model, ...base, 'last');
  const before = weightsOf(model);
  const bad = [
    () => model.trainOnBatch(x, y),
    () => model.fit(x, y),
    () => model.profile(x, { y, print: null }),
  ];
  for (const call of bad)
    await rejects(call, StateError, 'network.', 'nothing to train', 'trainable');
  assert.is(model.memory({ batchSize: 8 }).training.gradients, 0);
  assert.ok((await model.evaluate(x, y)).loss > 0);
  const loaded = await loadModel(model.toBytes());
  assert.ok(loaded.layers.every(({ trainable, parameters }) => !trainable || !parameters.length));
  sameBits(weightsOf(model), before, 'weights');
  // In the middle of a training, too.
  freeze(model);
  model.getLayer('last').trainable = true;
  const onEpochEnd = () => freeze(model, 'last');
  await rejects(() => model.fit(x, y, { epochs: 3, callbacks: { onEpochEnd } }), StateError, 'fit');
  for (const one of [model, loaded]) one.dispose();
  const plain = new Sequential([layers.softmax()], { inputShape: [3] });
  plain.compile({ optimizer: sgd, loss });
  await rejects(() => plain.trainOnBatch([[1, 2, 3]], [1]), StateError, 'nothing to train');
  plain.dispose();
});

test('files keep what is frozen; training goes on with the same bits', async () => {
  const [straight, before] = [network(), network()];
  for (const model of [straight, before]) {
    model.trainOnBatch(x, y);
    freeze(model, 'conv1', 'norm1');
    model.trainOnBatch(x, y);
    // Thawed, but not trained yet: it has no momentum.
    model.getLayer('norm1').trainable = true;
  }
  const after = await loadModel(before.toBytes());
  const frozen = after.layers.filter(({ trainable }) => !trainable).map(({ name }) => name);
  assert.equal(frozen, ['conv1']);
  for (const model of [straight, after]) {
    model.trainOnBatch(x, y);
    model.getLayer('conv1').trainable = true;
    model.trainOnBatch(x, y);
  }
  sameBits(weightsOf(after as Sequential), weightsOf(straight), 'weights');
  assert.ok(Buffer.from(after.toBytes()).equals(straight.toBytes()), 'the files');
  for (const model of [straight, before, after]) model.dispose();
});

test('a prediction is the same, frozen or not; a step with frozen statistics is another', () => {
  const [thawed, frozen] = [network(), network()];
  for (const model of [thawed, frozen]) model.trainOnBatch(x, y);
  freeze(frozen, 'norm1', 'norm2');
  sameBits(predictions(frozen, x), predictions(thawed, x), 'predictions');
  assert.is.not(frozen.trainOnBatch(x, y).loss, thawed.trainOnBatch(x, y).loss);
  for (const model of [thawed, frozen]) model.dispose();
});

test('trainable is true or false', async () => {
  const layer = layers.dense({ units: 2, name: 'last' });
  for (const value of ['no', 0, undefined]) {
    const set = () => {
      layer.trainable = value as never;
    };
    await rejects(set, ValueError, 'last', 'trainable', String(value));
  }
  assert.ok(layer.trainable);
});

test('a residual block hands trainable on to its layers', () => {
  const inner = layers.conv2d({ filters: 3, kernelSize: 1 });
  const shortcut: Layer[] = [layers.conv2d({ filters: 3, kernelSize: 1 }), layers.batchNorm()];
  const block = layers.residual({ layers: [layers.residual({ layers: [inner] })], shortcut });
  assert.ok(block.trainable);
  block.trainable = false;
  assert.not.ok(block.trainable);
  assert.not.ok([inner, ...shortcut].some(({ trainable }) => trainable));
  shortcut[0].trainable = true;
  assert.ok(block.trainable, 'one of its layers learns');
});

test.run();
