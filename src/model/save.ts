// Saves models as safetensors files: the metadata have the layers and the state of the training. restore.ts reads them.

import { seal, UNSEALED } from '../base/checksum.js';
import type { Shape } from '../base/shape.js';
import type { Objective } from '../lowering/objective.js';
import type { SymbolicTensor } from '../network/layer.js';
import { optimizerState } from '../operators/optimizer/optimizer.emit.js';
import type { Engine, Network } from '../training/engine.js';
import type { About } from './about.js';
import type { StoredTensor } from './safetensors.js';
import { writeSafetensors } from './safetensorswriter.js';

/** Raised when older versions can no longer read the file. */
export const VERSION = '1';

/** The network, as JSON. Tensors are numbered: first the inputs, then the nodes' outputs. */
export interface Topology {
  readonly name: string;
  readonly inputs: readonly { name: string; shape: Shape }[];
  readonly layers: readonly { type: string; name: string; trainable: boolean; options: object }[];
  /** The number of the layer, and the numbers of the tensors that it is applied to. */
  readonly nodes: readonly (readonly [layer: number, inputs: readonly number[]])[];
  /** A list if `predict` returns a list. */
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
    // The name is written once, beside the options, so that a loaded model saves as the same file.
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

/** The state of a training, as JSON. */
export interface TrainingState {
  readonly objective: Objective;
  readonly step: number;
  readonly epoch: number;
  readonly learningRateFactor: number;
  /** Batches since the last step whose gradients the file has. */
  readonly gathered: number;
  /** How many samples they had; files of older versions lack it. */
  readonly gatheredSamples?: number;
  /** Whether weights and average are exchanged in the file. */
  readonly averaged: boolean;
}

/** The name of an optimizer's vector in the file. */
export const stateName = (vector: string, weight: string): string =>
  `optimizer/${vector}/${weight}`;

/** The names of the optimizer's vectors in a file, with 'gradients' if batches are gathered. */
export function vectorsOf({ optimizer }: Objective, gathered: number): readonly string[] {
  return [...optimizerState(optimizer), ...(gathered > 0 ? ['gradients'] : [])];
}

/** The bytes of a model's file. @param isList whether the model's outputs are a list */
export function saveModel(engine: Engine, isList: boolean, about: About): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, StoredTensor>();
  const { network, weights, objective, gathered } = engine;
  const vectors = objective ? vectorsOf(objective, gathered) : [];
  // Allocated before the views are taken: those become empty if linear memory grows.
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
    checksum: UNSEALED,
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
  return seal(writeSafetensors({ metadata, tensors }));
}
