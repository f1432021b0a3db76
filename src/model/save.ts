// Models as files: safetensors whose metadata hold the layers and where the training stands. load.ts
// reads them.

import { optimizerState } from '../emit/optimizer.js';
import { type StoredTensor, writeSafetensors } from '../io/safetensors.js';
import type { Shape } from '../shape.js';
import type { Engine } from './engine.js';
import type { Objective } from './objective.js';

/** Raised when a file can no longer be read by older versions. */
export const VERSION = '1';

/** The network, as JSON. */
export interface Topology {
  readonly class: 'Sequential';
  readonly name: string;
  readonly inputShape: Shape;
  readonly layers: readonly { type: string; name: string; options: object }[];
}

/** Where a training stands, as JSON. */
export interface TrainingState extends Objective {
  readonly step: number;
  readonly epoch: number;
  readonly learningRateFactor: number;
}

/** The name of an optimizer's vector in the file. */
export const stateName = (vector: string, weight: string): string =>
  `optimizer/${vector}/${weight}`;

/** Writes a model. */
export function saveModel(engine: Engine): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, StoredTensor>();
  const { network, weights, objective, step, epoch, learningRateFactor } = engine;
  for (const { name, tensor } of weights.list) {
    tensors.set(name, { shape: tensor.shape, data: tensor.numbers });
  }
  for (const vector of objective ? optimizerState(objective.optimizer) : []) {
    for (const { weight, shape, data } of weights.stateParts(vector)) {
      tensors.set(stateName(vector, weight), { shape, data });
    }
  }
  const topology: Topology = {
    class: 'Sequential',
    name: network.name,
    inputShape: network.inputShape,
    // The name stands beside the options, once: a loaded model saves as the same file.
    layers: network.layers.map(({ type, name, options }) => ({
      type,
      name,
      options: { ...options, name: undefined },
    })),
  };
  const metadata: Record<string, string> = {
    format: 'wasmgrad',
    version: VERSION,
    model: JSON.stringify(topology),
    random: JSON.stringify({ seed: network.seed }),
  };
  if (objective) {
    const state: TrainingState = { ...objective, step, epoch, learningRateFactor };
    metadata.training = JSON.stringify(state);
  }
  return writeSafetensors({ metadata, tensors });
}
