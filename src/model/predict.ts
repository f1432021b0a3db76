// Prediction: the outputs of a network, or tensors inside of it, for samples, batch by batch.

import { abortSignal, checkOptions, whole } from '../base/options.js';
import type { SymbolicTensor } from '../network/layer.js';
import { Tensor } from '../tensor/tensor.js';
import type { Engine } from '../training/engine.js';
import type { Part } from '../training/programs.js';
import type { Samples } from '../training/samples.js';
import { type DataSet, Intake } from '../training/source.js';

/** Options of `predict`. */
export interface PredictOptions {
  /** Samples at a time: 32 by default. */
  batchSize?: number;
  /** If it is aborted, `predict` throws its reason. A model in a worker heeds it until the prediction begins. */
  signal?: AbortSignal;
}

const words = { batchSize: whole(1), signal: abortSignal };

/** The outputs for samples, a tensor for each output. See `Model.predict`. */
export function predict(engine: Engine, x: DataSet, options: PredictOptions): Tensor[] {
  const checked = checkOptions('predict', options, words);
  const samples = new Intake(engine, 'predict').inputs(x);
  return valuesOf(engine, samples, engine.network.graph.outputs, checked);
}

/**
 * The values of tensors for all samples, [n, ...shape] each.
 *
 * @param part computes them: by default the whole network
 */
export function valuesOf(
  engine: Engine,
  samples: Samples,
  tensors: readonly SymbolicTensor[],
  { batchSize = 32, signal }: PredictOptions,
  part?: Part,
): Tensor[] {
  const { count } = samples;
  const results = roomFor(tensors, count);
  try {
    for (let first = 0; first < count; first += batchSize) {
      signal?.throwIfAborted();
      const size = Math.min(batchSize, count - first);
      engine.predict({ samples, order: null, first, size }, results, part);
    }
  } catch (error) {
    disposeAll(results);
    throw error;
  }
  return results;
}

/** Tensors [count, ...shape] with undefined numbers. @throws {OutOfMemoryError} after disposing of those it has made */
export function roomFor(tensors: readonly SymbolicTensor[], count: number): Tensor[] {
  const results: Tensor[] = [];
  try {
    for (const { shape } of tensors) results.push(Tensor.create([count, ...shape]));
  } catch (error) {
    disposeAll(results);
    throw error;
  }
  return results;
}

export function disposeAll(tensors: readonly Tensor[]): void {
  for (const one of tensors) one.dispose();
}
