// Models as files: safetensors whose metadata hold the layers and where the training stands. restore.ts
// reads them.

import type { Shape } from '../base/shape.js';
import type { Objective } from '../lowering/objective.js';
import type { SymbolicTensor } from '../network/layer.js';
import { optimizerState } from '../operators/optimizer/optimizer.emit.js';
import type { Engine, Network } from '../training/engine.js';
import type { About } from './about.js';
import type { StoredTensor } from './safetensors.js';
import { writeSafetensors } from './safetensorswriter.js';

/** Raised when a file can no longer be read by older versions. */
export const VERSION = '1';

/** The network, as JSON. Tensors are numbered: the inputs first, then what nodes make. */
export interface Topology {
  readonly name: string;
  readonly inputs: readonly { name: string; shape: Shape }[];
  readonly layers: readonly { type: string; name: string; trainable: boolean; options: object }[];
  /** The layer's number, and those of the tensors it is applied to. */
  readonly nodes: readonly (readonly [layer: number, inputs: readonly number[]])[];
  /** A list where `predict` returns one. */
  readonly outputs: number | readonly number[];
}

function topologyOf(
  { name, graph: { inputs, inputNames, layers, nodes, outputs } }: Network,
  isList: boolean,
): Topology {
  const numbers = new Map([...inputs, ...nodes].map((tensor, i) => [tensor, i]));
  const numberOf = (tensor: SymbolicTensor): number => numbers.get(tensor) as number;
  return {
    name,
    inputs: inputs.map(({ shape }, i) => ({ name: inputNames[i], shape })),
    // The name stands beside the options, once: a loaded model saves as the same file.
    layers: layers.map(({ type, name, trainable, options }) => ({
      type,
      name,
      trainable,
      options: { ...options, name: undefined },
    })),
    nodes: nodes.map((node) => [layers.indexOf(node.layer), node.inputs.map(numberOf)]),
    outputs: isList ? outputs.map(numberOf) : numberOf(outputs[0]),
  };
}

/** Where a training stands, as JSON. */
export interface TrainingState {
  readonly objective: Objective;
  readonly step: number;
  readonly epoch: number;
  readonly learningRateFactor: number;
  /** Batches whose gradients wait in the file for those of others. */
  readonly gathered: number;
  /** How many samples these had; files of older versions lack it. */
  readonly gatheredSamples?: number;
  /** Whether the weights are their average, and that in its place what was trained. */
  readonly averaged: boolean;
}

/** The name of an optimizer's vector in the file. */
export const stateName = (vector: string, weight: string): string =>
  `optimizer/${vector}/${weight}`;

/** The optimizer's vectors that a file holds, with gradients that wait for those of other batches. */
export function vectorsOf({ optimizer }: Objective, gathered: number): readonly string[] {
  return [...optimizerState(optimizer), ...(gathered > 0 ? ['gradients'] : [])];
}

/** Writes a model. @param isList whether its outputs are a list */
export function saveModel(engine: Engine, isList: boolean, about: About): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, StoredTensor>();
  const { network, weights, objective, gathered } = engine;
  const vectors = objective ? vectorsOf(objective, gathered) : [];
  // Now, not between the views: those end where memory grows.
  weights.arrange();
  for (const vector of vectors) weights.state(vector);
  for (const { name, tensor } of weights.list) {
    tensors.set(name, { shape: tensor.shape, data: tensor.numbers });
  }
  for (const vector of vectors) {
    for (const { weight, shape, data } of weights.stateParts(vector)) {
      tensors.set(stateName(vector, weight), { shape, data });
    }
  }
  const metadata: Record<string, string> = {
    format: 'wasmgrad',
    version: VERSION,
    model: JSON.stringify(topologyOf(network, isList)),
    random: JSON.stringify({ seed: network.seed }),
  };
  for (const [name, value] of Object.entries(about))
    if (value !== undefined) metadata[name] = JSON.stringify(value);
  if (objective) {
    const { step, epoch, learningRateFactor, gatheredSamples, averaged } = engine;
    const counts = { step, epoch, learningRateFactor, gathered, gatheredSamples };
    const state: TrainingState = { objective, ...counts, averaged };
    metadata.training = JSON.stringify(state);
  }
  return writeSafetensors({ metadata, tensors });
}
