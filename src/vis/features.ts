// Feature vectors: what a layer makes of each image.

import { namingAsync } from '../base/namingasync.js';
import { abortSignal, callable, checkOptions, whole } from '../base/options.js';
import { sizeOf } from '../base/shape.js';
import { type Data, type Model, type SymbolicTensor, Tensor } from '../core.js';
import { breathe } from '../training/measure.js';
import { checkModel, samplesOf } from './samples.js';
import { temporarily, temporarilyAsync } from './temporary.js';
import { layerOf } from './units.js';

/** Options of `vis.features`. */
export interface FeaturesOptions {
  /** Images at a time: 32 by default. */
  batchSize?: number;
  /** Called with the share of the work that is done, from 0 to 1. */
  onProgress?: (done: number) => void;
  /** Aborts between two batches. */
  signal?: AbortSignal;
}

const words = { batchSize: whole(1), onProgress: callable, signal: abortSignal };

/**
 * The output of a layer for each image, as a vector.
 *
 * @param layer such as the last but one
 * @returns [n, d]
 * @throws {ShapeError} for images of another shape
 * @throws {ValueError} for an unknown layer
 */
export async function features(
  model: Model,
  x: Data,
  layer: string,
  options: FeaturesOptions = {},
): Promise<Tensor> {
  return namingAsync('vis.features', async () => {
    checkModel(model);
    const { batchSize = 32, onProgress, signal } = checkOptions('vis.features', options, words);
    const node = layerOf(model, layer);
    return temporarilyAsync((keep) =>
      featuresOf(model, keep(samplesOf(model, x)), node, { batchSize, onProgress, signal }),
    );
  });
}

/** As `features`, of images [n, ...inputShape] that are checked. */
export async function featuresOf(
  model: Model,
  images: Tensor,
  { layer }: SymbolicTensor,
  { batchSize = 32, onProgress, signal }: FeaturesOptions,
): Promise<Tensor> {
  const [count] = images.shape;
  const size = sizeOf(model.inputShape);
  const rows: Float32Array[] = [];
  for (let first = 0; first < count; first += batchSize) {
    signal?.throwIfAborted();
    const length = Math.min(batchSize, count - first);
    const numbers = images.numbers.slice(first * size, (first + length) * size);
    const row = temporarily((keep) => {
      const batch = keep(Tensor.from(numbers, [length, ...model.inputShape]));
      const found = keep(model.activations(batch, layer.name, { batchSize }));
      return Float32Array.from(found.numbers);
    });
    rows.push(row);
    onProgress?.((first + length) / count);
    await breathe();
  }
  const all = new Float32Array(rows.reduce((sum, { length }) => sum + length, 0));
  rows.reduce((at, row) => {
    all.set(row, at);
    return at + row.length;
  }, 0);
  return Tensor.from(all, [count, all.length / count]);
}
