// TF.js on one of its backends; tfjs-wasm.ts, tfjs-cpu.ts and tfjs-gpu.ts choose it.
//
// On wasm it keeps the packed form of a matrix product's second operand that it has met before, where wasmgrad
// packs anew: that is left in its favour.

import * as tf from '@tensorflow/tfjs-core';
import { type ConvWork, convShapes, type GemmWork, Seed } from '../work.js';
import { filled, type Task } from './adapter.js';

const tensor = (shape: readonly number[], seed: number) =>
  tf.tensor(filled(shape, seed), [...shape]);

/**
 * Ends when the tensors are computed, and gives them back.
 *
 * Kernels of cpu and wasm have computed when their calls return. Those of WebGL and WebGPU are only sent off: one number
 * of each result is read, which comes when all of it is there.
 */
export function finish(tensors: tf.Tensor[]): void | Promise<void> {
  if (!tf.getBackend().startsWith('webg')) return tf.dispose(tensors);
  const ends = tf.tidy(() => tensors.map((one) => tf.slice(tf.reshape(one, [-1]), 0, 1)));
  tf.dispose(tensors);
  return Promise.all(ends.map((end) => end.data())).then(() => tf.dispose(ends));
}

/** The work as one call that returns tensors. */
function calling(compute: () => tf.Tensor[], operands: tf.Tensor[]): Task {
  return {
    run: () => finish(compute()),
    async results() {
      const results = compute();
      const values = await Promise.all(results.map((result) => result.data()));
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
