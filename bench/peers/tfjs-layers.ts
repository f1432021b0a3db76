// Training by tf.layers, as most of TF.js's users write it, on whichever backend is chosen.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { bothSides, type Filling, type NetworkLayer } from '../layers.js';
import { EPSILON, Seed, type TrainingWork } from '../work.js';
import { beginning, Cannot, filled, type Task } from './adapter.js';

/** A layer of a network, and how its weights begin in tf.layers' order: undefined for zeros. */
type Made = readonly [tfl.layers.Layer, ...(Filling | undefined)[]];

function layersOf(layer: NetworkLayer, isLast: boolean): Made[] {
  switch (layer.type) {
    case 'conv': {
      const { filters, relu } = layer;
      const { kernel, norm } = layer.weights;
      const padding = layer.pad === 0 ? 'valid' : 'same';
      const options = { filters, kernelSize: bothSides(layer.kernel), padding } as const;
      const activation = relu ? 'relu' : 'linear';
      if (!norm) return [[tfl.layers.conv2d({ ...options, activation }), kernel, undefined]];
      const { gamma, beta } = norm;
      const conv = tfl.layers.conv2d({ ...options, useBias: layer.bias === true });
      const batchNorm = tfl.layers.batchNormalization({ epsilon: EPSILON });
      return [
        layer.bias ? [conv, kernel, undefined] : [conv, kernel],
        [batchNorm, gamma, beta],
        ...(relu ? [[tfl.layers.reLU()] as const] : []),
      ];
    }
    case 'maxPool':
      return [[tfl.layers.maxPooling2d({ poolSize: layer.size, strides: layer.stride })]];
    case 'globalAvgPool':
      return [[tfl.layers.globalAveragePooling2d({})]];
    case 'dense': {
      // The loss is of what softmax makes, as tf.layers' losses are.
      const activation = isLast ? 'softmax' : layer.relu ? 'relu' : 'linear';
      const dense = tfl.layers.dense({ units: layer.units, activation });
      const made: Made = [dense, layer.weights.kernel, undefined];
      return layer.inputShape.length > 1 ? [[tfl.layers.flatten()], made] : [made];
    }
    default:
      throw new Cannot('residual networks are not written for tf.layers here');
  }
}

function modelOf({ side, channels, layers }: TrainingWork): tfl.Sequential {
  const made = layers.flatMap((layer, i) => layersOf(layer, i === layers.length - 1));
  const model = tfl.sequential({
    layers: [
      tfl.layers.inputLayer({ inputShape: [side, side, channels] }),
      ...made.map(([layer]) => layer),
    ],
  });
  for (const [layer, ...fillings] of made) {
    // Weights that no filling is named for, such as running statistics, stay as they are.
    const weights = layer.getWeights();
    const values = weights.map((weight, i) => {
      const filling = fillings[i];
      return filling ? tf.tensor(beginning(filling), weight.shape) : weight;
    });
    layer.setWeights(values);
    tf.dispose(values.filter((value, i) => value !== weights[i]));
  }
  return model;
}

/** Steps of training a network. */
export function layersTraining(work: TrainingWork): Task {
  const { batch, side, channels, classes, learningRate } = work;
  const model = modelOf(work);
  model.compile({ optimizer: tf.train.sgd(learningRate), loss: 'categoricalCrossentropy' });
  const shape = [batch, side, side, channels];
  const images = tf.tensor(filled(shape, Seed.images), shape);
  const indices = Int32Array.from({ length: batch }, (_, i) => i % classes);
  const labels = tf.tidy(() => tf.oneHot(tf.tensor1d(indices), classes));
  const step = async (): Promise<number> => (await model.trainOnBatch(images, labels)) as number;
  return {
    run: async () => void (await step()),
    results: async () => [[await step()]],
    release() {
      model.dispose();
      tf.dispose([images, labels]);
    },
  };
}
