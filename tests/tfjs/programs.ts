// Small programs of TF.js that train, in the ways that people write them. Each returns its losses, step by step, on
// the backend that is set; data, initial weights and dropout come from seeds, so that backends can be compared.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { sizeOf } from '../../src/base/shape.js';
import { numbers } from '../helpers/random.js';

const { layers } = tfl;
const { train } = tf;

/** Steps that a program trains. */
export const STEPS = 50;

const BATCH = 4;

/** A tensor of numbers in [−1, 1). */
const drawn = (shape: number[], seed: number): tf.Tensor =>
  tf.tensor(numbers(sizeOf(shape), seed), shape);

/** Classes of samples, one-hot: which part of a sample has the largest sum. */
const classesOf = (x: tf.Tensor, classes: number): tf.Tensor =>
  tf.tidy(() => {
    const [batch] = x.shape;
    const parts = tf.reshape(x, [batch, classes, x.size / batch / classes]);
    return tf.oneHot(tf.argMax(tf.sum(parts, 2), 1), classes);
  });

/** Gives a model's matrices and filters numbers from a seed; other weights begin as they are: zeros or ones. */
function weigh<Model extends tfl.LayersModel>(model: Model, seed: number): Model {
  model.weights.forEach((weight, i) => {
    const shape = weight.shape as number[];
    if (shape.length < 2) return;
    const fanIn = sizeOf(shape.slice(0, -1));
    weight.write(tf.mul(drawn(shape, seed + i), Math.sqrt(3 / fanIn)));
  });
  return model;
}

/** Takes steps on one batch. */
async function stepsOf(model: tfl.LayersModel, x: tf.Tensor, y: tf.Tensor): Promise<number[]> {
  const losses: number[] = [];
  while (losses.length < STEPS) losses.push((await model.trainOnBatch(x, y)) as number);
  return losses;
}

/** `fit` of a Sequential, with convolution, pooling and batch norm. */
async function sequential(): Promise<number[]> {
  const model = weigh(
    tfl.sequential({
      layers: [
        layers.conv2d({ inputShape: [12, 12, 2], filters: 4, kernelSize: 3, activation: 'relu' }),
        layers.batchNormalization(),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.flatten(),
        layers.dense({ units: 3, activation: 'softmax' }),
      ],
    }),
    1,
  );
  model.compile({ optimizer: train.momentum(0.01, 0.9), loss: 'categoricalCrossentropy' });
  const x = drawn([5 * BATCH, 12, 12, 2], 2);
  const losses: number[] = [];
  await model.fit(x, classesOf(x, 3), {
    ...{ batchSize: BATCH, epochs: STEPS / 5, shuffle: false, verbose: 0 },
    callbacks: { onBatchEnd: (_, logs) => void losses.push(logs?.loss ?? Number.NaN) },
  });
  return losses;
}

/** A graph with two branches, which meet. */
async function functional(): Promise<number[]> {
  const input = tfl.input({ shape: [8, 8, 3] });
  const wide = layers
    .conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'elu' })
    .apply(input) as tfl.SymbolicTensor;
  const narrow = layers
    .conv2d({ filters: 3, kernelSize: 1, activation: 'tanh' })
    .apply(
      layers.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same' }).apply(input),
    ) as tfl.SymbolicTensor;
  const both = layers.concatenate().apply([wide, narrow]);
  const means = layers.globalAveragePooling2d({}).apply(both);
  const output = layers.dense({ units: 2 }).apply(means) as tfl.SymbolicTensor;
  const model = weigh(tfl.model({ inputs: input, outputs: output }), 3);
  model.compile({ optimizer: train.adam(0.01), loss: 'meanSquaredError' });
  return stepsOf(model, drawn([BATCH, 8, 8, 3], 4), drawn([BATCH, 2], 5));
}

/** Variables, gradients and steps by hand: no layers. */
async function customLoop(): Promise<number[]> {
  const hidden = tf.variable(drawn([6, 10], 6));
  const bias = tf.variable(tf.zeros([10]));
  const out = tf.variable(drawn([10, 1], 7));
  const optimizer = train.sgd(0.05);
  const x = drawn([BATCH, 6], 8);
  const y = drawn([BATCH, 1], 9);
  const loss = (): tf.Scalar => {
    const features = tf.sigmoid(tf.add(tf.matMul(x, hidden), bias));
    return tf.mean(tf.squaredDifference(tf.matMul(features, out), y));
  };
  return Array.from({ length: STEPS }, () =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(loss, [hidden, bias, out]);
      optimizer.applyGradients(grads);
      return value.dataSync()[0];
    }),
  );
}

/** A generator and a discriminator in turn: two losses a step. */
async function gan(): Promise<number[]> {
  const dense = (units: number, activation: 'relu' | 'tanh' | 'linear', inputShape?: number[]) =>
    layers.dense({ units, activation, inputShape });
  const generator = weigh(
    tfl.sequential({ layers: [dense(12, 'relu', [4]), dense(6, 'tanh')] }),
    10,
  );
  const discriminator = weigh(
    tfl.sequential({ layers: [dense(12, 'relu', [6]), layers.leakyReLU(), dense(1, 'linear')] }),
    20,
  );
  const judge = (x: tf.Tensor, isReal: boolean): tf.Scalar => {
    const logits = discriminator.apply(x) as tf.Tensor;
    const label = isReal ? tf.onesLike(logits) : tf.zerosLike(logits);
    return tf.losses.sigmoidCrossEntropy(label, logits) as tf.Scalar;
  };
  const made = (step: number): tf.Tensor =>
    generator.apply(drawn([BATCH, 4], 100 + step)) as tf.Tensor;
  const variablesOf = (model: tfl.LayersModel): tf.Variable[] =>
    model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const [forGenerator, forDiscriminator] = [train.adam(0.005, 0.5), train.adam(0.005, 0.5)];
  const real = tf.abs(drawn([BATCH, 6], 11));
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    tf.tidy(() => {
      const detects = () => tf.add(judge(real, true), judge(made(step), false)) as tf.Scalar;
      const deceives = () => judge(made(step), true);
      const own = forDiscriminator.minimize(detects, true, variablesOf(discriminator));
      const other = forGenerator.minimize(deceives, true, variablesOf(generator));
      losses.push(...[own, other].map((loss) => loss?.dataSync()[0] ?? Number.NaN));
    });
  }
  return losses;
}

/** Images made smaller, and large again by transposed convolution. */
async function autoencoder(): Promise<number[]> {
  const model = weigh(
    tfl.sequential({
      layers: [
        layers.conv2d({
          ...{ inputShape: [8, 8, 1], filters: 6, kernelSize: 3, strides: 2 },
          ...{ padding: 'same', activation: 'relu' },
        }),
        layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }),
        layers.activation({ activation: 'relu' }),
        layers.conv2d({ filters: 1, kernelSize: 3, padding: 'same', activation: 'sigmoid' }),
      ],
    }),
    30,
  );
  model.compile({ optimizer: train.rmsprop(0.01), loss: 'meanSquaredError' });
  const x = tf.abs(drawn([BATCH, 8, 8, 1], 31));
  return stepsOf(model, x, x);
}

/** Separable convolution, with dropout, and penalties on weights in the loss. */
async function regularized(): Promise<number[]> {
  const penalty = tfl.regularizers.l2({ l2: 0.01 });
  const model = weigh(
    tfl.sequential({
      layers: [
        layers.separableConv2d({
          ...{ inputShape: [8, 8, 3], filters: 6, kernelSize: 3, activation: 'relu' },
          ...{ depthwiseRegularizer: penalty, pointwiseRegularizer: penalty },
        }),
        layers.dropout({ rate: 0.25, seed: 40 }),
        layers.flatten(),
        layers.dense({ units: 4, activation: 'softmax', kernelRegularizer: penalty }),
      ],
    }),
    41,
  );
  model.compile({ optimizer: train.adam(0.005), loss: 'categoricalCrossentropy' });
  const x = drawn([BATCH, 8, 8, 3], 42);
  return stepsOf(model, x, classesOf(x, 4));
}

/** A recurrent network. */
async function recurrent(): Promise<number[]> {
  const model = weigh(
    tfl.sequential({
      layers: [
        layers.lstm({ inputShape: [6, 4], units: 8, recurrentInitializer: 'glorotUniform' }),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ],
    }),
    50,
  );
  model.compile({ optimizer: train.rmsprop(0.01), loss: 'binaryCrossentropy' });
  const x = drawn([BATCH, 6, 4], 51);
  const isPositive = tf.greater(tf.sum(x, [1, 2]), 0);
  return stepsOf(model, x, tf.cast(tf.reshape(isPositive, [BATCH, 1]), 'float32'));
}

/** A layer of one's own: a dense one, of which a second one says how much comes through. */
class Gated extends layers.Layer {
  static readonly className = 'Gated';
  readonly #units: number;
  readonly #weights: tfl.LayerVariable[] = [];

  constructor(units: number) {
    super({});
    this.#units = units;
  }

  override build(inputShape: tfl.Shape): void {
    const shape = [inputShape.at(-1) ?? null, this.#units];
    const initializer = tfl.initializers.zeros();
    for (const name of ['kernel', 'gate'])
      this.#weights.push(this.addWeight(name, shape, 'float32', initializer));
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x] = [inputs].flat();
    const [kernel, gate] = this.#weights.map((weight) => weight.read());
    return tf.tidy(() =>
      tf.mul(tf.matMul(x, kernel as tf.Tensor), tf.sigmoid(tf.matMul(x, gate as tf.Tensor))),
    );
  }

  override computeOutputShape([batch]: tfl.Shape): tfl.Shape {
    return [batch, this.#units];
  }
}

/** A model with it. */
async function customLayer(): Promise<number[]> {
  const input = tfl.input({ shape: [10] });
  const gated = new Gated(8).apply(input);
  const output = layers.dense({ units: 3, activation: 'softmax' }).apply(gated);
  const model = weigh(tfl.model({ inputs: input, outputs: output as tfl.SymbolicTensor }), 60);
  model.compile({ optimizer: train.sgd(0.5), loss: 'sparseCategoricalCrossentropy' });
  const x = drawn([BATCH, 9], 61);
  const labels = tf.cast(tf.argMax(classesOf(x, 3), 1), 'float32');
  return stepsOf(model, tf.concat([x, tf.ones([BATCH, 1])], 1), labels);
}

/** The programs by what they are. */
export const programs = {
  'a Sequential': sequential,
  'a graph with two branches': functional,
  "a training loop of one's own": customLoop,
  'a GAN': gan,
  'an autoencoder with conv2dTranspose': autoencoder,
  'separableConv2d, dropout and L2': regularized,
  'an LSTM': recurrent,
  "a layer of one's own": customLayer,
};
