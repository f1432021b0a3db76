// What models say to bad input: each error is typed, names the model or layer, says what was expected
// and received, and leaves the model as it was.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type CompileOptions,
  type Data,
  type FitOptions,
  type Layer,
  layers,
  memory,
  NumericError,
  optimizers,
  ResNet,
  Sequential,
  type Shape,
  ShapeError,
  StateError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import {
  compiled,
  predictions,
  rejects,
  sameBits,
  samples,
  tiny,
  weightsOf,
} from '../helpers/models.js';
import '../helpers/start.js';

const { x, y } = samples(8);
const oneHot = Float32Array.from({ length: 24 }, (_, i) =>
  y[Math.floor(i / 3)] === i % 3 ? 1 : 0,
);

type Kind = abstract new (...args: never[]) => Error;

/** Each bad call must fail so, leave weights and memory as they were, and the model able to train. */
async function eachRejects(
  model: Sequential,
  bad: readonly [() => unknown, Kind, ...string[]][],
): Promise<void> {
  model.trainOnBatch(x, y);
  for (const [call, kind, ...parts] of bad) {
    const before = weightsOf(model);
    predictions(model, x);
    // Programs, which are scratch, may be kept for the next time.
    const held = { ...memory(), scratch: 0 };
    await rejects(call, kind, ...parts);
    sameBits(weightsOf(model), before, `after ${parts}`);
    assert.equal({ ...memory(), scratch: 0 }, held, `after ${parts}`);
    const { history } = await model.fit(x, y);
    assert.ok(Number.isFinite(history.loss[0]), `after ${parts}`);
  }
}

const wrong = <T>(value: unknown): T => value as T;

test('x of another shape', async () => {
  const model = compiled();
  const flat = Tensor.from(x, [8, 36]);
  const narrow = Tensor.from(x, [8, 6, 3, 2]);
  const single = Tensor.from(x.subarray(0, 36), [6, 6, 1]);
  const none = Tensor.zeros([0, 6, 6, 1]);
  const expected = '[batch, 6, 6, 1]';
  const bad: [Data, Kind, ...string[]][] = [
    [flat, ShapeError, expected, '[8, 36]'],
    [narrow, ShapeError, expected, '[8, 6, 3, 2]'],
    [single, ShapeError, expected, '[6, 6, 1]'],
    [x.subarray(1), ShapeError, '287', '[6, 6, 1]', '36'],
    [none, ShapeError, 'no samples', expected],
    [new Float32Array(0), ShapeError, 'no samples', expected],
    [[], ShapeError, expected, '[0]'],
    [[[1, 2], [3]], ShapeError, 'ragged'],
    [wrong([['a']]), ValueError, "'a'"],
    [wrong('images'), ValueError, 'Tensor', "'images'"],
    [wrong(undefined), ValueError, 'Tensor', 'undefined'],
    [wrong(null), ValueError, 'Tensor'],
    [wrong(new BigInt64Array(288)), ValueError, 'BigInt64Array'],
    [wrong(new DataView(new ArrayBuffer(288))), ValueError, 'DataView'],
  ];
  for (const [data, kind, ...parts] of bad) {
    await eachRejects(model, [
      [() => model.fit(data, y), kind, 'tiny.fit', 'x', ...parts],
      [() => model.trainOnBatch(data, y), kind, 'tiny.trainOnBatch', ...parts],
      [() => model.evaluate(data, y), kind, 'tiny.evaluate', ...parts],
      [() => model.predict(data), kind, 'tiny.predict', ...parts],
      [
        () => model.fit(x, y, { validationData: [data, y] }),
        kind,
        'tiny.fit: validationData',
        ...parts,
      ],
    ]);
  }
  for (const one of [flat, narrow, single, none, model]) one.dispose();
});

test('y of another shape, or out of range', async () => {
  const model = compiled();
  const few = Tensor.from(Int32Array.of(0, 1));
  const wide = Tensor.zeros([8, 4]);
  const bad: [Data, Kind, ...string[]][] = [
    [few, ShapeError, '8 samples', '8 class indices', '[8, 3]', '[2]'],
    [wide, ShapeError, '8 class indices', '[8, 3]', '[8, 4]'],
    [y.subarray(1), ShapeError, '[8, 3]', '7 numbers'],
    [[...y, 0], ShapeError, '[8, 3]', '[9]'],
    [[0, 1, 2, 3, 0, 0, 0, 0], ValueError, 'label 3 is 3', '0 to 2'],
    [[0, 1, -1, 0, 0, 0, 0, 0], ValueError, 'label 2 is -1', '0 to 2', 'ignoreClass: -1'],
    [[0, 1.5, 0, 0, 0, 0, 0, 0], ValueError, 'label 1 is 1.5', 'whole numbers from 0 to 2'],
    [[0, 1, 0, 0, Number.NaN, 0, 0, 0], ValueError, 'label 4 is NaN', 'whole numbers from 0 to 2'],
    [
      oneHot.map((v, i) => (i === 13 ? Number.NaN : v)),
      NumericError,
      'NaN in sample 4',
      'element 1',
    ],
    [
      oneHot.map((v, i) => (i === 0 ? Number.POSITIVE_INFINITY : v)),
      NumericError,
      'Infinity, or more than float32 holds, in sample 0',
    ],
    [wrong(new BigInt64Array(8)), ValueError, 'BigInt64Array'],
    [wrong(undefined), ValueError, 'Tensor'],
  ];
  for (const [data, kind, ...parts] of bad) {
    await eachRejects(model, [
      [() => model.fit(x, data), kind, 'tiny.fit', ...parts],
      [() => model.evaluate(x, data), kind, 'tiny.evaluate', ...parts],
    ]);
  }
  await model.fit(x, y);
  model.compile({ optimizer: optimizers.sgd(), loss: 'meanSquaredError' });
  const way = "the loss is 'softmaxCrossEntropy'; meanSquaredError takes rows";
  await rejects(() => model.fit(x, y), ShapeError, 'y', '[8, 3]', '8 numbers', way);
  for (const one of [few, wide, model]) one.dispose();
});

test('x that is not finite: which sample', async () => {
  const model = compiled();
  const spoilt = (at: number, value: number) => x.map((v, i) => (i === at ? value : v));
  const nan = spoilt(3 * 36 + 5, Number.NaN);
  await eachRejects(model, [
    [() => model.fit(nan, y), NumericError, 'tiny.fit', 'NaN in sample 3', 'element 5'],
    [() => model.fit(nan, y, { shuffle: false, batchSize: 8 }), NumericError, 'NaN in sample 3'],
    [
      () => model.trainOnBatch(spoilt(0, Number.NEGATIVE_INFINITY), y),
      NumericError,
      '-Infinity, or more than float32 holds, in sample 0',
    ],
    [
      () => model.predict(spoilt(287, Number.NaN), { batchSize: 3 }),
      NumericError,
      'tiny.predict',
      'sample 7',
      'element 35',
    ],
    [() => model.evaluate(nan, y, { batchSize: 2 }), NumericError, 'tiny.evaluate', 'sample 3'],
    [
      () => model.predict(Float64Array.from(x, () => 1e300)),
      NumericError,
      'Infinity, or more than float32 holds, in sample 0',
    ],
    [
      () =>
        model.trainOnBatch(
          x,
          Float64Array.from(oneHot, () => 1e300),
        ),
      NumericError,
      'y contains 1e+300, more than float32 holds, in sample 0 (element 0)',
    ],
    [
      () => model.trainOnBatch(x, y, { sampleWeight: new Float64Array(8).fill(1e39) }),
      ValueError,
      'sampleWeight 0 is 1e+39',
    ],
    [() => model.trainOnBatch(x, y, { classWeight: { 1: 1e39 } }), ValueError, 'is 1e+39'],
  ]);
  // The epoch trains before the validation finds it.
  await rejects(
    () => model.fit(x, y, { validationData: [nan, y] }),
    NumericError,
    'validation',
    'NaN in sample 3',
  );
  model.dispose();
});

test('a loss that explodes: the step is not taken, running statistics are as before', async () => {
  const model = compiled({ optimizer: optimizers.sgd({ learningRate: 1e38 }), rate: 0 });
  let last = weightsOf(model);
  let error: unknown;
  for (let step = 0; step < 20 && !error; step++) {
    last = weightsOf(model);
    try {
      model.trainOnBatch(x, y);
    } catch (thrown) {
      error = thrown;
    }
  }
  assert.instance(error, NumericError);
  assert.match(
    (error as Error).message,
    /tiny\.trainOnBatch: the loss is (NaN|Infinity) at step \d+.*learning rate/,
  );
  assert.ok(
    last.some((v) => Math.abs(v) > 1e30),
    'it did explode',
  );
  sameBits(weightsOf(model), last, 'weights');
  const { step } = model.engine('test');
  await rejects(() => model.fit(x, y), NumericError, 'tiny.fit', 'the loss is');
  sameBits(weightsOf(model), last, 'weights after fit');
  assert.is(model.engine('test').step, step);
  // A way out: other weights, a lower rate.
  const fresh = tiny();
  model.weights.forEach(({ tensor }, i) => {
    tensor.data.set(fresh.weights[i].tensor.data);
  });
  model.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
  assert.ok(model.trainOnBatch(x, y).loss < 10);
  fresh.dispose();
  model.dispose();
});

test('gradients that explode under a finite loss: the step is not taken either', async () => {
  const model = new Sequential([layers.dense({ units: 1, kernelInitializer: 'zeros' })], {
    inputShape: [1],
    name: 'steep',
  });
  model.compile({ optimizer: optimizers.adam(), loss: 'meanSquaredError' });
  const before = weightsOf(model);
  await rejects(
    () => model.trainOnBatch([[3e38]], [[1]]),
    NumericError,
    'steep.trainOnBatch',
    'gradients are not finite at step 1',
  );
  sameBits(weightsOf(model), before, 'weights');
  assert.ok(model.trainOnBatch([[2]], [[1]]).loss === 1);
  model.dispose();
});

test('after dispose', async () => {
  const model = compiled();
  model.trainOnBatch(x, y);
  const { weights } = model;
  const [{ tensor, gradient }, untouched] = weights;
  const view = tensor.reshape([36]);
  const before = memory();
  model.dispose();
  model.dispose();
  const after = memory();
  assert.ok(after.parameters < before.parameters);
  const calls: (() => unknown)[] = [
    () => model.fit(x, y),
    () => model.trainOnBatch(x, y),
    () => model.evaluate(x, y),
    () => model.predict(x),
    () => model.weights,
    () => model.toBytes(),
    () => model.compile({ optimizer: optimizers.sgd(), loss: 'meanSquaredError' }),
  ];
  for (const call of calls) await rejects(call, StateError, 'tiny', 'used after dispose');
  for (const call of [
    () => tensor.data,
    () => gradient?.data,
    () => view.data,
    () => untouched.gradient,
    () => tensor.toArray(),
  ]) {
    await rejects(call, StateError, 'after dispose');
  }
  for (const one of [tensor, view, gradient as Tensor]) one.dispose();
  assert.equal(memory(), after);
  const given = Tensor.from(x, [8, 6, 6, 1]);
  const other = compiled();
  await rejects(
    () => other.fit(given, y, { epochs: 5, onProgress: () => given.dispose() }),
    StateError,
    'tensor',
    '[8, 6, 6, 1]',
    'dispose',
  );
  await other.fit(x, y);
  other.dispose();
});

test('before compile, and while training', async () => {
  const model = tiny();
  for (const call of [
    () => model.fit(x, y),
    () => model.trainOnBatch(x, y),
    () => model.evaluate(x, y),
  ]) {
    await rejects(call, StateError, 'compile({ optimizer, loss');
  }
  predictions(model, x);
  model.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
  const first = model.fit(x, y, { epochs: 2 });
  await rejects(() => model.fit(x, y), StateError, 'tiny', 'already training');
  const again = () => model.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
  await rejects(again, StateError, 'compile', 'tiny', 'is training');
  assert.is((await first).epoch.length, 2);
  await model.fit(x, y);
  model.dispose();
});

test('names that there are not: the known ones are listed', async () => {
  const model = compiled();
  const compile = (options: object) => () =>
    model.compile({
      optimizer: optimizers.sgd(),
      loss: 'softmaxCrossEntropy',
      ...options,
    } as CompileOptions);
  const dense = (options: object) => () => layers.dense({ units: 2, ...options });
  await eachRejects(model, [
    [
      compile({ loss: 'mse' }),
      ValueError,
      "'mse'",
      'softmaxCrossEntropy, binaryCrossEntropy, meanSquaredError, meanAbsoluteError, huber, hinge',
    ],
    [compile({ loss: { type: 'huber', delta: 0 } }), ValueError, 'losses.huber', 'delta', '0'],
    // What cannot be printed is not printed.
    [compile({ loss: 'a\nb' }), ValueError, "there is no loss 'a\\nb'"],
    [compile({ optimizer: 'a\x1b' }), ValueError, "there is no optimizer 'a\\u001b'"],
    [compile({ 'a\nb': 1 }), ValueError, "there is no option 'a\\nb'"],
    [compile({ loss: { 'a\nb': 'huber' } }), ValueError, "has 'a\\nb'"],
    [compile({ loss: 'constructor' }), ValueError, "'constructor'"],
    [compile({ loss: undefined }), ValueError, 'undefined', 'softmaxCrossEntropy'],
    [compile({ optimizer: 'newton' }), ValueError, "'newton'", "'sgd'", 'optimizers.sgd'],
    [
      compile({ optimizer: undefined }),
      ValueError,
      'optimizers.adamW(), optimizers.rmsprop(), optimizers.adagrad()',
    ],
    [
      compile({ metrics: ['auc'] }),
      ValueError,
      'auc',
      "'accuracy', 'binaryAccuracy', 'meanAbsoluteError', 'meanSquaredError', 'precision', 'recall', 'f1'",
      'metrics.topK',
    ],
    [compile({ metrics: [{ type: 'auc', name: 'auc' }] }), ValueError, 'auc', 'precision'],
    [compile({ metrics: [{ type: 'topK', name: 'top', k: 0 }] }), ValueError, 'top'],
    [compile({ metrics: [{ type: 'f1', name: 'f1', average: 'micro' }] }), ValueError, 'micro'],
    // The nearest, wherever names are taken.
    [compile({ metrics: ['acuracy'] }), ValueError, "'acuracy' (did you mean 'accuracy'?)"],
    [compile({ metrics: ['acc'] }), ValueError, "here it is 'accuracy'"],
    [compile({ loss: 'hinges' }), ValueError, "(did you mean 'hinge'?)"],
    [compile({ optimizer: 'adamx' }), ValueError, "(did you mean 'adam'?)"],
    [dense({ activation: 'rellu' }), ValueError, "(did you mean 'relu'?)"],
    [dense({ kernelInitializer: 'heNormall' }), ValueError, "(did you mean 'heNormal'?)"],
    [() => model.getLayer('dens'), ValueError, "(did you mean 'dense'?)"],
    [
      () => model.fit(x, y, { callbacks: wrong({ onEpochsEnd() {} }) }),
      ValueError,
      "(did you mean 'onEpochEnd'?)",
    ],
    [compile({ metrics: 'accuracy' }), ValueError, 'metrics', "['accuracy']"],
    [compile({ metrics: [null] }), ValueError, 'null', 'accuracy'],
    [dense({ activation: 'swish' }), ValueError, 'dense', 'swish', 'relu, sigmoid, tanh, relu6'],
    [
      dense({ name: 'head', kernelInitializer: 'xavier' }),
      ValueError,
      "'head'",
      'xavier',
      'glorotUniform',
    ],
    [
      () => layers.conv2d({ filters: 2, kernelSize: 3, biasInitializer: wrong('one') }),
      ValueError,
      'conv2d',
      'one',
      'zeros, ones',
    ],
    [
      () => layers.activation({ activation: wrong('swish') }),
      ValueError,
      'activation',
      'swish',
      'relu',
    ],
  ]);
  model.dispose();
});

test("Keras's and TF.js's words on a model are not ignored", async () => {
  class Own extends Sequential {
    readonly metrics = ['of its own'];
  }
  const own = new Own([layers.dense({ units: 1 })], { inputShape: [1], name: 'own' });
  for (const model of [
    compiled(),
    new ResNet({ depth: 8, classes: 2, inputShape: [8, 8, 1] }),
    own,
  ]) {
    const { name, seed } = model;
    const set = (word: string, value: unknown) => () => Object.assign(model, { [word]: value });
    for (const word of ['optimizer', 'loss', 'stopTraining', 'stop_training'])
      await rejects(set(word, true), StateError, name, word, 'compile sets', 'stop()');
    if (model !== own) await rejects(set('metrics', []), StateError, 'metrics');
    for (const [word, value] of [
      ['name', 'other'],
      ['seed', 5],
      ['learningRate', 1],
    ] as const)
      assert.throws(set(word, value), TypeError);
    assert.equal([model.name, model.seed], [name, seed]);
    model.dispose();
  }
  assert.equal(own.metrics, ['of its own']);
});

test('options of fit, evaluate and predict', async () => {
  const model = compiled();
  const fit = (options: object) => () => model.fit(x, y, options as FitOptions);
  await eachRejects(model, [
    ...[0, -1, 1.5, Number.NaN, '3'].map((epochs): [() => unknown, Kind, ...string[]] => [
      fit({ epochs }),
      ValueError,
      'fit',
      'epochs',
      `${epochs}`,
    ]),
    ...[0, 1.5, Number.POSITIVE_INFINITY].map((batchSize): [() => unknown, Kind, ...string[]] => [
      fit({ batchSize }),
      ValueError,
      'fit',
      'batchSize',
      `${batchSize}`,
    ]),
    ...[1, -0.1, Number.NaN].map((validationSplit): [() => unknown, Kind, ...string[]] => [
      fit({ validationSplit }),
      ValueError,
      'validationSplit',
      `${validationSplit}`,
    ]),
    [fit({ validationData: { x, y } }), ValueError, 'validationData', '[x, y]'],
    [fit({ validationData: [x] }), ValueError, 'validationData', '[x, y]'],
    [() => model.evaluate(x, y, { batchSize: 0 }), ValueError, 'evaluate', 'batchSize', '0'],
    [() => model.predict(x, { batchSize: 0.5 }), ValueError, 'predict', 'batchSize', '0.5'],
  ]);
  model.dispose();
});

test('layers that do not fit each other, by name', async () => {
  const build =
    (list: unknown, inputShape: unknown = [6, 6, 1], more: object = {}) =>
    () =>
      new Sequential(list as Layer[], { inputShape: inputShape as Shape, name: 'net', ...more });
  const conv = (options: object = {}) => layers.conv2d({ filters: 4, kernelSize: 3, ...options });
  const fast = (options: object) => conv({ ...options, algorithm: 'winograd' });
  const instead = ["'winograd'", "'auto'"];
  const before = memory();
  const bad: [() => unknown, Kind, ...string[]][] = [
    [
      build([conv(), conv(), conv({ kernelSize: 5, name: 'deep' })]),
      ShapeError,
      'deep',
      '5',
      '2',
      "'same'",
    ],
    [build([conv(), layers.maxPool2d(), conv()]), ShapeError, 'conv2d_1', 'height 3', '2'],
    [build([conv({ padding: 1, kernelSize: 9 })]), ShapeError, 'conv2d', '9', '8 (6 + 2 padding)'],
    [build([conv({ strides: 2 })]), ShapeError, 'conv2d', 'stride 2', 'floor'],
    [build([conv({ groups: 3 })]), ValueError, 'conv2d', 'groups 3'],
    [build([fast({ kernelSize: 1, name: 'deep' })]), ValueError, 'deep:', '1×1', ...instead],
    [
      build([conv(), fast({ kernelSize: [11, 2], padding: 'same' })]),
      ValueError,
      'conv2d_1:',
      '11×2',
      ...instead,
    ],
    [
      build([fast({ strides: 3, padding: 1, dimRoundingMode: 'floor' })]),
      ValueError,
      '3×3',
      ...instead,
    ],
    [build([fast({ dilation: 2 })]), ValueError, 'conv2d:', 'dilated', ...instead],
    [build([fast({ groups: 2 })], [6, 6, 2]), ValueError, 'conv2d:', '2 groups', ...instead],
    [() => conv({ algorithm: 'fft' }), ValueError, 'layers.conv2d', 'fft', ...instead],
    [
      () => layers.conv2dTranspose(wrong({ filters: 2, kernelSize: 3, algorithm: 'fft' })),
      ValueError,
      'layers.conv2dTranspose',
      'fft',
      ...instead,
    ],
    [build([layers.maxPool2d({ poolSize: 7 })]), ShapeError, 'maxPool2d', '7', '6'],
    [build([layers.dense({ units: 2 })]), ShapeError, 'dense', 'flatten', '[6, 6, 1]'],
    [build([layers.flatten(), conv()]), ShapeError, 'conv2d', '[height, width, channels]', '[36]'],
    [build([layers.reshape({ targetShape: [5, 7] })]), ShapeError, 'reshape', '36', '[5, 7]'],
    [() => layers.reshape(wrong({})), ShapeError, 'reshape', 'targetShape', 'undefined'],
    [() => build([])().predict(new Float32Array(36)), StateError, 'net', 'no layers yet', 'add'],
    [build([layers.flatten]), ValueError, 'element 0', 'function', 'layers.flatten()'],
    [build([layers.flatten(), undefined]), ValueError, 'element 1', 'undefined'],
    [build([conv({ name: 'a' }), layers.relu({ name: 'a' })]), ValueError, "'a'", 'unique'],
    [
      build([layers.flatten()], undefined, { inputShape: undefined }),
      ShapeError,
      'net: inputShape',
      'undefined',
    ],
    [build([layers.flatten()], [6, 0, 1]), ShapeError, 'net: inputShape', '[6, 0, 1]'],
    [build([layers.flatten()], [6], { seed: -3 }), ValueError, 'seed', '-3'],
    [() => layers.dense({ units: 0 }), ValueError, 'layers.dense', 'units', '0'],
    [() => layers.dropout({ rate: 1 }), ValueError, 'layers.dropout', 'rate', '1'],
    [() => layers.batchNorm({ momentum: 2 }), ValueError, 'layers.batchNorm', 'momentum', '2'],
    [() => layers.batchNorm({ epsilon: 0 }), ValueError, 'layers.batchNorm', 'epsilon', '0'],
    [() => layers.lpPool2d({ p: 0 }), ValueError, 'layers.lpPool2d', 'p', '0'],
  ];
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
  const [small, large] = [layers.dense({ units: 3 }), layers.flatten()];
  assert.throws(build([small, large]));
  build([large, small])();
  const twice = layers.relu();
  await rejects(build([twice, twice]), ValueError, 'twice');
  assert.equal(memory(), before, 'nothing is allocated for a model that is only built');
});

test.run();
