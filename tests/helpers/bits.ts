// Prints what a short training run leaves in the weights, as a hash: run as a program, so that runs with
// other engine flags can be compared. WASMGRAD_SIMD and WASMGRAD_REVECTORIZE choose the build.

import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { layers, optimizers, Sequential } from '../../src/index.js';
import { weightsOf } from './models.js';
import { numbers } from './random.js';

/** Steps after which V8's optimizing compiler has made all kernels anew. */
const STEPS = 30;

/** The hash of the weights after training a network with every kind of convolution. */
export function trainedBits(): string {
  const model = new Sequential(
    [
      layers.conv2d({
        filters: 6,
        kernelSize: 7,
        strides: 2,
        padding: 'same',
        algorithm: 'winograd',
      }),
      layers.conv2d({ filters: 12, kernelSize: 5, activation: 'relu' }),
      // Eight images side by side.
      layers.conv2d({ filters: 5, kernelSize: 3, padding: 'same', algorithm: 'direct' }),
      layers.maxPool2d(),
      layers.conv2d({
        filters: 20,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
        algorithm: 'winograd',
      }),
      layers.batchNorm(),
      layers.conv2d({ filters: 20, kernelSize: 3, padding: 'same', groups: 20 }),
      layers.conv2d({ filters: 37, kernelSize: 3, padding: 'same', algorithm: 'winograd' }),
      layers.conv2d({ filters: 20, kernelSize: [1, 7], padding: 'same', algorithm: 'winograd' }),
      layers.conv2d({ filters: 20, kernelSize: 5, padding: 'same', algorithm: 'winograd' }),
      layers.conv2d({
        filters: 18,
        kernelSize: [3, 4],
        strides: 2,
        padding: 'same',
        algorithm: 'winograd',
      }),
      layers.conv2d({ filters: 18, kernelSize: 2, padding: 'same', algorithm: 'winograd' }),
      layers.conv2d({ filters: 33, kernelSize: 2, strides: 2, activation: 'relu' }),
      layers.globalAvgPool2d(),
      layers.dense({ units: 24, activation: 'tanh' }),
      layers.dense({ units: 10 }),
    ],
    { inputShape: [56, 56, 3], seed: 5 },
  );
  const optimizer = optimizers.adam({ learningRate: 1e-3 });
  model.compile({ optimizer, loss: 'softmaxCrossEntropy' });
  const x = numbers(8 * 56 * 56 * 3, 9);
  const y = Int32Array.from({ length: 8 }, (_, i) => i);
  for (let step = 0; step < STEPS; step++) model.trainOnBatch(x, y);
  const hash = createHash('sha256')
    .update(Buffer.from(weightsOf(model).buffer))
    .digest('hex');
  model.dispose();
  return hash;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await import('./start.js');
  console.log(trainedBits());
}
