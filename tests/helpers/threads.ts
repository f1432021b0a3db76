// What tests of threads share: running on some number of them, and a network that they divide unevenly.

import { dispose, type InitOptions, init, input, layers, Model } from '../../src/index.js';
import { options } from './start.js';

/** Runs `body` on so many threads, or with other options. */
export async function on(
  given: number | InitOptions,
  body: () => void | Promise<void>,
): Promise<void> {
  dispose();
  await init({ ...options, ...(typeof given === 'number' ? { threads: given } : given) });
  try {
    await body();
  } finally {
    dispose();
    await init(options);
  }
}

/** Batch norm, Winograd both ways, a sum of branches, dropout, pooling, in tasks that do not divide evenly. */
export function residual(): Model {
  const x = input([13, 11, 3]);
  const conv = (filters: number) =>
    layers.conv2d({ filters, kernelSize: 3, padding: 'same', algorithm: 'winograd' });
  const stem = layers.relu().apply(layers.batchNorm().apply(conv(40).apply(x)));
  const branch = layers.batchNorm().apply(conv(40).apply(stem));
  const sum = layers.relu().apply(layers.add().apply([branch, stem]));
  const small = layers
    .conv2d({ filters: 70, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' })
    .apply(layers.dropout({ rate: 0.2 }).apply(sum));
  const pooled = layers.flatten().apply(layers.maxPool2d({ poolSize: 2 }).apply(small));
  return new Model({ inputs: x, outputs: layers.dense({ units: 10 }).apply(pooled), seed: 3 });
}
