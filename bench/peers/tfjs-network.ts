// Networks on TF.js: for training as its users write them, for inference as its converter does, which folds
// normalisation into convolutions and fuses what follows.

import * as tf from '@tensorflow/tfjs-core';
import {
  bothSides,
  type ConvLayer,
  type DenseLayer,
  type Filling,
  type NetworkLayer,
  type Sides,
} from '../layers.js';
import { EPSILON, type InferenceWork, Seed, type TrainingWork } from '../work.js';
import { beginning, filled, folded, type Task } from './adapter.js';
import { finish } from './tfjs.js';

type Step = (x: tf.Tensor) => tf.Tensor;

/** Layers with weights, made into functions. */
interface Maker {
  conv(layer: ConvLayer): Step;
  dense(layer: DenseLayer): Step;
}

const tensor = (values: Float32Array, shape: readonly number[]) => tf.tensor(values, [...shape]);

/** The layers one after the other. */
function chain(layers: readonly NetworkLayer[], maker: Maker): Step {
  const steps = layers.map((layer) => stepOf(layer, maker));
  return (x) => steps.reduce((y, step) => step(y), x);
}

function stepOf(layer: NetworkLayer, maker: Maker): Step {
  switch (layer.type) {
    case 'conv':
      return maker.conv(layer);
    case 'dense':
      return maker.dense(layer);
    case 'maxPool':
      return (x) => tf.maxPool(x as tf.Tensor4D, layer.size, layer.stride, layer.pad, 'floor');
    case 'globalAvgPool':
      return (x) => tf.mean(x, [1, 2]);
    case 'identityShortcut': {
      const added = layer.filters - layer.inputShape[2];
      return (x) => {
        const kept = tf.avgPool(x as tf.Tensor4D, 1, layer.stride, 'valid');
        return tf.pad(kept, [
          [0, 0],
          [0, 0],
          [0, 0],
          [0, added],
        ]);
      };
    }
    case 'residual': {
      const [body, shortcut] = [chain(layer.body, maker), chain(layer.shortcut, maker)];
      return (x) => tf.relu(tf.add(body(x), shortcut(x)));
    }
    case 'branches': {
      const chains = layer.chains.map((parts) => chain(parts, maker));
      return (x) =>
        tf.concat(
          chains.map((each) => each(x)),
          -1,
        );
    }
  }
}

/** Padding before and behind each axis. */
function padding(pad: Sides): tf.backend_util.ExplicitPadding {
  const [height, width] = bothSides(pad);
  return [
    [0, 0],
    [height, height],
    [width, width],
    [0, 0],
  ];
}

const flat = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [x.shape[0], -1]);
const activated = (y: tf.Tensor, relu: boolean) => (relu ? tf.relu(y) : y);

/** A network's logits. */
export function inference({ batch, side, channels, layers }: InferenceWork): Task {
  const constants: tf.Tensor[] = [];
  const constant = <T extends tf.Tensor>(values: Float32Array, shape: readonly number[]): T => {
    constants.push(tensor(values, shape));
    return constants[constants.length - 1] as T;
  };
  const network = chain(layers, {
    conv(layer) {
      const { kernel, bias } = folded(layer);
      const fixed = {
        filter: constant<tf.Tensor4D>(kernel, layer.weights.kernel.shape),
        bias: constant(bias, [layer.filters]),
        strides: layer.stride,
        pad: padding(layer.pad),
        dimRoundingMode: 'floor',
        activation: layer.relu ? 'relu' : 'linear',
      } as const;
      return (x) => tf.fused.conv2d({ x: x as tf.Tensor4D, ...fixed });
    },
    dense({ weights: { kernel }, units, relu }) {
      const fixed = {
        b: constant<tf.Tensor2D>(beginning(kernel), kernel.shape),
        bias: constant(new Float32Array(units), [units]),
        activation: relu ? 'relu' : 'linear',
      } as const;
      return (x) => tf.fused.matMul({ a: flat(x), ...fixed });
    },
  });
  const shape = [batch, side, side, channels];
  const images = constant(filled(shape, Seed.images), shape);
  const run = () => tf.tidy(() => network(images));
  return {
    run: () => finish([run()]),
    async results() {
      const logits = run();
      const values = await logits.data();
      logits.dispose();
      return [values];
    },
    release: () => tf.dispose(constants),
  };
}

/** Steps of training a network. */
export function training(work: TrainingWork): Task {
  const { batch, side, channels, classes, learningRate, momentum } = work;
  const variables: tf.Variable[] = [];
  const variable = (initial: tf.Tensor): tf.Tensor => {
    variables.push(tf.variable(initial));
    initial.dispose();
    return variables[variables.length - 1] as unknown as tf.Tensor;
  };
  const begun = (filling: Filling) => variable(tensor(beginning(filling), filling.shape));
  const network = chain(work.layers, {
    conv({ weights, filters, stride, pad, relu }) {
      const kernel = begun(weights.kernel);
      const convolved = (x: tf.Tensor) =>
        tf.conv2d(
          x as tf.Tensor4D,
          kernel as tf.Tensor4D,
          stride,
          padding(pad),
          'NHWC',
          1,
          'floor',
        );
      if (!weights.norm) {
        const bias = variable(tf.zeros([filters]));
        return (x) => activated(tf.add(convolved(x), bias), relu);
      }
      const [gamma, beta] = [begun(weights.norm.gamma), begun(weights.norm.beta)];
      return (x) => {
        const y = convolved(x);
        const { mean, variance } = tf.moments(y, [0, 1, 2]);
        return activated(tf.batchNorm(y, mean, variance, beta, gamma, EPSILON), relu);
      };
    },
    dense({ weights, units, relu }) {
      const [kernel, bias] = [begun(weights.kernel), variable(tf.zeros([units]))];
      return (x) => activated(tf.add(tf.matMul(flat(x), kernel as tf.Tensor2D), bias), relu);
    },
  });
  const shape = [batch, side, side, channels];
  const images = tensor(filled(shape, Seed.images), shape);
  const indices = Int32Array.from({ length: batch }, (_, i) => i % classes);
  const labels = tf.tidy(() => tf.oneHot(tf.tensor1d(indices), classes));
  const loss = (): tf.Scalar => tf.losses.softmaxCrossEntropy(labels, network(images));
  const optimizer = tf.train.momentum(learningRate, momentum);
  const step = async (): Promise<number> => {
    const cost = optimizer.minimize(loss, true) as tf.Scalar;
    const [value] = await cost.data();
    cost.dispose();
    return value;
  };
  return {
    run: async () => void (await step()),
    results: async () => [[await step()]],
    release() {
      optimizer.dispose();
      tf.dispose([...(variables as unknown as tf.Tensor[]), images, labels]);
    },
  };
}
