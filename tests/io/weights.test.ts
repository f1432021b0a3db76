// Weights of other libraries: which layer gets which module's, Keras's names, and what is said of what does not fit.
// That PyTorch's networks then predict the same proves tests/golden/statedicts.test.ts.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  io,
  layers,
  type Model,
  NumericError,
  Sequential,
  Tensor,
  ValueError,
  zoo,
} from '../../src/index.js';
import { predictions, rejects, sameBits, weightsOf } from '../helpers/models.js';
import { numbers, random } from '../helpers/random.js';
import '../helpers/start.js';

type Record_ = Record<string, Tensor>;

const free = (...records: Record_[]): void => {
  for (const tensor of records.flatMap(Object.values)) tensor.dispose();
};

/** The weights in Keras's names: `wordsOf` says what each layer is called there. */
function inKeras(model: Model, nameOf: (layer: string) => string): Record_ {
  const words: Record<string, string> = {
    movingMean: 'moving_mean',
    movingVariance: 'moving_variance',
  };
  return Object.fromEntries(
    model.weights.map(({ name, tensor }) => {
      const [layer, word] = name.split('/');
      return [`${nameOf(layer)}/${words[word] ?? word}:0`, tensor.clone()];
    }),
  );
}

const network = (seed: number): Sequential =>
  new Sequential(
    [
      layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }),
      layers.batchNorm(),
      layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }),
      layers.batchNorm(),
      layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }),
      layers.flatten(),
      layers.dense({ units: 3 }),
    ],
    { inputShape: [6, 5, 4], seed },
  );

test("Keras's names, numbered from where another model ended, in their order or sorted", () => {
  const [one, other] = [network(1), network(2)];
  const words: Record<string, string> = { conv2d: 'conv2d', batchNorm: 'batch_normalization' };
  const record = inKeras(one, (name) => {
    const [, type, number = '0'] = /^(\D+2d|\D+?)(?:_(\d+))?$/.exec(name) ?? [];
    return `net/${words[type] ?? type}_${Number(number) + 9}`;
  });
  assert.ok(Object.keys(record).includes('net/batch_normalization_10/moving_mean:0'));
  const x = numbers(2 * 120, 3);
  const expected = predictions(one, x);
  // conv2d_10 stands before conv2d_9.
  for (const names of [Object.keys(record), Object.keys(record).sort()]) {
    other.setWeights(network(3).getWeights());
    other.setWeights(Object.fromEntries(names.map((name) => [name, record[name]])), {
      from: 'keras',
    });
    sameBits(predictions(other, x), expected, names[0]);
  }
  free(record);
  for (const model of [one, other]) model.dispose();
});

test('separable and depthwise convolutions of Keras', () => {
  const model = new Sequential(
    [
      layers.separableConv2d({ filters: 5, kernelSize: 3, depthMultiplier: 2, name: 'sep' }),
      layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 3 }),
      layers.conv2dTranspose({ filters: 2, kernelSize: 2 }),
    ],
    { inputShape: [5, 5, 3], seed: 1 },
  );
  const shapes = {
    'sep/depthwise_kernel': [3, 3, 3, 2],
    'sep/pointwise_kernel': [1, 1, 6, 5],
    'sep/bias': [5],
    'depthwise_conv2d/depthwise_kernel': [2, 2, 5, 3],
    'depthwise_conv2d/bias': [15],
    'conv2d_transpose/kernel': [2, 2, 2, 15],
    'conv2d_transpose/bias': [2],
  };
  const record = Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => [name, random(shape, i)]),
  );
  model.setWeights(record, { from: 'keras' });
  // The arrangement is the same: only dimensions are grouped in another way.
  const expected = Object.values(record).flatMap(({ data }) => [...data]);
  sameBits(weightsOf(model), Float32Array.from(expected), 'all');
  free(record);
  model.dispose();
});

test("the zoo's layers have torchvision's names: any order, in a wrapper", () => {
  const [one, other] = [zoo.resnet({ depth: 20, seed: 1 }), zoo.resnet({ depth: 20, seed: 2 })];
  const words: Record<string, string> = { kernel: 'weight', gamma: 'weight', beta: 'bias' };
  Object.assign(words, { movingMean: 'running_mean', movingVariance: 'running_var' });
  const axes = (rank: number) => Array.from({ length: rank }, (_, i) => rank - 1 - i);
  const record: Record_ = {};
  for (const { name, tensor } of [...one.weights].reverse()) {
    const [layer, word] = name.split('/');
    const shape = tensor.shape;
    const data = Float32Array.from(tensor.data);
    // [out, in, height, width] by counting: dimension d of theirs is ours at axes[d].
    const order = shape.length === 4 ? [3, 2, 0, 1] : axes(shape.length);
    const theirs = order.map((axis) => shape[axis]);
    const to = Tensor.zeros(theirs);
    data.forEach((value, at) => {
      const place = [...shape.keys()].map((d) => {
        const stride = shape.slice(d + 1).reduce((a, b) => a * b, 1);
        return Math.floor(at / stride) % shape[d];
      });
      to.data[order.reduce((sum, axis, d) => sum * theirs[d] + place[axis], 0)] = value;
    });
    record[`model.module.${layer}.${words[word] ?? word}`] = to;
    if (word === 'gamma') record[`model.module.${layer}.num_batches_tracked`] = Tensor.from(3);
  }
  other.setWeights(record, { from: 'pytorch' });
  sameBits(weightsOf(other), weightsOf(one), 'all');
  free(record);
  for (const model of [one, other]) model.dispose();
});

test('what has no partner is listed on both sides, in the words of the file; nothing is set', async () => {
  const model = new Sequential(
    [
      layers.conv2d({ filters: 2, kernelSize: 3 }),
      layers.flatten(),
      layers.dense({ units: 3, name: 'head' }),
    ],
    { inputShape: [3, 4, 1], seed: 1 },
  );
  const before = weightsOf(model);
  const refuse = async (shapes: Record<string, number[]>, ...parts: string[]) => {
    const record = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, Tensor.zeros(shape)]),
    );
    const set = () => model.setWeights(record, { from: 'pytorch' });
    await rejects(set, ValueError, 'sequential.setWeights', 'nothing was set', ...parts);
    sameBits(weightsOf(model), before, parts.join());
    free(record);
  };
  const head = { 'head.weight': [3, 4], 'head.bias': [3] };
  await refuse(
    { 'conv.weight': [2, 1, 5, 5], 'conv.bias': [2], ...head, 'aux.scale': [1] },
    "layers without a partner 'conv2d' (weight [2, 1, 3, 3], bias [2])",
    "in the record 'conv' (weight [2, 1, 5, 5], bias [2]), 'aux' (scale [1])",
    'the option name',
  );
  await refuse({ 'conv.weight': [2, 1, 3, 3], ...head }, "'conv' (weight [2, 1, 3, 3])");
  await refuse(
    { 'conv.weight': [2, 1, 3, 3], 'conv.bias': [2], 'head.weight': [4, 3], 'head.bias': [3] },
    "'head' (weight [3, 4], bias [3], where the record has weight [4, 3], bias [3])",
  );
  await refuse({}, "'conv2d'", "'head'");
  const record = Object.fromEntries(
    Object.entries({ 'c.weight': [2, 1, 3, 3], 'c.bias': [2], ...head }).map(([name, shape]) => [
      name,
      random(shape, 1),
    ]),
  );
  const set =
    (given: unknown, from: unknown = 'pytorch') =>
    () =>
      model.setWeights(given as Record_, { from } as { from: 'pytorch' });
  await rejects(set(record, 'jax'), ValueError, 'from', "'pytorch' or 'keras'", "'jax'");
  await rejects(set(null), ValueError, 'a record of tensors');
  await rejects(set({ 'c.weight': [1] }), ValueError, "'c.weight' must be a tensor");
  const integers = Tensor.from(new Int32Array(2));
  await rejects(set({ ...record, 'c.bias': integers }), ValueError, 'int32 bias [2]');
  record['c.bias'].data[1] = Number.NaN;
  await rejects(set(record), NumericError, "'conv2d/bias' contains NaN");
  record['c.bias'].data[1] = 0;
  sameBits(weightsOf(model), before, 'still');
  set(record)();
  assert.is.not(weightsOf(model).join(), before.join());
  free(record);
  integers.dispose();
  model.dispose();
});

test('before anything is read an error says what to call; each reader of tensors is enough', async () => {
  const { foreign, missing } = await import('../../src/model/foreign.js');
  const model = network(1);
  const { assign } = foreign;
  // As core.ts alone has it.
  foreign.assign = missing;
  const set = () => model.setWeights({}, { from: 'keras' });
  await rejects(set, Error, 'setWeights', "'wasmgrad/io'");
  const tensor = Tensor.from([1]);
  const readers = [
    () => io.readSafetensors(io.writeSafetensors({ tensor })),
    () => io.readNpz(io.writeNpz({ tensor })),
    () => ({ tensor: io.readNpy(io.writeNpy(tensor)) }),
  ];
  for (const read of readers) {
    foreign.assign = missing;
    free(read());
    assert.is(foreign.assign, assign);
  }
  tensor.dispose();
  model.dispose();
});

test.run();
