// fit and the event loop: progress, turns for others, aborts.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type callbacks, layers, optimizers, Sequential, StateError } from '../../src/index.js';
import { compiled, rejects, samples, weightsOf } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const { x, y } = samples(50);

/** A model and data whose epoch takes a good part of a second. */
function slow() {
  const model = new Sequential(
    [layers.conv2d({ filters: 32, kernelSize: 5, activation: 'relu' }), layers.flatten(), layers.dense({ units: 3 })],
    { inputShape: [24, 24, 8], seed: 1 },
  );
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0.001 }), loss: 'softmaxCrossEntropy' });
  const count = 400;
  return { model, x: numbers(count * 24 * 24 * 8, 1), y: Int32Array.from({ length: count }, (_, i) => i % 3) };
}

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
  assert.equal(ends.map(({ epoch, epochs, batch, batches }) => [epoch, epochs, batch, batches]), [[1, 3, 3, 3], [2, 3, 3, 3], [3, 3, 3, 3]]);
  assert.equal(ends.map(({ logs }) => logs.loss), history.loss);
  assert.equal(ends.map(({ logs }) => logs.accuracy), history.accuracy);
  for (const { samplesPerSecond, eta } of seen) assert.ok(samplesPerSecond > 0 && Number.isFinite(samplesPerSecond) && eta >= 0);
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
  assert.ok(events.indexOf('timer') > 0 && events.indexOf('timer') < events.indexOf('end'), events.join(', '));
  model.dispose();
});

test('an abort comes through between steps; what was trained stays', async () => {
  const { model, x, y } = slow();
  const reason = new Error('enough');
  const abort = new AbortController();
  setTimeout(() => abort.abort(reason), 10);
  await rejects(() => model.fit(x, y, { epochs: 100, batchSize: 4, signal: abort.signal }), Error, 'enough');
  const { step, epoch } = model.engine('test');
  assert.is(epoch, 0);
  assert.ok(step > 0 && step < 100, `${step} steps`);
  const { history } = await model.fit(x.subarray(0, 4 * 24 * 24 * 8), y.subarray(0, 4));
  assert.ok(Number.isFinite(history.loss[0]));
  await rejects(() => model.evaluate(x, y, { batchSize: 4, signal: abort.signal }), Error, 'enough');
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
  const later = (what: string) => new Promise<void>((resolve) => setTimeout(() => resolve(void events.push(what)), 2));
  let stop = () => {};
  const watch: callbacks.Callback = {
    onTrainBegin(training) {
      stop = training.stop;
      assert.equal([training.model, training.epochs, training.batches], [model, 5, 2]);
      return later('begin');
    },
    onEpochBegin: (epoch) => later(`epoch ${epoch}`),
    onEpochEnd(epoch, logs) {
      assert.equal(Object.keys(logs), ['loss', 'accuracy']);
      if (epoch === 2) stop();
      return later(`end ${epoch}`);
    },
    onTrainEnd: () => later('done'),
  };
  const { epoch } = await model.fit(x, y, { epochs: 5, callbacks: [watch, { onTrainEnd: () => void events.push('second') }] });
  assert.equal(events, ['begin', 'epoch 1', 'end 1', 'epoch 2', 'end 2', 'done', 'second']);
  assert.equal(epoch, [1, 2]);
  model.dispose();
});

test('disposing the model, or a callback that throws, ends fit; another fit may follow a throw', async () => {
  const model = compiled();
  const failing = { onEpochEnd: () => Promise.reject(new RangeError('mine')) };
  await rejects(() => model.fit(x, y, { callbacks: failing }), RangeError, 'mine');
  await model.fit(x, y);
  await rejects(() => model.fit(x, y, { epochs: 3, onProgress: () => model.dispose() }), StateError, 'dispose');
});

test.run();
