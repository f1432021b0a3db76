// fit: the order of samples, seeds, history and validation; progress, turns for others, aborts.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { purpose, Random } from '../../src/base/random.js';
import { type callbacks, layers, optimizers, Sequential, StateError } from '../../src/index.js';
import { close } from '../helpers/close.js';
import { compiled, otherBits, rejects, sameBits, samples, weightsOf } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const { x, y } = samples(50);

/** A model and data whose epoch takes a good part of a second. */
function slow() {
  const model = new Sequential(
    [
      layers.conv2d({ filters: 32, kernelSize: 5, activation: 'relu' }),
      layers.flatten(),
      layers.dense({ units: 3 }),
    ],
    { inputShape: [24, 24, 8], seed: 1 },
  );
  model.compile({
    optimizer: optimizers.sgd({ learningRate: 0.001 }),
    loss: 'softmaxCrossEntropy',
  });
  const count = 1200;
  return {
    model,
    x: numbers(count * 24 * 24 * 8, 1),
    y: Int32Array.from({ length: count }, (_, i) => i % 3),
  };
}

async function trained(options: {
  seed?: number;
  shuffle?: boolean;
  epochs?: number[];
}): Promise<Float32Array> {
  const { seed, shuffle, epochs = [2] } = options;
  const model = compiled({ seed });
  for (const count of epochs) await model.fit(x, y, { epochs: count, batchSize: 16, shuffle });
  const weights = weightsOf(model);
  model.dispose();
  return weights;
}

test('the same seed gives the same bits, another seed others', async () => {
  const first = await trained({ seed: 5 });
  sameBits(await trained({ seed: 5 }), first, 'seed 5 again');
  otherBits(await trained({ seed: 6 }), first, 'seed 6');
  otherBits(await trained({ seed: 5 + 2 ** 32 }), first, 'seed 5 + 2³²');
});

test('without shuffling the order is that of the data', async () => {
  const plain = await trained({ shuffle: false });
  otherBits(await trained({ shuffle: true }), plain, 'shuffled');
  const model = compiled();
  for (let epoch = 0; epoch < 2; epoch++) {
    for (let at = 0; at < 50; at += 16)
      model.trainOnBatch(x.slice(at * 36, (at + 16) * 36), y.slice(at, at + 16));
  }
  sameBits(weightsOf(model), plain, 'the same batches by hand');
  model.dispose();
});

test('each epoch has an order of its own, drawn from the seed', async () => {
  const model = compiled();
  for (let epoch = 0; epoch < 2; epoch++) {
    const order = Int32Array.from({ length: 50 }, (_, i) => i);
    new Random(1, purpose.shuffle, epoch).shuffle(order);
    for (let at = 0; at < 50; at += 16) {
      const batch = [...order.subarray(at, at + 16)];
      const images = batch.flatMap((i) => [...x.subarray(i * 36, i * 36 + 36)]);
      model.trainOnBatch(
        Float32Array.from(images),
        batch.map((i) => y[i]),
      );
    }
  }
  sameBits(weightsOf(model), await trained({ seed: 1 }), 'weights');
  model.dispose();
});

test('fit for two epochs is fit for one, twice', async () => {
  sameBits(await trained({ epochs: [1, 1] }), await trained({ epochs: [2] }), 'weights');
  otherBits(await trained({ epochs: [1] }), await trained({ epochs: [2] }), 'one epoch');
});

test('history; a last, smaller batch counts by its samples', async () => {
  const model = compiled({ optimizer: optimizers.sgd({ learningRate: 0 }), rate: 0 });
  const { epoch, history } = await model.fit(x, y, { epochs: 2, batchSize: 50, shuffle: false });
  assert.equal(epoch, [1, 2]);
  assert.equal(Object.keys(history), ['loss', 'accuracy', 'learningRate']);
  assert.is(history.loss.length, 2);
  assert.is(history.loss[0], model.trainOnBatch(x, y).loss);
  const parts = [0, 32].map((at) =>
    model.trainOnBatch(x.slice(at * 36, (at + 32) * 36), y.slice(at, at + 32)),
  );
  const { history: partial } = await model.fit(x, y, { batchSize: 32, shuffle: false });
  close(partial.loss, [(parts[0].loss * 32 + parts[1].loss * 18) / 50], { rtol: 1e-12 });
  close(partial.accuracy, [(parts[0].accuracy * 32 + parts[1].accuracy * 18) / 50], {
    rtol: 1e-12,
  });
  model.dispose();
});

test('validation: given or split off the end, measured as evaluate does', async () => {
  const model = compiled();
  const held = samples(20, 2);
  const given = await model.fit(x, y, { epochs: 2, validationData: [held.x, held.y] });
  assert.equal(Object.keys(given.history), [
    'loss',
    'accuracy',
    'val_loss',
    'val_accuracy',
    'learningRate',
  ]);
  assert.equal(given.history.val_loss[1], (await model.evaluate(held.x, held.y)).loss);
  const split = await model.fit(x, y, { validationSplit: 0.3 });
  const { loss, accuracy } = await model.evaluate(x.subarray(35 * 36), y.subarray(35));
  assert.equal([split.history.val_loss, split.history.val_accuracy], [[loss], [accuracy]]);
  model.dispose();

  const [all, part] = [compiled(), compiled()];
  await all.fit(x.slice(0, 35 * 36), y.slice(0, 35));
  await part.fit(x, y, { validationSplit: 0.3 });
  sameBits(weightsOf(part), weightsOf(all), 'what is split off is not trained on');
  all.dispose();
  part.dispose();
});

test('progress: at the end of each epoch, with means over it so far', async () => {
  const model = compiled();
  const seen: callbacks.Progress[] = [];
  const { history } = await model.fit(x, y, {
    epochs: 3,
    batchSize: 20,
    onProgress(now) {
      seen.push(now);
    },
  });
  const ends = seen.filter(({ batch, batches }) => batch === batches);
  assert.equal(
    ends.map(({ epoch, epochs, batch, batches }) => [epoch, epochs, batch, batches]),
    [
      [1, 3, 3, 3],
      [2, 3, 3, 3],
      [3, 3, 3, 3],
    ],
  );
  assert.equal(
    ends.map(({ logs }) => logs.loss),
    history.loss,
  );
  assert.equal(
    ends.map(({ logs }) => logs.accuracy),
    history.accuracy,
  );
  for (const { samplesPerSecond, eta } of seen)
    assert.ok(samplesPerSecond > 0 && Number.isFinite(samplesPerSecond) && eta >= 0);
  assert.is(ends[2].eta, 0);
  model.dispose();
});

test('a long epoch lets others have their turn, and tells how far it is', async () => {
  const { model, x, y } = slow();
  const events: string[] = [];
  setTimeout(() => events.push('timer'), 10);
  await model.fit(x, y, {
    batchSize: 4,
    onProgress({ batch, batches, eta }) {
      events.push(batch < batches ? 'amid' : 'end');
      assert.is(eta > 0, batch < batches);
    },
  });
  assert.is(events[0], 'amid');
  assert.ok(
    events.indexOf('timer') > 0 && events.indexOf('timer') < events.indexOf('end'),
    events.join(', '),
  );
  model.dispose();
});

test('an abort comes through between steps; what was trained stays', async () => {
  const { model, x, y } = slow();
  const reason = new Error('enough');
  const abort = new AbortController();
  setTimeout(() => abort.abort(reason), 10);
  await rejects(
    () => model.fit(x, y, { epochs: 100, batchSize: 4, signal: abort.signal }),
    Error,
    'enough',
  );
  const { step, epoch } = model.engine('test');
  assert.is(epoch, 0);
  assert.ok(step > 0 && step < 300, `${step} steps`);
  const { history } = await model.fit(x.subarray(0, 4 * 24 * 24 * 8), y.subarray(0, 4));
  assert.ok(Number.isFinite(history.loss[0]));
  await rejects(
    () => model.evaluate(x, y, { batchSize: 4, signal: abort.signal }),
    Error,
    'enough',
  );
  model.dispose();
});

test('a signal that is aborted already stops fit before the first step', async () => {
  const model = compiled();
  const before = weightsOf(model);
  const abort = AbortSignal.abort();
  await rejects(() => model.fit(x, y, { signal: abort }), DOMException, 'abort');
  assert.equal(weightsOf(model), before);
  model.dispose();
});

test('callbacks are called in order, each awaited; stop ends after the epoch', async () => {
  const model = compiled();
  const events: string[] = [];
  const later = (what: string) =>
    new Promise<void>((resolve) => setTimeout(() => resolve(void events.push(what)), 2));
  let stop = () => {};
  const watch: callbacks.Callback = {
    onTrainBegin(training) {
      stop = training.stop;
      assert.equal([training.model, training.epochs, training.batches], [model, 5, 2]);
      return later('begin');
    },
    onEpochBegin: (epoch) => later(`epoch ${epoch}`),
    onEpochEnd(epoch, logs) {
      assert.equal(Object.keys(logs), ['loss', 'accuracy', 'learningRate']);
      if (epoch === 2) stop();
      return later(`end ${epoch}`);
    },
    onTrainEnd: () => later('done'),
  };
  const { epoch } = await model.fit(x, y, {
    epochs: 5,
    callbacks: [watch, { onTrainEnd: () => void events.push('second') }],
  });
  assert.equal(events, ['begin', 'epoch 1', 'end 1', 'epoch 2', 'end 2', 'done', 'second']);
  assert.equal(epoch, [1, 2]);
  model.dispose();
});

test('disposing the model, or a callback that throws, ends fit; another fit may follow a throw', async () => {
  const model = compiled();
  const failing = { onEpochEnd: () => Promise.reject(new RangeError('mine')) };
  await rejects(() => model.fit(x, y, { callbacks: failing }), RangeError, 'mine');
  await model.fit(x, y);
  await rejects(
    () => model.fit(x, y, { epochs: 3, onProgress: () => model.dispose() }),
    StateError,
    'dispose',
  );
});

test.run();
