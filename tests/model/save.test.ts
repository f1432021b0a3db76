// Models as files: what is loaded goes on exactly where the saved one stood, and damaged files are
// told from sound ones.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type callbacks,
  FormatError,
  type Layer,
  layers,
  loadModel,
  losses,
  type Model,
  memory,
  metrics,
  optimizers,
  Sequential,
  StateError,
  schedules,
} from '../../src/index.js';
import { readSafetensors, type StoredTensor } from '../../src/model/safetensors.js';
import { writeSafetensors } from '../../src/model/safetensorswriter.js';
import { unsealed } from '../helpers/damage.js';
import {
  compiled,
  predictions,
  rejects,
  sameBits,
  samples,
  tiny,
  weightsOf,
} from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const { x, y } = samples(50);

const everyLayer = (): Layer[] => [
  layers.reshape({ targetShape: [36, 1] }),
  layers.conv1d({ filters: 4, kernelSize: 3, padding: [2, 0], activation: 'tanh' }),
  layers.maxPool1d(),
  layers.avgPool1d({ poolSize: 3, strides: 1, padding: 'same' }),
  layers.reshape({ targetShape: [6, 6, 2] }),
  layers.depthwiseConv2d({ kernelSize: [1, 3], padding: 'same', depthMultiplier: 2 }),
  layers.conv2d({
    filters: 4,
    kernelSize: 3,
    padding: [
      [1, 1],
      [0, 2],
    ],
    kernelInitializer: 'heNormal',
    name: 'first',
  }),
  layers.lrn({ size: 3, alpha: 0.1 }),
  layers.zeroPadding2d({ padding: [0, 1] }),
  layers.reflectionPadding2d({
    padding: [
      [1, 0],
      [0, 2],
    ],
  }),
  layers.upsampling2d({ interpolation: 'bilinear' }),
  layers.blurPool2d({ kernelSize: 4 }),
  layers.minPool2d({ poolSize: 2, strides: 1 }),
  layers.adaptiveMaxPool2d({ outputSize: [7, 5] }),
  layers.adaptiveAvgPool2d({ outputSize: 6 }),
  layers.conv2d({
    filters: 4,
    kernelSize: [3, 1],
    padding: 'same',
    groups: 2,
    dilation: [2, 1],
    useBias: false,
    activation: 'sigmoid',
  }),
  layers.conv2dTranspose({
    filters: 3,
    kernelSize: [3, 1],
    strides: [2, 1],
    padding: 'same',
    outputPadding: [1, 0],
    biasInitializer: 'ones',
    activation: 'relu',
  }),
  layers.batchNorm({ momentum: 0.9, epsilon: 0.01 }),
  layers.relu(),
  layers.identityShortcut({ filters: 3 }),
  layers.residual({ layers: [layers.avgPool2d({ poolSize: 3, strides: 1, padding: 'same' })] }),
  layers.maxPool2d({ poolSize: 2, strides: 1 }),
  layers.avgPool2d({ poolSize: [2, 1], dimRoundingMode: 'ceil' }),
  layers.lpPool2d({ p: 3, mode: 'sum' }),
  layers.activation({ activation: 'tanh' }),
  layers.leakyRelu({ alpha: 0.3 }),
  layers.elu({ alpha: 2 }),
  layers.selu(),
  layers.gelu(),
  layers.silu(),
  layers.linear(),
  layers.relu6(),
  layers.hardSwish(),
  layers.hardSigmoid(),
  layers.softplus(),
  layers.sigmoid(),
  layers.tanh(),
  layers.spatialDropout2d({ rate: 0.2 }),
  layers.globalAvgPool2d(),
  layers.reshape({ targetShape: [1, 1, 3] }),
  layers.globalMaxPool2d(),
  layers.channelPool({ poolSize: 3, mode: 'average' }),
  layers.dropout({ rate: 0.2 }),
  layers.flatten(),
  layers.dense({ units: 4, useBias: false }),
  layers.rbf({ units: 3 }),
  layers.softmax(),
];

test('what is loaded predicts the same bits: every layer', async () => {
  const model = new Sequential(everyLayer(), {
    inputShape: [36],
    seed: 2 ** 40 + 3,
    name: 'all kinds',
  });
  model.compile({
    optimizer: optimizers.adamW(),
    loss: 'softmaxCrossEntropy',
    metrics: ['accuracy'],
  });
  await model.fit(x, y, { epochs: 2 });
  const loaded = await loadModel(model.toBytes());
  assert.equal(
    [loaded.name, loaded.seed, loaded.inputShape, loaded.outputShape],
    [model.name, model.seed, [36], [3]],
  );
  const anatomy = ({ layers: list }: Model) =>
    list.map(({ name, type, options }) => ({ type, ...options, name }));
  assert.equal(anatomy(loaded), anatomy(model));
  sameBits(predictions(loaded, x), predictions(model, x), 'predictions');
  assert.equal(await loaded.evaluate(x, y), await model.evaluate(x, y));
  assert.ok(
    Buffer.from(loaded.toBytes()).equals(model.toBytes()),
    'saved again it is the same file',
  );
  // What stands for several layers is those in the file; what takes several inputs is in a graph's.
  const merges = ['average', 'concat', 'dot', 'maximum', 'minimum', 'multiply', 'subtract'];
  const others = [...merges, 'residual', 'separableConv2d'];
  const types = new Set([...model.layers.map(({ type }) => type), ...others]);
  assert.equal([...types].sort(), Object.keys(layers).sort());
  model.dispose();
  loaded.dispose();
});

const recipes = {
  sgd: optimizers.sgd({ learningRate: 0.05 }),
  'momentum, by steps': optimizers.sgd({
    learningRate: schedules.step({ initial: 0.1, every: 3, factor: 0.5 }),
    momentum: 0.9,
    nesterov: true,
    weightDecay: 0.01,
  }),
  'Adam, by cosine after warm-up': optimizers.adam({
    learningRate: schedules.warmup({
      steps: 4,
      to: schedules.cosine({ initial: 0.01, steps: 10 }),
    }),
  }),
  AdamW: optimizers.adamW({ weightDecay: 0.1 }),
  'RMSprop, clipped, by one cycle': optimizers.rmsprop({
    learningRate: schedules.oneCycle({ maximum: 0.01, steps: 12 }),
    momentum: 0.5,
    weightDecay: 0.01,
    clipNorm: 0.5,
  }),
  'Adagrad, of all weights, with an average': optimizers.adagrad({
    weightDecay: 0.01,
    decay: 'all',
    clipValue: 0.1,
    averageDecay: 0.9,
  }),
};
for (const [name, optimizer] of Object.entries(recipes)) {
  test(`four epochs are two, a file, and two: ${name}`, async () => {
    const options = { batchSize: 16, validationSplit: 0.2 };
    const straight = compiled({ optimizer });
    const { history } = await straight.fit(x, y, { ...options, epochs: 4 });
    const before = compiled({ optimizer });
    await before.fit(x, y, { ...options, epochs: 2 });
    const bytes = before.toBytes();
    before.dispose();
    const after = await loadModel(bytes);
    const { history: rest } = await after.fit(x, y, { ...options, epochs: 2 });
    for (const [log, values] of Object.entries(rest))
      assert.equal(values, history[log].slice(2), log);
    sameBits(weightsOf(after), weightsOf(straight), 'weights');
    assert.ok(Buffer.from(after.toBytes()).equals(straight.toBytes()), 'the files');
    straight.dispose();
    after.dispose();
  });
}

test('loss and metrics with their numbers, and a learning rate that was lowered', async () => {
  const model = compiled({
    rate: 0,
    loss: losses.softmaxCrossEntropy({ labelSmoothing: 0.1 }),
    metrics: ['accuracy', metrics.topK({ k: 2 }), metrics.recall({ class: 1 }), 'f1'],
  });
  const lowered: callbacks.Callback = {
    onTrainBegin(training) {
      assert.is(training.learningRateFactor, 1);
      training.learningRateFactor = 0.25;
    },
  };
  await model.fit(x, y, { callbacks: lowered });
  const loaded = await loadModel(model.toBytes());
  let seen = 0;
  const [expected, actual] = await Promise.all(
    [model, loaded].map((one) =>
      one.fit(x, y, {
        callbacks: {
          onTrainBegin({ learningRateFactor }) {
            seen += learningRateFactor;
          },
        },
      }),
    ),
  );
  assert.is(seen, 0.5);
  assert.equal(actual.history, expected.history);
  assert.equal(Object.keys(actual.history), [
    'loss',
    'accuracy',
    'top2Accuracy',
    'recall_1',
    'f1',
    'learningRate',
  ]);
  sameBits(weightsOf(loaded), weightsOf(model), 'weights');
  model.dispose();
  loaded.dispose();
});

test('a model that was never compiled', async () => {
  const model = tiny({ seed: 4 });
  const loaded = await loadModel(model.toBytes());
  sameBits(predictions(loaded, x), predictions(model, x), 'predictions');
  await rejects(() => loaded.trainOnBatch(x, y), StateError, 'compile');
  model.dispose();
  loaded.dispose();
});

/** The file's parts, read by the letter of the specification. */
function parse(bytes: Uint8Array): {
  header: Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>;
  begin: number;
} {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  return {
    header: JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))),
    begin: 8 + length,
  };
}

test('the file is safetensors: header, offsets without holes, numbers in place', () => {
  const model = compiled({ optimizer: optimizers.adam() });
  model.trainOnBatch(x, y);
  const bytes = model.toBytes();
  const { header, begin } = parse(bytes);
  const { __metadata__: metadata, ...tensors } = header;
  assert.is(begin % 8, 0);
  assert.ok(Object.values(metadata).every((value) => typeof value === 'string'));
  let end = 0;
  for (const [
    name,
    {
      dtype,
      shape,
      data_offsets: [from, to],
    },
  ] of Object.entries(tensors)) {
    assert.equal([dtype, from], ['F32', end], name);
    assert.is(
      to - from,
      shape.reduce((product, side) => product * side, 4),
      name,
    );
    end = to;
  }
  assert.is(begin + end, bytes.length);
  const names = model.weights.map(({ name }) => name);
  const trained = model.weights.filter(({ trainable }) => trainable).map(({ name }) => name);
  assert.equal(Object.keys(tensors), [
    ...names,
    ...trained.map((n) => `optimizer/m/${n}`),
    ...trained.map((n) => `optimizer/v/${n}`),
  ]);
  for (const { name, tensor } of model.weights) {
    const [from, to] = tensors[name].data_offsets;
    assert.equal(
      new Float32Array(bytes.slice(begin + from, begin + to).buffer),
      Float32Array.from(tensor.data),
      name,
    );
  }
  model.dispose();
});

test('bytes as they come: a Buffer of a pool, a view at an odd place', async () => {
  const model = tiny();
  const expected = predictions(model, x);
  const bytes = model.toBytes();
  const odd = new Uint8Array(bytes.length + 3).subarray(3);
  odd.set(bytes);
  for (const form of [Buffer.from(bytes), Buffer.from(odd.buffer, 3), odd]) {
    const loaded = await loadModel(form);
    sameBits(predictions(loaded, x), expected, 'predictions');
    loaded.dispose();
  }
  model.dispose();
});

const taken = () => ({ ...memory(), bytes: 0 });

/** Damaged files: FormatError and nothing else, and nothing left behind. */
async function refuses(bytes: Uint8Array, ...parts: string[]): Promise<void> {
  const before = taken();
  await rejects(() => loadModel(bytes), FormatError, ...parts);
  assert.equal(taken(), before, 'memory is left behind');
}

const saved = (): Uint8Array => {
  const model = compiled({ optimizer: recipes['momentum, by steps'] });
  const bytes = model.toBytes();
  model.dispose();
  return bytes;
};

test('files cut off anywhere', async () => {
  const bytes = saved();
  for (let length = 1; length < bytes.length; length += length < 40 ? 1 : 37)
    await refuses(bytes.subarray(0, length), 'safetensors');
  await refuses(bytes.subarray(0, bytes.length - 1), 'cut off');
});

test('files of which a bit is not what was written: wherever it is', async () => {
  const bytes = saved();
  assert.match(new TextDecoder().decode(bytes.subarray(8, 37)), /^{"__metadata__":{"checksum":"$/);
  const { begin } = parse(bytes);
  const places = [begin, begin + 1, bytes.length - 1, 37, 44, 60];
  for (const place of [
    ...places,
    ...numbers(40, 3).map((x) => begin + Math.floor(((x + 1) / 2) * (bytes.length - begin))),
  ])
    for (const bit of [1, 128]) {
      const damaged = Uint8Array.from(bytes);
      damaged[place] ^= bit;
      await refuses(damaged);
    }
  const last = Uint8Array.from(bytes);
  last[last.length - 1] ^= 1;
  await refuses(last, 'damaged', 'checksum', 'another copy');
  // Files of before there was one.
  (await loadModel(unsealed(bytes))).dispose();
});

test('files that are something else', async () => {
  const text = (s: string) => new TextEncoder().encode(s);
  await refuses(new Uint8Array(0), 'empty');
  await refuses(text('<!doctype html><title>404</title>'), 'HTML');
  await refuses(new Uint8Array(numbers(1000, 1).buffer), 'header claims');
  await refuses(saved().fill(0xff, 0, 8), 'header claims');
  const weight: StoredTensor = { shape: [2], data: Float32Array.of(1, 2) };
  await refuses(
    writeSafetensors({ metadata: {}, tensors: new Map([['weight', weight]]) }),
    'not a wasmgrad model',
  );
  const { metadata } = readSafetensors(unsealed(saved()));
  const half = writeSafetensors({ metadata, tensors: new Map([['weight', weight]]) });
  // The F of "dtype":"F32" becomes an I.
  const { begin } = parse(half);
  const header = new TextDecoder().decode(half.subarray(8, begin));
  half[8 + new TextEncoder().encode(header.slice(0, header.indexOf('F32"'))).length] = 0x49;
  await refuses(half, "'weight' is I32");
});

test('files whose parts do not fit each other', async () => {
  const { metadata, tensors } = readSafetensors(unsealed(saved()));
  const edited = (
    change: Record<string, string>,
    without?: string,
    shaped?: StoredTensor,
  ): Uint8Array => {
    const kept = new Map([...tensors].filter(([name]) => name !== without));
    if (without && shaped) kept.set(without, shaped);
    return writeSafetensors({ metadata: { ...metadata, ...change }, tensors: kept });
  };
  const replaced = (key: string, from: string, to: string) =>
    edited({ [key]: metadata[key].replaceAll(from, to) });
  (await loadModel(edited({}))).dispose();
  await refuses(edited({}, 'dense/kernel'), "no 'dense/kernel'");
  await refuses(
    edited({}, 'optimizer/velocity/dense/kernel'),
    "no 'optimizer/velocity/dense/kernel'",
  );
  await refuses(
    edited({}, 'dense/bias', { shape: [4], data: new Float32Array(4) }),
    "'dense/bias'",
    '[4]',
    '[3]',
  );
  await refuses(edited({ version: '999' }), 'version 999');
  await refuses(replaced('model', '"maxPool2d"', '"swirlPool"'), 'swirlPool', 'maxPool2d', 'dense');
  await refuses(replaced('model', '"maxPool2d"', '"constructor"'), 'constructor');
  await refuses(replaced('model', '"units":3', '"units":1e6'), 'dense/kernel', '[16, 3]');
  await refuses(replaced('model', '"units":3', '"units":1e9'), 'dense', 'kernel', '4 GiB');
  await refuses(replaced('model', '"units":3', '"units":-3'), 'units');
  await refuses(replaced('model', '[6,6,1]', '[6,6]'), 'dimensions');
  await refuses(replaced('model', '"relu"', '"swish"'), 'swish');
  await refuses(replaced('model', '"units":3', '"units":5,"units":3'), "'units' is there twice");
  await refuses(replaced('training', '"every":3', '"every":3,"every":4'), "'every' is there twice");
  await refuses(replaced('model', '"layers":[', '"layers":[null,'), 'another kind)');
  await refuses(replaced('model', '"layers":[', '"sheets":['), 'damaged (parts of them');
  await refuses(replaced('training', '"sgd"', '"sgdx"'), 'optimizer');
  await refuses(replaced('training', '"every":3', '"every":null'), 'every');
  await refuses(replaced('training', '"step":0', '"step":-1'), 'step');
  await refuses(
    replaced('training', '"learningRateFactor":1', '"learningRateFactor":-1'),
    'learningRateFactor',
  );
  await refuses(replaced('training', '"softmaxCrossEntropy"', '"entropy"'), 'entropy', 'hinge');
  await refuses(replaced('training', '"epoch":0', '"epoch":"many"'), 'epoch');
  await refuses(replaced('training', '"accuracy"', '7'), 'metric');
  await refuses(edited({ training: 'null' }), 'damaged (parts of them');
  await refuses(edited({ random: '{"seed":' }), 'damaged (they are no JSON)');
  await refuses(edited({ random: '{"seed":-1}' }), 'seed');
});

test.run();
