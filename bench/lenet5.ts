// The LeNet-5 that all training figures are about, as wasmgrad has it, and data to train it on.

import { optimizers, type Sequential, Tensor, zoo } from '../src/index.js';
import { numbers } from '../tests/helpers/random.js';

/** Images per step. */
export const BATCH = 64;
/** Of the optimizer, SGD, in all libraries. */
export const LEARNING_RATE = 0.03;
/** Of the optimizer, SGD, in all libraries. */
export const MOMENTUM = 0.9;
/** Height and width of an image. */
export const SIDE = 28;
/** How many classes there are. */
export const CLASSES = 10;

/** A batch: images [BATCH, SIDE, SIDE, 1] and class indices [BATCH]. */
export interface Batch {
  images: Float32Array;
  labels: Int32Array;
}

/**
 * Images of MNIST's size with something to learn: each class is a random pattern of coarse squares,
 * under as much noise.
 */
export function makeBatch(seed: number): Batch {
  const [square, squares] = [4, SIDE / 4];
  const patterns = Array.from({ length: CLASSES }, (_, label) => numbers(squares ** 2, label));
  const labels = Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES);
  const images = numbers(BATCH * SIDE ** 2, CLASSES + seed);
  for (let at = 0; at < images.length; at++) {
    const [row, column] = [Math.floor(at / SIDE) % SIDE, at % SIDE];
    const pattern = patterns[labels[Math.floor(at / SIDE ** 2)]];
    images[at] =
      (images[at] + pattern[Math.floor(row / square) * squares + Math.floor(column / square)]) / 2;
  }
  return { images, labels };
}

/** The batch as wasmgrad's tensors. */
export function asTensors({ images, labels }: Batch): { x: Tensor; y: Tensor } {
  return { x: Tensor.from(images, [BATCH, SIDE, SIDE, 1]), y: Tensor.from(labels) };
}

/** A compiled model: 5×5×6 same, pool, 5×5×16, pool, 120, 84, 10; ReLU, max pool, SGD with momentum. */
export function makeLenet5(): Sequential {
  const model = zoo.lenet5({ classes: CLASSES, inputShape: [SIDE, SIDE, 1], seed: 1 });
  const optimizer = optimizers.sgd({ learningRate: LEARNING_RATE, momentum: MOMENTUM });
  model.compile({ optimizer, loss: 'softmaxCrossEntropy' });
  return model;
}
