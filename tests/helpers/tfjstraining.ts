// A training by tf.layers, whatever backend is chosen. Run as a program it prints what some steps on our backend leave in
// the weights, as a hash: WASMGRAD_THREADS and WASMGRAD_SIMD choose how.

import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { numbers } from './random.js';

/** A model in training. */
export interface TfTraining {
  /** A step. @returns the loss */
  step(): Promise<number>;
  /** All weights. */
  weights(): Float32Array[];
  dispose(): void;
}

/** What its layers begin with. */
const glorot = (seed: number) => tfl.initializers.glorotUniform({ seed });

/** Makes a network of what networks often have, and images of so many pixels a side. */
export function makeTraining(side: number, batch: number): TfTraining {
  const { layers } = tfl;
  const model = tfl.sequential();
  const shared = { padding: 'same', kernelSize: 3 } as const;
  model.add(
    layers.conv2d({
      inputShape: [side, side, 3],
      ...{ ...shared, filters: 8, kernelInitializer: glorot(1) },
    }),
  );
  model.add(layers.batchNormalization());
  model.add(layers.reLU());
  model.add(layers.maxPooling2d({ poolSize: 2 }));
  model.add(
    layers.separableConv2d({
      ...{ ...shared, filters: 16, activation: 'relu' },
      ...{ depthwiseInitializer: glorot(2), pointwiseInitializer: glorot(3) },
    }),
  );
  model.add(layers.dropout({ rate: 0.25, seed: 4 }));
  model.add(layers.averagePooling2d({ poolSize: 2 }));
  model.add(layers.flatten());
  model.add(
    layers.dense({
      ...{ units: 12, activation: 'tanh', kernelInitializer: glorot(5) },
      kernelRegularizer: tfl.regularizers.l2({ l2: 1e-3 }),
    }),
  );
  model.add(layers.dense({ units: 10, activation: 'softmax', kernelInitializer: glorot(6) }));
  model.compile({ optimizer: tf.train.adam(1e-3), loss: 'categoricalCrossentropy' });
  const x = tf.tensor(numbers(batch * side * side * 3, 1), [batch, side, side, 3]);
  const y = tf.tidy(() =>
    tf.oneHot(
      Array.from({ length: batch }, (_, i) => i % 10),
      10,
    ),
  );
  return {
    step: async () => (await model.trainOnBatch(x, y)) as number,
    weights: () => model.getWeights().map((weight) => weight.dataSync() as Float32Array),
    dispose() {
      // Adam's moments are its own.
      model.optimizer.dispose();
      model.dispose();
      tf.dispose([x, y]);
    },
  };
}

/** What some steps on the backend that is set leave in the weights, as a hash. */
export async function trainedHash(): Promise<string> {
  const training = makeTraining(24, 32);
  for (let i = 0; i < 5; i++) await training.step();
  const hash = createHash('sha256');
  for (const weight of training.weights()) hash.update(weight);
  training.dispose();
  return hash.digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { configure } = await import('../../src/tfjs/index.js');
  const { options } = await import('./start.js');
  configure(options);
  await tf.setBackend('wasmgrad');
  console.log(await trainedHash());
  process.exit();
}
