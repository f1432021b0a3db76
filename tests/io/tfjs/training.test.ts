// Models from TF.js go on learning here: as their file says, step by step as in TF.js, and graph models too.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Model, optimizers, Tensor } from '../../../src/index.js';
import { readTfjs, type TfjsArtifacts } from '../../../src/io/index.js';
import { close } from '../../helpers/close.js';
import { numbers } from '../../helpers/random.js';
import '../../helpers/start.js';
import { GraphBuilder } from '../../helpers/tfgraph.js';
import { artifactsOf, predicted, scramble, tf, tfl } from '../../helpers/tfjs.js';

const BATCH = 6;
const shape = [BATCH, 8, 8, 2];
const x = numbers(BATCH * 128, 3);
const classes = Int32Array.from({ length: BATCH }, (_, i) => i % 3);

function network(activation: 'softmax' | 'sigmoid' | 'linear', units: number): tfl.LayersModel {
  const L = tfl.layers;
  const model = tfl.sequential({
    layers: [
      L.conv2d({ inputShape: shape.slice(1), filters: 4, kernelSize: 3, activation: 'relu' }),
      L.flatten({}),
      L.dense({ units, activation }),
    ],
  });
  scramble(model, 5);
  return model;
}

const oneHot = () => tf.oneHot(tf.tensor1d(classes, 'int32'), 3);
const numbersOf = (size: number) => numbers(BATCH * size, 9).map((value) => (value > 0 ? 1 : 0));

type Loss = 'categoricalCrossentropy' | 'binaryCrossentropy' | 'meanSquaredError';
const trainings: [name: string, optimizer: () => tf.Optimizer, loss: Loss][] = [
  ['sgd', () => tf.train.sgd(0.05), 'categoricalCrossentropy'],
  ['momentum', () => tf.train.momentum(0.05, 0.9), 'binaryCrossentropy'],
  ['adam', () => tf.train.adam(0.01, 0.8, 0.95), 'meanSquaredError'],
  ['adagrad', () => tf.train.adagrad(0.05), 'meanSquaredError'],
];

for (const [name, optimizer, loss] of trainings) {
  test(`${name} and ${loss} are the file's, and take the same steps as in TF.js`, async () => {
    const isClasses = loss === 'categoricalCrossentropy';
    const units = isClasses ? 3 : 2;
    const last = { categoricalCrossentropy: 'softmax', binaryCrossentropy: 'sigmoid' } as const;
    const theirs = network(loss === 'meanSquaredError' ? 'linear' : last[loss], units);
    theirs.compile({ optimizer: optimizer(), loss, metrics: ['accuracy'] });
    const own = await readTfjs(await artifactsOf(theirs, true));
    const targets = isClasses ? oneHot() : tf.tensor(numbersOf(2), [BATCH, 2]);
    for (let step = 0; step < 3; step++) {
      await theirs.trainOnBatch(tf.tensor(x, shape), targets);
      own.trainOnBatch(
        Tensor.from(x, shape),
        isClasses ? classes : Tensor.from(numbersOf(2), [BATCH, 2]),
      );
    }
    const [expected] = predicted(theirs, [{ data: x, shape }]);
    const made = own.predict(Tensor.from(x, shape)) as Tensor;
    close(made.data, expected.data, { atol: 2e-5, rtol: 1e-4 });
    own.dispose();
    theirs.dispose();
  });
}

/** Artifacts with another training configuration. */
const withTraining = async (trainingConfig: object): Promise<TfjsArtifacts> => ({
  ...(await artifactsOf(network('softmax', 3))),
  trainingConfig,
});

const adam = { class_name: 'Adam', config: { learning_rate: 0.01 } };

test('a training configuration of Keras', async () => {
  const own = await readTfjs(
    await withTraining({
      loss: {
        module: 'keras.losses',
        class_name: 'SparseCategoricalCrossentropy',
        config: { name: 'sparse_categorical_crossentropy', from_logits: false },
      },
      metrics: ['accuracy', { class_name: 'Unknown', config: { name: 'own' } }],
      optimizer_config: adam,
    }),
  );
  const logs = own.trainOnBatch(Tensor.from(x, shape), classes);
  assert.equal(Object.keys(logs), ['loss', 'accuracy']);
  own.dispose();
});

const unknown: [what: string, config: object][] = [
  [
    'an optimizer that there is not',
    {
      loss: 'categorical_crossentropy',
      optimizer_config: { class_name: 'Ftrl', config: { learning_rate: 1 } },
    },
  ],
  [
    'a schedule',
    {
      loss: 'categorical_crossentropy',
      optimizer_config: {
        class_name: 'Adam',
        config: { learning_rate: { class_name: 'CosineDecay' } },
      },
    },
  ],
  ['a loss that there is not', { loss: 'poisson', optimizer_config: adam }],
  ['probabilities of another kind', { loss: 'binary_crossentropy', optimizer_config: adam }],
  ['no optimizer', { loss: 'mse' }],
];

for (const [what, config] of unknown) {
  test(`${what}: the model is not compiled`, async () => {
    const own = await readTfjs(await withTraining(config));
    assert.throws(() => own.trainOnBatch(Tensor.from(x, shape), classes), /compile/);
    own.dispose();
  });
}

/** Trains a few steps, and checks that the loss falls. */
function learns(model: Model): void {
  model.compile({
    optimizer: optimizers.adam({ learningRate: 0.01 }),
    loss: 'softmaxCrossEntropy',
  });
  const losses = Array.from(
    { length: 8 },
    () => model.trainOnBatch(Tensor.from(x, shape), classes).loss,
  );
  assert.ok(losses[7] < 0.8 * losses[0], `${losses}`);
}

test('a graph model learns, in all its weights', async () => {
  const g = new GraphBuilder();
  const start = g.input('x', [-1, 8, 8, 2]);
  const windows = { strides: [1, 2, 2, 1], dilations: [1, 1, 1, 1], padding: 'SAME' };
  const fused = { fused_ops: ['BiasAdd', 'Relu6'], num_args: 1 };
  const a = g.node('_FusedConv2D', [start, g.weight([3, 3, 2, 6]), g.weight([6])], {
    ...windows,
    ...fused,
  });
  const b = g.node('FusedDepthwiseConv2dNative', [a, g.weight([3, 3, 6, 1]), g.weight([6])], {
    ...windows,
    ...fused,
  });
  const flat = g.node('Reshape', [b, g.ints(-1, 24)]);
  const logits = g.node('MatMul', [flat, g.weight([24, 3])], {
    transpose_a: false,
    transpose_b: false,
  });
  const y = g.node('Softmax', [g.node('BiasAdd', [logits, g.weight([3])])]);
  const model = await readTfjs(g.artifacts([start], [y]));
  const before = model.weights.map(({ tensor }) => tensor.data.slice());
  assert.is(before.length, 6);
  learns(model);
  model.weights.forEach(({ name, tensor }, i) => {
    assert.ok(
      tensor.data.some((value, k) => value !== before[i][k]),
      `${name} did not change`,
    );
  });
  model.dispose();
});

test('layers that do not learn in the file do not here', async () => {
  const theirs = network('softmax', 3);
  theirs.layers[0].trainable = false;
  const own = await readTfjs(await artifactsOf(theirs));
  assert.equal(
    own.layers.map(({ trainable }) => trainable),
    [false, true, true],
  );
  learns(own);
  own.dispose();
});

test.run();
