// TF.js for tests, on its own cpu backend: what its models give, and their files.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { type Shape, sizeOf } from '../../src/base/shape.js';
import type { TfjsArtifacts, writeTfjs } from '../../src/io/index.js';
import { numbers } from './random.js';

await tf.ready();

export { tf, tfl };

/** What TF.js hands to a saver. */
export async function artifactsOf(
  model: tfl.LayersModel,
  includeOptimizer = false,
): Promise<TfjsArtifacts> {
  let saved: tf.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    saved = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
  });
  await model.save(handler, { includeOptimizer });
  return saved as unknown as TfjsArtifacts;
}

/** Gives all weights numbers from a seed; those of variances and scales are near 1. */
export function scramble(model: tfl.LayersModel, seed: number): void {
  model.weights.forEach((weight, i) => {
    const shape = weight.shape as number[];
    const isPositive = /variance|gamma/.test(weight.name);
    const drawn = numbers(sizeOf(shape), seed + i).map((x) => (isPositive ? 1 + x / 2 : x / 2));
    weight.write(tf.tensor(drawn, shape));
  });
}

/** What TF.js predicts for inputs, as plain numbers, an array for each output. */
export function predicted(
  model: { predict: (x: tf.Tensor | tf.Tensor[]) => unknown },
  inputs: readonly { data: Float32Array; shape: Shape }[],
): { data: Float32Array; shape: number[] }[] {
  return tf.tidy(() => {
    const xs = inputs.map(({ data, shape }) => tf.tensor(data, shape as number[]));
    const made = model.predict(xs.length === 1 ? xs[0] : xs) as tf.Tensor | tf.Tensor[];
    return [made].flat().map((y) => ({ data: y.dataSync() as Float32Array, shape: y.shape }));
  });
}

/** Our files as TF.js reads them from memory. */
export function memoryOf(files: ReturnType<typeof writeTfjs>): tf.io.IOHandler {
  const json = JSON.parse(new TextDecoder().decode(files['model.json']));
  const artifacts = {
    modelTopology: json.modelTopology,
    weightSpecs: json.weightsManifest[0].weights,
    weightData: files['weights.bin'].slice().buffer,
  } as TfjsArtifacts;
  return tf.io.fromMemory(artifacts as tf.io.ModelArtifacts);
}
