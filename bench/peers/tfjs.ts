// TF.js on one of its backends; tfjs-wasm.ts and tfjs-cpu.ts choose it.
//
// Its kernels compute before the call returns on both backends, so nothing has to be read back. It
// keeps the packed form of a matrix product's second operand that it has met before, where wasmgrad
// packs anew: that is left in its favour.

import * as tf from '@tensorflow/tfjs-core';
import {
  type ConvWork,
  convShapes,
  EPSILON,
  type GemmWork,
  type NetworkLayer,
  type NetworkWork,
  Seed,
} from '../work.js';
import { filled, type Task } from './adapter.js';

const tensor = (shape: readonly number[], seed: number, limit?: number) =>
  tf.tensor(filled(shape, seed, limit), [...shape]);

/** The work as one call that returns tensors. */
function calling(compute: () => tf.Tensor[], operands: tf.Tensor[]): Task {
  return {
    run: () => tf.dispose(compute()),
    results() {
      const results = compute();
      const values = results.map((result) => result.dataSync());
      tf.dispose(results);
      return values;
    },
    release: () => tf.dispose(operands),
  };
}

/** A matrix product. */
export function gemm({ m, n, k }: GemmWork): Task {
  const [a, b] = [tensor([m, k], Seed.a), tensor([k, n], Seed.b)];
  return calling(() => [tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D)], [a, b]);
}

/** A convolution; with groups only where each has one channel and one filter. */
export function conv(work: ConvWork): Task {
  const { stride, pad, channels, groups } = work;
  const shape = convShapes(work);
  // A depthwise filter is [height, width, channels, 1] here: the same numbers in the same order.
  const depthwise = groups > 1;
  const filterShape = depthwise ? [shape.w[0], shape.w[1], channels, 1] : shape.w;
  const [x, w] = [tensor(shape.x, Seed.x), tensor(filterShape, Seed.w)];
  const forward = (image: tf.Tensor, filter: tf.Tensor) =>
    (depthwise ? tf.depthwiseConv2d : tf.conv2d)(
      image as tf.Tensor4D,
      filter as tf.Tensor4D,
      stride,
      pad,
    );
  if (work.kind === 'conv') return calling(() => [forward(x, w)], [x, w]);
  const dy = tensor(shape.y, Seed.dy) as tf.Tensor4D;
  const gradients = tf.valueAndGrads(forward);
  const pass = () => {
    const { value, grads } = gradients([x, w], dy);
    return [value, ...grads];
  };
  return calling(pass, [x, w, dy]);
}

/** Training a network. */
export function network(work: NetworkWork): Task {
  const { batch, side, channels, classes, learningRate, momentum } = work;
  const kernels = work.kernels.map(({ shape, seed, limit }) =>
    tf.variable(tensor(shape, seed, limit)),
  );
  const biases = work.kernels.map(({ shape }) => tf.variable(tf.zeros(shape.slice(-1))));
  const norms = work.kernels.map(({ shape }) => ({
    gamma: tf.variable(tf.ones(shape.slice(-1))),
    beta: tf.variable(tf.zeros(shape.slice(-1))),
  }));

  const apply = (layer: NetworkLayer, input: tf.Tensor, i: number): tf.Tensor => {
    const image = input as tf.Tensor4D;
    switch (layer.type) {
      case 'conv': {
        const y = tf.conv2d(image, kernels[i] as unknown as tf.Tensor4D, layer.stride, layer.pad);
        if (!layer.batchNorm) return tf.relu(tf.add(y, biases[i]));
        const { mean, variance } = tf.moments(y, [0, 1, 2]);
        const { gamma, beta } = norms[i];
        return tf.relu(tf.batchNorm(y, mean, variance, beta, gamma, EPSILON));
      }
      case 'maxPool':
        return tf.maxPool(image, 2, 2, 'valid');
      case 'globalAvgPool':
        return tf.mean(image, [1, 2]);
      case 'dense': {
        const rows = tf.reshape(input, [batch, -1]);
        const y = tf.add(tf.matMul(rows, kernels[i] as unknown as tf.Tensor2D), biases[i]);
        return layer.relu ? tf.relu(y) : y;
      }
    }
  };
  const images = tensor([batch, side, side, channels], Seed.images);
  const indices = Int32Array.from({ length: batch }, (_, i) => i % classes);
  const labels = tf.tidy(() => tf.oneHot(tf.tensor1d(indices), classes));
  const loss = (): tf.Scalar => {
    let [y, at]: [tf.Tensor, number] = [images, 0];
    for (const layer of work.layers) {
      y = apply(layer, y, at);
      if (layer.type === 'conv' || layer.type === 'dense') at++;
    }
    return tf.losses.softmaxCrossEntropy(labels, y);
  };
  const optimizer = tf.train.momentum(learningRate, momentum);
  const step = (): number => {
    const cost = optimizer.minimize(loss, true) as tf.Scalar;
    const [value] = cost.dataSync();
    cost.dispose();
    return value;
  };
  return {
    run: () => void step(),
    results: () => [[step()]],
    release() {
      optimizer.dispose();
      const parts = [...kernels, ...biases, ...norms.flatMap(Object.values), images, labels];
      tf.dispose(parts as tf.Tensor[]);
    },
  };
}
