// What lowering joins: ReLU with the layer before it, batch norm at inference with the convolution before
// it, ReLU's gradient with the max pool behind it.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { layers, optimizers, Sequential } from '../../src/index.js';
import { lower } from '../../src/lowering/lower.js';
import type { Mode } from '../../src/lowering/spec.js';
import { close } from '../helpers/close.js';
import { predictions, sameBits, samples, weightsOf } from '../helpers/models.js';
import '../helpers/start.js';

type Layers = ConstructorParameters<typeof Sequential>[0];

const linear = () => layers.activation({ activation: 'linear' });
const conv = () => layers.conv2d({ filters: 5, kernelSize: 3 });

function compiled(list: Layers): Sequential {
  const model = new Sequential(list, { inputShape: [6, 6, 1], seed: 1 });
  const optimizer = optimizers.sgd({ learningRate: 0.05, momentum: 0.9 });
  model.compile({ optimizer, loss: 'softmaxCrossEntropy' });
  return model;
}

/** The kernels of a program for the model, in order. */
function kernelsOf(model: Sequential, mode: Mode): string[] {
  const { weights, objective, network } = model.engine('test');
  const { graph } = network;
  const given = { targets: ['labels'], weighted: false } as const;
  const task = { graph, weights, objective, batch: 2, mode, ...given };
  return lower(task).emitter.ops.map(({ kernel }) => kernel);
}

const count = (list: readonly string[], what: string) => list.filter((k) => k === what).length;

/** Both models hold the same numbers at first: so they must after some training. */
function trainsAlike(joined: Sequential, apart: Sequential): void {
  apart.weights.forEach(({ tensor }, i) => {
    tensor.data.set(joined.weights[i].tensor.data);
  });
  const { x, y } = samples(16);
  for (let step = 0; step < 3; step++) {
    const [a, b] = [joined, apart].map((model) => model.trainOnBatch(x, y).loss);
    assert.is(a, b, `the loss of step ${step}`);
  }
  sameBits(weightsOf(joined), weightsOf(apart), 'weights');
  sameBits(predictions(joined, x), predictions(apart, x), 'predictions');
}

const forms = {
  'layers.relu': () => layers.relu(),
  'layers.activation': () => layers.activation({ activation: 'relu' }),
};

for (const [name, relu] of Object.entries(forms)) {
  test(`${name} behind batchNorm emits nothing and changes no bit`, () => {
    const head = () => [layers.flatten(), layers.dense({ units: 3 })];
    // A layer between them that does nothing keeps them apart.
    const joined = compiled([conv(), layers.batchNorm(), relu(), ...head()]);
    const apart = compiled([conv(), layers.batchNorm(), linear(), relu(), ...head()]);
    for (const mode of ['predict', 'evaluate', 'train'] as const) {
      const backward = mode === 'train' ? 1 : 0;
      const [one, two] = [kernelsOf(joined, mode), kernelsOf(apart, mode)];
      assert.is(count(one, 'unary') + count(one, 'unaryBackward'), 0, mode);
      assert.is(count(two, 'unary') + count(two, 'unaryBackward'), 1 + backward, mode);
    }
    trainsAlike(joined, apart);
    joined.dispose();
    apart.dispose();
  });
}

test('only the first ReLU is joined, and only with the layer right before it', () => {
  const list = [conv(), layers.batchNorm(), layers.relu(), layers.relu(), conv(), layers.relu()];
  const model = compiled([...list, layers.flatten(), layers.dense({ units: 3 })]);
  // The second ReLU stands alone; convolution's own rides in its epilogue, but not backward.
  assert.is(count(kernelsOf(model, 'train'), 'unary'), 1);
  assert.is(count(kernelsOf(model, 'train'), 'unaryBackward'), 2);
  model.dispose();
});

test('the end of a network, and other activations behind batchNorm', () => {
  const front = () => [layers.flatten(), layers.dense({ units: 3 }), layers.batchNorm()];
  const [joined, apart] = [
    compiled([...front(), layers.relu()]),
    compiled([...front(), linear(), layers.relu()]),
  ];
  trainsAlike(joined, apart);
  const tanh = compiled([...front(), layers.activation({ activation: 'tanh' })]);
  assert.is(count(kernelsOf(tanh, 'predict'), 'unary'), 1);
  for (const model of [joined, apart, tanh]) model.dispose();
});

test('ReLU behind a convolution or dense layer is its activation', () => {
  const list = (split: boolean) => {
    const activation = split ? 'linear' : 'relu';
    const relu = split ? [layers.relu()] : [];
    return [
      layers.conv2d({ filters: 5, kernelSize: 3, activation }),
      ...relu,
      layers.flatten(),
      layers.dense({ units: 7, activation }),
      ...relu.map(() => layers.relu()),
      layers.dense({ units: 3 }),
    ];
  };
  const [joined, apart] = [compiled(list(true)), compiled(list(false))];
  assert.equal(kernelsOf(joined, 'train'), kernelsOf(apart, 'train'));
  trainsAlike(joined, apart);
  for (const model of [joined, apart]) model.dispose();
});

const choices = {
  maxPool2d: () => layers.maxPool2d({ poolSize: 3, strides: 1 }),
  minPool2d: () => layers.minPool2d({ poolSize: 2, strides: 1 }),
  adaptiveMaxPool2d: () => layers.adaptiveMaxPool2d({ outputSize: 3 }),
  globalMaxPool2d: () => layers.globalMaxPool2d(),
  channelPool: () => layers.channelPool({ poolSize: 2 }),
};

for (const [name, pool] of Object.entries(choices)) {
  test(`ReLU's gradient is taken behind ${name}, where there are fewer numbers: the same bits`, () => {
    const list = (activation: 'relu' | 'linear', between: Layers) => [
      layers.conv2d({ filters: 6, kernelSize: 3, activation }),
      ...between,
      pool(),
      layers.flatten(),
      layers.dense({ units: 3 }),
    ];
    for (const first of [list('relu', []), list('linear', [layers.relu()])]) {
      const [joined, apart] = [compiled(first), compiled(list('relu', [linear()]))];
      // Before the pooling's own backward, or else behind it.
      const reluFirst = (model: Sequential): boolean => {
        const list = kernelsOf(model, 'train');
        assert.is(count(list, 'unaryBackward'), 1);
        return list.indexOf('unaryBackward') < list.findIndex((k) => k.endsWith('PoolBackward'));
      };
      assert.equal([joined, apart].map(reluFirst), [true, false]);
      trainsAlike(joined, apart);
      for (const model of [joined, apart]) model.dispose();
    }
  });
}

test('where values are mixed, the gradient of ReLU stays in its place', () => {
  for (const pool of [
    layers.avgPool2d(),
    layers.lpPool2d(),
    layers.blurPool2d(),
    layers.channelPool({ poolSize: 2, mode: 'average' }),
    layers.lrn(),
  ]) {
    assert.not.ok(pool.fusion.commutesWithRelu, pool.type);
  }
});

const kinds = {
  conv2d: { make: () => layers.conv2d({ filters: 5, kernelSize: 3 }), head: [] as Layers },
  'conv2d without bias': {
    make: () => layers.conv2d({ filters: 5, kernelSize: 3, useBias: false }),
    head: [] as Layers,
  },
  'conv2d by Winograd': {
    make: () => layers.conv2d({ filters: 9, kernelSize: 3, algorithm: 'winograd' }),
    head: [] as Layers,
  },
  'depthwise conv2d': {
    make: () => layers.conv2d({ filters: 3, kernelSize: 3, groups: 3 }),
    head: [layers.conv2d({ filters: 3, kernelSize: 1 })] as Layers,
  },
};

for (const [name, { make, head }] of Object.entries(kinds)) {
  test(`batch norm folds into ${name} at inference`, () => {
    const list = (between: Layers) => [
      ...head,
      make(),
      ...between,
      layers.batchNorm({ momentum: 0.5 }),
      layers.relu(),
      layers.flatten(),
      layers.dense({ units: 3 }),
    ];
    const joined = compiled(list([]));
    assert.not.ok(kernelsOf(joined, 'predict').some((kernel) => kernel.startsWith('norm')));
    assert.not.ok(kernelsOf(joined, 'evaluate').some((kernel) => kernel.startsWith('norm')));
    const { x, y } = samples(16);
    for (let step = 0; step < 3; step++) joined.trainOnBatch(x, y);
    // Made behind the other, whose head's layers may be in one model only.
    const apart = new Sequential(
      [
        ...head.map(() => layers.conv2d({ filters: 3, kernelSize: 1 })),
        make(),
        linear(),
        layers.batchNorm({ momentum: 0.5 }),
        layers.relu(),
        layers.flatten(),
        layers.dense({ units: 3 }),
      ],
      { inputShape: [6, 6, 1], seed: 2 },
    );
    const copy = () =>
      apart.weights.forEach(({ tensor }, i) => {
        tensor.data.set(joined.weights[i].tensor.data);
      });
    for (let round = 0; round < 2; round++) {
      copy();
      close(predictions(joined, x), predictions(apart, x), { atol: 2e-5 }, `round ${round}`);
      // The fold follows the weights and the running statistics.
      joined.trainOnBatch(x, y);
    }
    for (const model of [joined, apart]) model.dispose();
  });
}

test.run();
