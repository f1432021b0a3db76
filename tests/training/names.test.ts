// Names: optimizers by theirs, what other libraries call things, and options of training that make no sense.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  callbacks,
  layers,
  losses,
  optimizers,
  Sequential,
  schedules,
  ValueError,
} from '../../src/index.js';
import { rateAt } from '../../src/operators/optimizer/rate.js';
import { close } from '../helpers/close.js';
import { compiled, rejects, sameBits, samples, weightsOf } from '../helpers/models.js';
import '../helpers/start.js';

const { x, y } = samples(8);

test('an optimizer by its name is the one with its defaults', () => {
  for (const name of ['sgd', 'adam', 'adamW', 'rmsprop', 'adagrad'] as const) {
    const [named, made] = [
      compiled({ optimizer: name }),
      compiled({ optimizer: optimizers[name]() }),
    ];
    for (const one of [named, made]) one.trainOnBatch(x, y);
    sameBits(weightsOf(named), weightsOf(made), name);
    for (const one of [named, made]) one.dispose();
  }
});

test('names of other libraries: which of ours it is', async () => {
  const compile = (options: object) => () => compiled(options as never);
  for (const [options, ...parts] of [
    [{ loss: 'categoricalCrossentropy' }, "here it is 'softmaxCrossEntropy'"],
    [{ loss: 'sparse_categorical_crossentropy' }, "here it is 'softmaxCrossEntropy'"],
    [{ loss: 'binary_crossentropy' }, "here it is 'binaryCrossEntropy'"],
    [{ loss: 'mse' }, "here it is 'meanSquaredError'"],
    [{ loss: 'mean_squared_error' }, "here it is 'meanSquaredError'"],
    [{ loss: 'L1Loss' }, "here it is 'meanAbsoluteError'"],
    [{ loss: 'SmoothL1Loss' }, 'here it is losses.huber'],
    [{ metrics: ['acc'] }, "here it is 'accuracy'"],
    [{ metrics: ['sparse_top_k_categorical_accuracy'] }, 'here it is metrics.topK({ k })'],
    [{ optimizer: 'Adam' }, "here it is 'adam'"],
    [{ optimizer: 'momentum' }, 'here it is optimizers.sgd({ momentum'],
    [{ optimizer: 'newton' }, "no optimizer 'newton'; there are 'sgd', 'adam'"],
    [{ loss: 'toString' }, "no loss 'toString'; there are"],
  ] as const)
    await rejects(compile(options), ValueError, ...parts);
  const dense = (options: object) => () => layers.dense({ units: 1, ...options });
  await rejects(dense({ activation: 'swish' }), ValueError, "here it is 'silu'");
  await rejects(dense({ activation: 'leaky_relu' }), ValueError, "here it is 'leakyRelu'");
  await rejects(dense({ activation: 'ReLU' }), ValueError, "here it is 'relu'");
  const kernel = dense({ kernelInitializer: 'kaiming_normal' });
  await rejects(kernel, ValueError, "here it is 'heNormal'");
  await rejects(dense({ kernelInitializer: 'glorot_uniform' }), ValueError, "'glorotUniform'");
});

test('options of training that make no sense', async () => {
  const { earlyStopping, reduceOnPlateau } = callbacks;
  const { sgd, adam } = optimizers;
  const any = (value: unknown) => value as never;
  for (const [bad, ...parts] of [
    [() => sgd({ nesterov: any('false'), momentum: 0.9 }), 'nesterov', 'true or false'],
    [() => sgd({ nesterov: true }), 'nesterov', 'momentum'],
    [() => sgd({ learningRate: 1e300 }), 'learningRate', 'float32', '1e+300'],
    [
      () => sgd({ learningRate: any(() => 0.1) }),
      'not a function: callbacks.learningRateScheduler',
    ],
    [() => adam({ learningRate: any('fast') }), 'optimizers.adam: learningRate must', "'fast'"],
    [() => adam({ learningRate: -1 }), 'optimizers.adam: learningRate must', '-1'],
    [() => schedules.warmup({ steps: 2, to: any([]) }), 'schedules.warmup: to must', '[]'],
    [() => schedules.warmup({ steps: 2, to: any(() => 1) }), 'callbacks.learningRateScheduler'],
    [() => schedules.warmup({ steps: 2, to: -1 }), 'schedules.warmup: to must', '-1'],
    [() => adam(any(0.001)), 'learningRate'],
    [() => schedules.cosine({ initial: 1e300, steps: 5 }), 'initial'],
    [() => schedules.exponential({ initial: 1, every: 5, factor: 2 }), 'factor', 'at most 1'],
    [() => losses.huber({ delta: any('3') }), 'delta', "'3'"],
    [() => adam({ epsilon: 1e-300 }), 'epsilon', 'float32', '1e-300'],
    [() => optimizers.adamW({ weightDecay: 1e300 }), 'weightDecay', 'float32', '1e+300'],
    [() => losses.softmaxCrossEntropy({ labelSmoothing: any([]) }), 'labelSmoothing', '[]'],
    [() => earlyStopping({ patience: Number.NaN }), 'patience', 'NaN'],
    [() => earlyStopping({ patience: -1 }), 'patience', '-1'],
    [() => earlyStopping({ minDelta: Number.NaN }), 'minDelta'],
    [() => earlyStopping({ monitor: any(5) }), 'monitor', '5'],
    [() => earlyStopping({ restoreBestWeights: any('yes') }), 'restoreBestWeights'],
    [() => earlyStopping({ print: any(5) }), 'print', '5'],
    [() => reduceOnPlateau({ patience: 0.5 }), 'patience'],
    [() => reduceOnPlateau({ minDelta: -1 }), 'minDelta', '-1'],
    [() => reduceOnPlateau({ factor: any('0.5') }), 'factor', '0.5'],
    [() => callbacks.progress({ print: any(null) }), 'print', 'null'],
  ] as const)
    await rejects(bad, ValueError, ...parts);
  const model = compiled();
  for (const [options, ...parts] of [
    [{ shuffle: 'false' }, 'shuffle'],
    [{ epochs: '3' }, 'epochs'],
    [{ signal: {} }, 'AbortSignal'],
    [{ validationSplit: [] }, 'validationSplit'],
  ] as const)
    await rejects(() => model.fit(x, y, options as never), ValueError, ...parts);
  const signal = {} as AbortSignal;
  await rejects(() => model.evaluate(x, y, { signal }), ValueError, 'AbortSignal');
  model.dispose();
});

test('exponential decay is initial · factor^(step / every)', () => {
  const rate = schedules.exponential({ initial: 0.5, every: 10, factor: 0.25 });
  const expected = [0, 1, 5, 10, 25].map((step) => 0.5 * 0.25 ** (step / 10));
  close(
    [0, 1, 5, 10, 25].map((step) => rateAt(rate, step)),
    expected,
    { rtol: 1e-14 },
  );
});

test('a summary tells what is frozen and what is learned', () => {
  const all = [layers.dense({ units: 3 }), layers.batchNorm(), layers.dense({ units: 2 })];
  const model = new Sequential(all, { inputShape: [4] });
  model.layers[0].trainable = false;
  let text = '';
  const rows = model.summary({
    print: (table) => {
      text = table;
    },
  });
  assert.equal(
    rows.map(({ trainable }) => trainable),
    [false, true, true],
  );
  assert.match(text, 'frozen 15');
  assert.match(text, 'parameters: 14 trainable, 15 frozen; 6 running statistics');
  model.dispose();
});

test.run();
