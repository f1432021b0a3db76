// The callbacks that come with the library: progress, early stopping, checkpoints, a rate that falls,
// gradient norms.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  callbacks,
  layers,
  loadModel,
  memory,
  optimizers,
  Sequential,
  StateError,
  schedules,
  ValueError,
} from '../../src/index.js';
import { close } from '../helpers/close.js';
import { compiled, predictions, rejects, sameBits, samples, weightsOf } from '../helpers/models.js';
import '../helpers/start.js';

const { x, y } = samples(50);

/** Plays epochs with these logs to a callback; returns how many there were before it stopped. */
async function play(
  model: Sequential,
  callback: callbacks.Callback,
  name: string,
  values: number[],
): Promise<number> {
  let stopped = false;
  const stop = () => {
    stopped = true;
  };
  const rate = { learningRateFactor: 1, learningRate: 0.1 };
  const training = { model, epochs: values.length, batches: 1, ...rate, stop };
  await callback.onTrainBegin?.(training);
  let epoch = 0;
  while (epoch < values.length && !stopped) {
    epoch++;
    // Each epoch leaves its number in the weights.
    for (const { tensor } of model.weights) tensor.data.fill(epoch);
    await callback.onEpochEnd?.(epoch, { loss: 0, [name]: values[epoch - 1] });
  }
  await callback.onTrainEnd?.();
  return epoch;
}

test('progress: bar, rate, time left, numbers; the last line of an epoch is done', async () => {
  const model = compiled();
  const lines: [string, boolean][] = [];
  const print = (line: string, done: boolean) => void lines.push([line, done]);
  const { history } = await model.fit(x, y, {
    epochs: 2,
    validationSplit: 0.2,
    callbacks: callbacks.progress({ print }),
  });
  const done = lines.filter(([, last]) => last).map(([line]) => line);
  assert.is(done.length, 2);
  const number = (name: string, epoch: number) => `${name} ${history[name][epoch].toFixed(4)}`;
  done.forEach((line, epoch) => {
    assert.match(line, `epoch ${epoch + 1}/2  ${'━'.repeat(24)}  `);
    assert.match(line, /━ {2}[\d ]+ images\/s {2}\d+:\d\d left {2}loss/);
    assert.match(
      line,
      ['loss', 'accuracy', 'val_loss', 'val_accuracy']
        .map((name) => number(name, epoch))
        .join('  '),
    );
  });
  assert.not.match(lines[0][0], 'val_loss');
  model.dispose();
});

test('progress: how a line looks amid an epoch', () => {
  let line = '';
  const { onProgress } = callbacks.progress({
    print(text) {
      line = text;
    },
  });
  onProgress?.({
    epoch: 2,
    epochs: 15,
    batch: 10,
    batches: 40,
    samplesPerSecond: 12034.4,
    eta: 67.9,
    logs: { loss: 0.08412 },
  });
  assert.is(
    line,
    `epoch 2/15  ${'━'.repeat(6)}${'─'.repeat(18)}  12 034 images/s  1:07 left  loss 0.0841`,
  );
});

test('progress: without a print function, finished epochs go to the console', async () => {
  const model = compiled();
  const { log } = console;
  const lines: string[] = [];
  const { isTTY } = process.stderr;
  process.stderr.isTTY = false;
  console.log = (line: string) => lines.push(line);
  try {
    await model.fit(x, y, { epochs: 2, callbacks: callbacks.progress() });
  } finally {
    console.log = log;
    process.stderr.isTTY = isTTY;
  }
  assert.equal(
    lines.map((line) => line.slice(0, 9)),
    ['epoch 1/2', 'epoch 2/2'],
  );
  model.dispose();
});

test('early stopping: patience counts epochs in a row without improvement', async () => {
  const model = compiled();
  const losses = [5, 4, 4.5, 3, 3, 3.5, 6, 2];
  const epochs = (options: callbacks.EarlyStoppingOptions, values: number[], name = 'val_loss') =>
    play(model, callbacks.earlyStopping(options), name, values);
  assert.is(await epochs({}, losses), 3);
  assert.is(await epochs({ patience: 1 }, losses), 3);
  assert.is(await epochs({ patience: 2 }, losses), 6);
  assert.is(await epochs({ patience: 3 }, losses), 7);
  assert.is(await epochs({ patience: 4 }, losses), 8);
  // A gain of less than minDelta is none.
  assert.is(await epochs({ minDelta: 1.5 }, [5, 3, 2, 1]), 3);
  // What is no loss should rise.
  assert.is(await epochs({ monitor: 'val_accuracy' }, [0.1, 0.2, 0.2, 0.9], 'val_accuracy'), 3);
  // NaN is never better, and nothing is worse than what is after it.
  assert.is(
    await epochs({ patience: 2 }, [Number.NaN, 3, Number.NaN, 2, Number.NaN, Number.NaN, 1]),
    6,
  );
  model.dispose();
});

test('mode says whether a log should fall or rise, whatever its name says', async () => {
  const model = compiled();
  const values = [1, 2, 3, 2, 1];
  const epochs = (monitor: string, mode: 'auto' | 'min' | 'max') =>
    play(model, callbacks.earlyStopping({ monitor, mode }), monitor, values);
  assert.is(await epochs('score', 'auto'), 4);
  assert.is(await epochs('score', 'min'), 2);
  assert.is(await epochs('val_loss', 'max'), 4);
  assert.is(await epochs('val_loss', 'min'), 2);
  const plateau = callbacks.reduceOnPlateau({ monitor: 'loss', mode: 'max', patience: 1 });
  const saved: number[] = [];
  const save = (_bytes: Uint8Array, epoch: number) => void saved.push(epoch);
  const best = callbacks.checkpoint({ save, monitor: 'accuracy', mode: 'min', bestOnly: true });
  const { history } = await model.fit(x, y, { epochs: 3, callbacks: [plateau, best] });
  const [, second] = history.learningRate;
  assert.ok(history.loss[1] < history.loss[0] && history.learningRate[2] < second);
  assert.equal(
    saved,
    history.accuracy.flatMap((value, i, all) =>
      all.slice(0, i).every((before) => value < before) ? [i + 1] : [],
    ),
  );
  for (const make of [
    callbacks.earlyStopping,
    callbacks.reduceOnPlateau,
    (options: object) => callbacks.checkpoint({ save, ...options }),
  ])
    await rejects(
      () => make({ mode: 'less' as never }),
      ValueError,
      'mode',
      "'auto', 'min' or 'max'",
    );
  model.dispose();
});

// As Keras's LearningRateScheduler: the function returns the rate; https://keras.io/api/callbacks/learning_rate_scheduler
test('a schedule of your own gives the rate, whatever schedule and factor were before', async () => {
  const model = compiled();
  const heard: [number, number][] = [];
  const of = (rates: number[]) =>
    callbacks.learningRateScheduler((epoch, rate) => {
      heard.push([epoch, rate]);
      return rates[epoch - 1] ?? rate / 2;
    });
  const first = model.learningRate as number;
  const { history } = await model.fit(x, y, { epochs: 4, callbacks: of([1e-3, 0, 1e-4]) });
  close(history.learningRate, [1e-3, 0, 1e-4, 5e-5], { rtol: 1e-12 });
  assert.equal(
    heard.map(([epoch]) => epoch),
    [1, 2, 3, 4],
  );
  close(
    heard.map(([, rate]) => rate),
    [first, 1e-3, 0, 1e-4],
    { rtol: 1e-12 },
  );
  // A schedule goes on within the epoch: 5 steps, each half of the one before.
  const learningRate = schedules.step({ initial: 0.1, every: 1, factor: 0.5 });
  model.compile({ optimizer: optimizers.sgd({ learningRate }), loss: 'softmaxCrossEntropy' });
  const { history: halved } = await model.fit(x, y, {
    batchSize: 10,
    epochs: 2,
    callbacks: of([1e-3, 1e-4]),
  });
  close(halved.learningRate, [1e-3 / 16, 1e-4 / 16], { rtol: 1e-12 });
  const wrong = (value: unknown) => callbacks.learningRateScheduler(() => value as number);
  for (const value of [-1, Number.NaN, '1', undefined])
    await rejects(
      () => model.fit(x, y, { callbacks: wrong(value) }),
      ValueError,
      'callbacks.learningRateScheduler: the rate of epoch 3 must be a number ≥ 0',
    );
  await rejects(
    () => callbacks.learningRateScheduler({} as never),
    ValueError,
    'learningRateScheduler: schedule must be a function',
  );
  const never = compiled({ rate: 0, optimizer: optimizers.sgd({ learningRate: 0 }) });
  await rejects(
    () => never.fit(x, y, { callbacks: wrong(0.1) }),
    StateError,
    "the optimizer's own learning rate is 0 in epoch 1, which no factor makes 0.1",
  );
  for (const one of [model, never]) one.dispose();
});

test('what callbacks know of the training takes no property of another library', async () => {
  const model = compiled();
  for (const name of ['learningRate', 'stopTraining'])
    await rejects(
      () =>
        model.fit(x, y, {
          callbacks: {
            onTrainBegin(training) {
              Object.assign(training, { [name]: 1e-5 });
            },
          },
        }),
      TypeError,
    );
  model.dispose();
});

test('a rate that float32 does not hold is refused, and the step not taken', async () => {
  const model = compiled({ optimizer: optimizers.sgd({ learningRate: 1e10 }) });
  const before = weightsOf(model);
  const huge = callbacks.learningRateScheduler(() => 1e39);
  await rejects(() => model.fit(x, y, { callbacks: huge }), ValueError, 'epoch 1', 'float32');
  const times = (factor: number): callbacks.Callback => ({
    onTrainBegin(training) {
      training.learningRateFactor = factor;
    },
  });
  await rejects(() => model.fit(x, y, { callbacks: times(1e300) }), ValueError, '1e+300');
  await rejects(() => model.fit(x, y, { callbacks: times(1e30) }), ValueError, 'step 1', '1e+40');
  sameBits(weightsOf(model), before, 'weights');
  model.dispose();
  // What optimizers make of rates that float32 holds: Adam divides the first by 1 − beta1, AdamW multiplies it.
  const { adam, adamW, sgd } = optimizers;
  for (const optimizer of [
    adam({ learningRate: 1e38 }),
    adamW({ learningRate: 1e30, weightDecay: 1e10 }),
    sgd({ learningRate: schedules.oneCycle({ maximum: 1e30, steps: 9, divide: 1e-20 }) }),
  ]) {
    const one = compiled({ optimizer });
    const kept = weightsOf(one);
    const parts = [`optimizers.${optimizer.type}`, 'step 1', 'float32'];
    await rejects(() => one.trainOnBatch(x, y), ValueError, ...parts);
    sameBits(weightsOf(one), kept, 'weights');
    one.dispose();
  }
  const one = compiled();
  const heavy = { optimizer: adam(), loss: 'softmaxCrossEntropy', lossWeights: 1e39 } as const;
  await rejects(() => one.compile(heavy), ValueError, 'lossWeights', 'float32');
  one.dispose();
});

test('early stopping: one callback for two trainings begins anew', async () => {
  const model = compiled();
  const callback = callbacks.earlyStopping({ patience: 2, restoreBestWeights: true });
  assert.is(await play(model, callback, 'val_loss', [1, 2, 3, 4]), 3);
  assert.is(await play(model, callback, 'val_loss', [9, 8, 9, 9, 9]), 4);
  assert.is(model.weights[0].tensor.data[0], 2);
  model.dispose();
});

test('early stopping: the best weights come back, running statistics too', async () => {
  const model = compiled();
  await play(
    model,
    callbacks.earlyStopping({ patience: 3, restoreBestWeights: true }),
    'val_loss',
    [5, 3, 4, 4, 4, 4],
  );
  assert.ok(weightsOf(model).every((v) => v === 2));
  await play(model, callbacks.earlyStopping({ patience: 3 }), 'val_loss', [5, 3, 4, 4, 4, 4]);
  assert.ok(weightsOf(model).every((v) => v === 5));
  model.dispose();
});

test('early stopping in fit', async () => {
  const model = compiled();
  // A threshold that no epoch passes after the first.
  const { epoch } = await model.fit(x, y, {
    epochs: 10,
    callbacks: [callbacks.earlyStopping({ monitor: 'loss', minDelta: 100, patience: 3 })],
  });
  assert.equal(epoch, [1, 2, 3, 4]);
  model.dispose();
});

test('a log that there is not', async () => {
  const model = compiled();
  const monitored = (callback: callbacks.Callback) => () =>
    model.fit(x, y, { callbacks: [callback] });
  await rejects(
    monitored(callbacks.earlyStopping()),
    ValueError,
    'earlyStopping',
    "'val_loss'",
    'loss, accuracy',
    'validationData',
  );
  await rejects(
    monitored(callbacks.earlyStopping({ monitor: 'auc' })),
    ValueError,
    "'auc'",
    'loss, accuracy',
  );
  await rejects(
    monitored(callbacks.checkpoint({ save() {}, bestOnly: true })),
    ValueError,
    'checkpoint',
    "'val_loss'",
  );
  await rejects(
    () => callbacks.checkpoint({} as callbacks.CheckpointOptions),
    ValueError,
    'checkpoint',
    'save',
  );
  await model.fit(x, y);
  model.dispose();
});

test('checkpoint: a file after each epoch, awaited, that goes on from there', async () => {
  const model = compiled();
  const files: { bytes: Uint8Array; epoch: number; loss: number }[] = [];
  let saving = false;
  const save = async (bytes: Uint8Array, epoch: number, { loss }: callbacks.Logs) => {
    saving = true;
    await new Promise((resolve) => setTimeout(resolve, 5));
    saving = false;
    files.push({ bytes, epoch, loss });
  };
  const { history } = await model.fit(x, y, {
    epochs: 3,
    callbacks: [callbacks.checkpoint({ save }), { onEpochBegin: () => assert.not(saving) }],
  });
  assert.equal(
    files.map(({ epoch, loss }) => [epoch, loss]),
    history.loss.map((loss, i) => [i + 1, loss]),
  );
  const before = memory().parameters;
  const last = await loadModel(files[2].bytes);
  sameBits(predictions(last, x), predictions(model, x), 'predictions of the last');
  const first = await loadModel(files[0].bytes);
  await first.fit(x, y, { epochs: 2 });
  sameBits(weightsOf(first), weightsOf(model), 'the first, trained on');
  for (const one of [model, last, first]) one.dispose();
  assert.ok(memory().parameters < before);
});

test('checkpoint: only what is better than all before', async () => {
  const model = compiled();
  const saved: number[] = [];
  const save = (_bytes: Uint8Array, epoch: number) => void saved.push(epoch);
  await play(model, callbacks.checkpoint({ save, bestOnly: true }), 'val_loss', [
    5,
    6,
    4,
    4,
    Number.NaN,
    3,
  ]);
  assert.equal(saved.splice(0), [1, 3, 6]);
  await play(
    model,
    callbacks.checkpoint({ save, bestOnly: true, monitor: 'val_accuracy' }),
    'val_accuracy',
    [0.5, 0.6, 0.4, 0.7],
  );
  assert.equal(saved.splice(0), [1, 2, 4]);
  await play(model, callbacks.checkpoint({ save }), 'val_loss', [1, 2]);
  assert.equal(saved, [1, 2]);
  model.dispose();
});

/** One weight that overshoots: the average of its steps is better than where it ends. */
function overshooting(averageDecay?: number): Sequential {
  const dense = layers.dense({ units: 1, useBias: false, kernelInitializer: 'zeros' });
  const model = new Sequential([dense], { inputShape: [1] });
  model.compile({
    optimizer: optimizers.sgd({ learningRate: 1.05, averageDecay }),
    loss: 'meanSquaredError',
  });
  return model;
}

// Lightning PR#20545, and #6074 for early stopping.
test('checkpoint: what was validated is what is saved, the average of the weights too', async () => {
  const one = Float32Array.of(1);
  const saving = (found: Uint8Array[]) =>
    callbacks.checkpoint({ save: (bytes) => void found.push(bytes), bestOnly: true });
  for (const swapFirst of [true, false]) {
    const model = overshooting(0.5);
    const found: Uint8Array[] = [];
    const stopping = callbacks.earlyStopping({ patience: 99, restoreBestWeights: true });
    const order = [callbacks.swapAverage(), saving(found), stopping];
    const { history } = await model.fit(one, one, {
      epochs: 4,
      validationData: [one, one],
      callbacks: swapFirst ? order : order.reverse(),
    });
    const best = Math.min(...history.val_loss);
    assert.ok(best < 0.01, `${best}`);
    const loaded = await loadModel(found.at(-1) as Uint8Array);
    assert.is((await loaded.evaluate(one, one)).loss, best, 'the file');
    assert.is((await model.evaluate(one, one)).loss, best, 'the weights that come back');
    // It trains on with the weights themselves: those of the epoch that was best.
    const twin = overshooting(0.5);
    await twin.fit(one, one, { epochs: history.val_loss.indexOf(best) + 2 });
    loaded.trainOnBatch(one, one);
    sameBits(weightsOf(loaded), weightsOf(twin), 'trained on from the file');
    for (const each of [model, loaded, twin]) each.dispose();
  }
});

// keras#17012
test('checkpoint: the best lasts over trainings, and can be given', async () => {
  const model = compiled();
  const saved: number[] = [];
  const save = (_bytes: Uint8Array, epoch: number) => void saved.push(epoch);
  const callback = callbacks.checkpoint({ save, bestOnly: true });
  assert.is(callback.best, undefined);
  await play(model, callback, 'val_loss', [5, 6e-5]);
  await play(model, callback, 'val_loss', [34.57, 5e-5, 7]);
  assert.equal(saved.splice(0), [1, 2, 2]);
  assert.is(callback.best, 5e-5);
  const monitor = 'val_accuracy';
  const given = callbacks.checkpoint({ save, bestOnly: true, monitor, best: 0.9 });
  assert.is(given.best, 0.9);
  await play(model, given, monitor, [0.8, 0.9, 0.95]);
  assert.equal([saved.splice(0), given.best], [[3], 0.95]);
  // What could not be saved is not the best.
  let full = true;
  const failing = callbacks.checkpoint({
    save(bytes, epoch) {
      if (full) throw new Error('no space');
      save(bytes, epoch);
    },
    bestOnly: true,
    onError: (error, epoch) => assert.equal([error.message, epoch], ['no space', 1]),
  });
  await play(model, failing, 'val_loss', [1]);
  full = false;
  await play(model, failing, 'val_loss', [2, 3]);
  assert.equal(saved, [1]);
  model.dispose();
});

test('checkpoint: options that make no sense', async () => {
  const save = () => {};
  const bad: [unknown, ...string[]][] = [
    [{}, 'path', 'save'],
    [{ path: 'x', save }, 'either'],
    [{ save: 'x' }, 'save'],
    [{ save, bestOnly: 'yes' }, 'bestOnly'],
    [{ save, onError: 'warn' }, 'onError'],
    [{ save, best: 1 }, 'best', 'bestOnly: true'],
    [{ save, bestOnly: true, best: Number.NaN }, 'best', 'number'],
    [{ save, filepath: 'x' }, "'filepath'", 'path'],
  ];
  for (const [options, ...parts] of bad)
    await rejects(() => callbacks.checkpoint(options as never), ValueError, 'checkpoint', ...parts);
});

/** The factor after each epoch with these logs. */
function factors(
  options: callbacks.ReduceOnPlateauOptions,
  values: number[],
  name = 'val_loss',
): number[] {
  const training = { learningRateFactor: 1 } as callbacks.Training;
  const callback = callbacks.reduceOnPlateau(options);
  callback.onTrainBegin?.(training);
  return values.map((value, i) => {
    callback.onEpochEnd?.(i + 1, { [name]: value });
    return training.learningRateFactor;
  });
}

test('reduce on plateau: patience, cooldown and minimum as Keras counts them', async () => {
  const half = { factor: 0.5, patience: 2 };
  assert.equal(factors(half, [5, 4, 4, 4, 4, 4, 3, 3]), [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25]);
  // A gain of less than 1e-4 is none, unless it is said to be.
  assert.equal(factors(half, [1, 0.99995, 0.99992]), [1, 1, 0.5]);
  assert.equal(factors({ ...half, minDelta: 0 }, [1, 0.99995, 0.99992]), [1, 1, 1]);
  // Two epochs after a reduction, of which the second counts again.
  assert.equal(
    factors({ factor: 0.5, patience: 1, cooldown: 2 }, [1, 1, 1, 1, 1, 1]),
    [1, 0.5, 0.5, 0.25, 0.25, 0.125],
  );
  assert.equal(
    factors({ factor: 0.5, patience: 1, minimum: 0.3 }, [1, 1, 1, 1]),
    [1, 0.5, 0.3, 0.3],
  );
  // Accuracy should rise, errors should fall.
  assert.equal(
    factors({ ...half, monitor: 'accuracy' }, [0.1, 0.2, 0.3, 0.3, 0.3], 'accuracy'),
    [1, 1, 1, 1, 0.5],
  );
  const error = 'val_meanAbsoluteError';
  assert.equal(factors({ ...half, monitor: error }, [3, 2, 1, 1, 1], error), [1, 1, 1, 1, 0.5]);
  await rejects(() => callbacks.reduceOnPlateau({ factor: 1 }), ValueError, 'factor', '1');
  await rejects(() => callbacks.reduceOnPlateau({ minimum: -1 }), ValueError, '-1');
  await rejects(() => factors({}, [1], 'loss'), ValueError, 'reduceOnPlateau', "'val_loss'");
});

test('a factor halves every step, whatever the schedule', async () => {
  const rate = schedules.step({ initial: 0.1, every: 1, factor: 0.5 });
  const half = schedules.step({ initial: 0.05, every: 1, factor: 0.5 });
  const [model, other] = [rate, half].map((learningRate) =>
    compiled({ rate: 0, optimizer: optimizers.sgd({ learningRate }) }),
  );
  const halve: callbacks.Callback = {
    onTrainBegin(training) {
      training.learningRateFactor = 0.5;
      assert.throws(() => {
        training.learningRateFactor = Number.NaN;
      }, /learningRateFactor/);
    },
  };
  await model.fit(x, y, { batchSize: 10, callbacks: halve });
  await other.fit(x, y, { batchSize: 10 });
  sameBits(weightsOf(model), weightsOf(other), 'weights');
  // compile begins anew.
  model.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
  await model.fit(x, y, {
    callbacks: {
      onTrainBegin({ learningRateFactor }) {
        assert.is(learningRateFactor, 1);
      },
    },
  });
  for (const one of [model, other]) one.dispose();
});

test('gradient norms by layer: after epochs, or after steps', async () => {
  const model = compiled();
  const seen: Record<string, number[]> = { conv2d: [], batchNorm: [], dense: [] };
  const watch: callbacks.Callback = {
    onBatchEnd() {
      for (const [layer, norms] of Object.entries(seen)) {
        const own = model.weights.filter(({ name }) => name.startsWith(`${layer}/`));
        const all = own.flatMap(({ gradient }) => (gradient ? [...gradient.data] : []));
        norms.push(Math.hypot(...all));
      }
    },
  };
  const epochs = callbacks.gradientNorms({ print: null });
  const steps = callbacks.gradientNorms({ every: 3, unit: 'steps', print: null });
  await model.fit(x, y, { epochs: 4, batchSize: 25, callbacks: [watch, epochs, steps] });
  const taken = (every: number, norms: number[]) => norms.filter((_, i) => (i + 1) % every === 0);
  for (const [callback, every] of [[epochs, 2] as const, [steps, 3] as const]) {
    assert.equal(Object.keys(callback.norms), Object.keys(seen));
    for (const [layer, norms] of Object.entries(seen)) {
      close(callback.norms[layer], taken(every, norms), { rtol: 1e-12 }, layer);
    }
  }
  // Another training begins anew.
  await model.fit(x, y, { callbacks: epochs });
  assert.is(epochs.norms.dense.length, 1);
  model.dispose();
});

test('gradient norms: a line per layer, all on one scale', async () => {
  const weight = (name: string, ...data: number[]) => ({ name, gradient: { data } });
  const play = async (epochs: { data: number[][] }[]): Promise<string> => {
    let text = '';
    const callback = callbacks.gradientNorms({
      print(lines) {
        text = lines;
      },
    });
    const model = { weights: [] as unknown[] };
    callback.onTrainBegin?.({ model } as unknown as callbacks.Training);
    for (const { data } of epochs) {
      model.weights = [
        weight('first/kernel', ...data[0]),
        weight('first/bias', 0),
        { name: 'first/movingMean', gradient: null },
        weight('last/kernel', ...data[1]),
      ];
      callback.onEpochEnd?.(1, {});
    }
    await callback.onTrainEnd?.();
    return text;
  };
  assert.is(
    await play([
      {
        data: [
          [0.003, 0.004],
          [30, 40],
        ],
      },
      { data: [[0], [5]] },
      { data: [[0.5], [0.5]] },
    ]),
    ['gradient norms', 'first  ▁ ▅  0.0050 … 0.50', 'last   █▇▅  50 … 0.50'].join('\n'),
  );
  // One value is neither high nor low, and long trainings are thinned out.
  assert.match(await play([{ data: [[1], [1]] }]), 'first  ▅  1.0 … 1.0');
  const long = await play(
    Array.from({ length: 600 }, (_, i) => ({ data: [[2 ** (i / 100)], [1]] })),
  );
  assert.match(long.split('\n')[1], /^first {2}▁+▂+▃+▄+▅+▆+▇+█+ {2}1\.0 … 64$/);
  assert.is([...long.split('\n')[2].split('  ')[1].trim()].length, 60);
  await rejects(() => callbacks.gradientNorms({ every: 0 }), ValueError, 'every', '0');
  await rejects(
    () => callbacks.gradientNorms({ unit: 'batches' as 'steps' }),
    ValueError,
    "'epochs' or 'steps'",
    'batches',
  );
});

test.run();
