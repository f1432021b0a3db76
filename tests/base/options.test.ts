// Misspelt and misplaced options: nothing that a user writes is ignored in silence.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  callbacks,
  data,
  layers,
  loadModel,
  losses,
  metrics,
  ops,
  optimizers,
  Sequential,
  schedules,
  Tensor,
  ValueError,
  zoo,
} from '../../src/index.js';
import { compiled, rejects, samples } from '../helpers/models.js';
import '../helpers/start.js';

const { x, y } = samples(8);
// biome-ignore lint/suspicious/noExplicitAny: what plain JavaScript may pass
const any = (value: unknown): any => value;

test('no factory ignores a word', async () => {
  const all = { losses, metrics, callbacks, optimizers, layers };
  for (const factories of Object.values(all)) {
    for (const [name, make] of Object.entries<(options: object) => unknown>(any(factories))) {
      await rejects(() => make({ nonsense: 1 }), ValueError, name);
    }
  }
  await rejects(() => losses.hinge(any({ nonsense: 1 })), ValueError, 'losses.hinge', 'are none');
});

test('words that there are not, with those that there are', async () => {
  const model = compiled();
  const image = Tensor.zeros([1, 4, 4, 1]);
  const filter = Tensor.zeros([3, 3, 1, 1]);
  const cases: [call: () => unknown, word: string, known: string][] = [
    [() => optimizers.sgd(any({ lr: 5 })), "'lr'", 'learningRate'],
    [() => optimizers.adam(any({ amsgrad: true })), "'amsgrad'", 'weightDecay'],
    [() => optimizers.rmsprop(any({ alpha: 0.9 })), "'alpha'", 'clipNorm'],
    [() => optimizers.adagrad(any({ lrDecay: 1 })), "'lrDecay'", 'averageDecay'],
    [() => losses.softmaxCrossEntropy(any({ smoothing: 0.1 })), "'smoothing'", 'labelSmoothing'],
    [() => losses.binaryCrossEntropy(any({ fromLogits: true })), "'fromLogits'", 'labelSmoothing'],
    [() => losses.huber(any({ beta: 1 })), "'beta'", 'delta'],
    [() => metrics.topK(any({ top: 5 })), "'top'", 'k'],
    [() => metrics.binaryAccuracy(any({ at: 0.5 })), "'at'", 'threshold'],
    [() => metrics.recall(any({ classId: 1 })), "'classId'", 'class'],
    [() => metrics.confusionMatrix([0], [0], any({ names: [] })), "'names'", 'classes'],
    [() => layers.conv2d(any({ filters: 2, kernelSize: 3, stride: 2 })), "'stride'", 'strides'],
    [
      () => layers.conv2dTranspose(any({ filters: 2, kernelSize: 3, output_padding: 1 })),
      "'output_padding'",
      'outputPadding',
    ],
    [() => layers.dense(any({ units: 2, bias: false })), "'bias'", 'useBias'],
    [() => layers.maxPool2d(any({ size: 2 })), "'size'", 'poolSize'],
    [() => layers.globalAvgPool2d(any({ poolSize: 2 })), "'poolSize'", 'name'],
    [() => layers.batchNorm(any({ eps: 1 })), "'eps'", 'epsilon'],
    [() => layers.dropout(any({ rate: 0.5, seed: 1 })), "'seed'", 'rate'],
    [() => layers.flatten(any({ shape: [1] })), "'shape'", 'name'],
    [() => schedules.step(any({ initial: 1, every: 2, gamma: 1 })), "'gamma'", 'factor'],
    [() => schedules.warmup(any({ steps: 1, after: 1 })), "'after'", 'to'],
    [
      () => schedules.oneCycle(any({ maximum: 1, steps: 9, pctStart: 1 })),
      "'pctStart'",
      'warmupShare',
    ],
    [() => callbacks.reduceOnPlateau(any({ minLr: 0 })), "'minLr'", 'minimum'],
    [() => callbacks.gradientNorms(any({ epochs: 2 })), "'epochs'", 'every'],
    [() => callbacks.earlyStopping(any({ metric: 'loss' })), "'metric'", 'monitor'],
    [() => callbacks.checkpoint(any({ save: () => {}, onlyBest: true })), "'onlyBest'", 'bestOnly'],
    [
      () => new Sequential([layers.flatten()], any({ inputShape: [2], input: 1 })),
      "'input'",
      'seed',
    ],
    [() => model.compile(any({ optimiser: 1 })), "'optimiser'", 'optimizer'],
    [() => model.fit(x, y, any({ batch_size: 4 })), "'batch_size'", 'batchSize'],
    [() => model.evaluate(x, y, any({ epochs: 1 })), "'epochs'", 'batchSize'],
    [() => model.predict(x, any({ batch: 1 })), "'batch'", 'batchSize'],
    [() => ops.conv2d(image, filter, any({ dilationRate: 2 })), "'dilationRate'", 'dilation'],
    [() => ops.conv2dTranspose(image, filter, any({ stride: 2 })), "'stride'", 'strides'],
    [() => ops.maxPool2d(image, any({ kernelSize: 2 })), "'kernelSize'", 'poolSize'],
    [() => ops.im2col(image, any({ kernelSize: 2, pad: 1 })), "'pad'", 'padding'],
  ];
  for (const [call, word, known] of cases) {
    await rejects(call, ValueError, `there is no option ${word}`, known);
  }
  for (const tensor of [image, filter]) tensor.dispose();
  model.dispose();
});

test('values of another kind are refused at once, with what they must be', async () => {
  const model = compiled();
  const where = { filters: 2, kernelSize: 3 };
  const cases: [call: () => unknown, what: string, wanted: string][] = [
    [() => layers.conv2d(any({ ...where, dimRoundingMode: 'up' })), 'dimRoundingMode', "'ceil'"],
    [() => layers.conv2d(any({ ...where, useBias: 1 })), 'layers.conv2d: useBias', 'true or false'],
    [() => layers.conv2d(any({ ...where, groups: 0 })), 'groups', '≥ 1'],
    [() => layers.maxPool2d(any({ dimRoundingMode: 'up' })), 'layers.maxPool2d', "'floor'"],
    [() => layers.maxPool1d(any({ strides: [2] })), 'strides', 'a whole number ≥ 1, not [2]'],
    [() => layers.dense(any({ name: 'last' })), "layers.dense 'last': units", 'not undefined'],
    [() => layers.dense(any({ units: 2 ** 31 })), 'units', 'from 1 to 2147483647'],
    [() => layers.dropout(any({ rate: 1 })), 'rate', 'from 0 to less than 1, not 1'],
    [() => optimizers.sgd(any({ momentum: 1 })), 'optimizers.sgd: momentum', 'less than 1'],
    [() => optimizers.adam(any({ clipNorm: '1' })), 'clipNorm', "> 0, not '1'"],
    [() => model.compile(any({ optimizer: { type: 'sgd' }, loss: 'hinge' })), 'momentum', 'number'],
    [() => schedules.oneCycle(any({ maximum: 1 })), 'schedules.oneCycle: steps', 'not undefined'],
    [() => metrics.precision(any({ average: 'micro' })), 'average', "'macro'"],
    [() => metrics.topK(any({ k: '3' })), 'metrics.topK: k', "not '3'"],
    [() => callbacks.earlyStopping(any({ minDelta: NaN })), 'minDelta', '≥ 0, not NaN'],
    [() => callbacks.checkpoint(any({ save: 'file' })), 'save', 'a function'],
    [() => model.fit(x, y, any({ shuffle: 'no' })), 'fit: shuffle', 'true or false'],
    [() => model.fit(x, y, any({ epochs: '3' })), 'fit: epochs', "not '3'"],
    [() => model.predict(x, any({ signal: 1 })), 'predict: signal', 'AbortSignal'],
    [() => data.augment(any({ rotate: 200 })), 'rotate', 'from 0 to 180'],
    [() => data.augment(any({ fill: 'zero' })), 'fill', "a number or 'edge'"],
    [() => data.prefetch([], any({ depth: 0 })), 'depth', '≥ 1'],
    [() => zoo.lenet5(any({ classes: '10' })), 'zoo.lenet5: classes', "not '10'"],
  ];
  for (const [call, ...parts] of cases) await rejects(call, ValueError, ...parts);
  model.dispose();
});

test('an aborted signal ends predict with its reason', async () => {
  const model = compiled();
  const controller = new AbortController();
  const { signal } = controller;
  model.predict(x, { signal }).dispose();
  controller.abort('enough');
  try {
    model.predict(x, { signal });
    assert.unreachable();
  } catch (reason) {
    assert.is(reason, 'enough');
  }
  model.dispose();
});

test('a picture for predict is told the way', async () => {
  const model = compiled();
  const picture = { data: new Uint8ClampedArray(4), width: 1, height: 1 };
  await rejects(() => model.predict(any(picture)), ValueError, 'data.normalize', 'classify');
  model.dispose();
});

test('something else where options are expected', async () => {
  const model = compiled();
  const cases: [() => unknown, ...string[]][] = [
    [() => optimizers.adam(any(0.5)), 'optimizers.adam', '0.5'],
    [() => layers.conv2d(any(undefined)), 'layers.conv2d', 'options object', 'undefined'],
    [() => layers.dense(any(3)), 'layers.dense', 'not 3'],
    [() => new Sequential([layers.flatten()], any(undefined)), 'new Sequential', 'inputShape'],
    [() => new Sequential(any(layers.flatten()), { inputShape: [2] }), 'list'],
    [() => model.compile(any(undefined)), 'compile', 'optimizer'],
    [() => model.fit(x, y, { callbacks: any(callbacks.progress) }), 'callbacks.progress()'],
    [() => model.fit(x, y, { callbacks: any(null) }), 'callback 0', 'null'],
    [() => model.fit(x, y, { signal: any({}) }), 'signal', 'AbortController'],
    [() => layers.relu({ name: 'a/b' }), "'/'", 'a/b'],
    [() => new (any(Tensor))(), 'Tensor.from'],
    [() => layers.conv2d({ filters: 1, kernelSize: 1, name: any(7) }), "layer's name", '7'],
  ];
  for (const [call, ...parts] of cases) await rejects(call, ValueError, ...parts);
  assert.type((await model.fit(x, y)).history.loss[0], 'number');
  model.dispose();
});

test('an algorithm that there is not says which there are', async () => {
  const image = Tensor.zeros([1, 4, 4, 1]);
  const filter = Tensor.zeros([3, 3, 1, 1]);
  ops.conv2d(image, filter, { algorithm: 'direct' }).dispose();
  await rejects(
    () => ops.conv2d(image, filter, { algorithm: any('fft') }),
    ValueError,
    "'direct'",
    'fft',
  );
  for (const tensor of [image, filter]) tensor.dispose();
});

test('what is fixed cannot be changed behind the model’s back', () => {
  const model = compiled();
  const optimizer = any(optimizers.sgd());
  const [weight] = any(model.weights);
  assert.throws(() => {
    optimizer.learningRate = 'x';
  });
  assert.throws(() => {
    weight.trainable = false;
  });
  assert.throws(() => {
    weight.tensor.shape = [1e6];
  });
  assert.throws(() => {
    weight.tensor.shape[0] = 1e6;
  });
  model.dispose();
});

test('a model loads from an ArrayBuffer too', async () => {
  const model = compiled();
  const loaded = await loadModel(model.toBytes().buffer);
  assert.equal(loaded.predict(x).toArray(), model.predict(x).toArray());
  loaded.dispose();
  model.dispose();
});

test.run();
