// Models as files: safetensors whose metadata hold the layers and where the training stands.

import { FormatError, ShapeError, ValueError, WasmgradError } from '../errors.js';
import { readSafetensors, type StoredTensor, writeSafetensors } from '../io/safetensors.js';
import * as factories from '../layers/index.js';
import type { Layer } from '../layers/layer.js';
import { optimizerState } from '../emit/optimizer.js';
import { checkInteger, sameShape, type Shape, show } from '../shape.js';
import type { Engine } from './engine.js';
import type { Objective } from './lower.js';
import { Sequential } from './sequential.js';

/** Raised when a file can no longer be read by older versions. */
const VERSION = '1';

/** The network, as JSON. */
interface Topology {
  readonly class: 'Sequential';
  readonly name: string;
  readonly inputShape: Shape;
  readonly layers: readonly { type: string; name: string; options: object }[];
}

/** Where a training stands, as JSON. */
interface TrainingState extends Objective {
  readonly step: number;
  readonly epoch: number;
}

/** The name of an optimizer's vector in the file. */
const stateName = (vector: string, weight: string): string => `optimizer/${vector}/${weight}`;

/** Writes a model. */
export function saveModel(model: Sequential, engine: Engine): Uint8Array {
  const tensors = new Map<string, StoredTensor>();
  const { weights, objective, step, epoch } = engine;
  for (const { name, tensor } of weights.list) {
    tensors.set(name, { shape: tensor.shape, data: tensor.data as Float32Array });
  }
  for (const vector of objective ? optimizerState(objective.optimizer) : []) {
    for (const { weight, shape, data } of weights.stateParts(vector)) {
      tensors.set(stateName(vector, weight), { shape, data });
    }
  }
  const topology: Topology = {
    class: 'Sequential',
    name: model.name,
    inputShape: model.inputShape,
    // The name stands beside the options, once: a loaded model saves as the same file.
    layers: model.layers.map(({ type, name, options }) => ({ type, name, options: { ...options, name: undefined } })),
  };
  const metadata: Record<string, string> = {
    format: 'wasmgrad',
    version: VERSION,
    model: JSON.stringify(topology),
    random: JSON.stringify({ seed: model.seed }),
  };
  if (objective) metadata.training = JSON.stringify({ ...objective, step, epoch } satisfies TrainingState);
  return writeSafetensors({ metadata, tensors });
}

/**
 * The model of a file that `toBytes` made, compiled if it was: training goes on where it stood.
 *
 * @throws {FormatError} for bytes that are no such file
 */
export async function loadModel(bytes: Uint8Array): Promise<Sequential> {
  const { metadata, tensors } = readSafetensors(bytes);
  if (metadata.format !== 'wasmgrad') {
    throw new FormatError('loadModel: these are safetensors, but not of a wasmgrad model: the metadata name no layers');
  }
  if (metadata.version !== VERSION) {
    throw new FormatError(`loadModel: the file is version ${metadata.version}, this wasmgrad reads ${VERSION}`);
  }
  let model: Sequential | undefined;
  try {
    const { seed } = JSON.parse(metadata.random) as { seed: number };
    const { inputShape, name, layers } = JSON.parse(metadata.model) as Topology;
    model = new Sequential(layers.map(makeLayer), { inputShape, name, seed });
    restore(model, tensors, metadata.training);
    return model;
  } catch (error) {
    model?.dispose();
    // What layers and optimizers do not accept is the file's fault here; no memory or no init is not.
    const known = error instanceof WasmgradError && !(error instanceof ShapeError || error instanceof ValueError);
    if (known) throw error;
    throw new FormatError(`loadModel: the file's metadata are damaged (${String(error)})`, { cause: error });
  }
}

function makeLayer({ type, name, options }: Topology['layers'][number]): Layer {
  if (!Object.hasOwn(factories, type)) {
    const known = Object.keys(factories).join(', ');
    throw new FormatError(`loadModel: the layer '${name}' is of type '${type}', which there is not; there are ${known}`);
  }
  const make = factories[type as keyof typeof factories] as (options: object) => Layer;
  return make({ ...options, name });
}

function restore(model: Sequential, tensors: ReadonlyMap<string, StoredTensor>, training: string | undefined): void {
  const find = (name: string, shape: Shape): Float32Array => {
    const stored = tensors.get(name);
    if (!stored) throw new FormatError(`loadModel: the file has no '${name}'`);
    if (!sameShape(stored.shape, shape)) {
      throw new FormatError(`loadModel: '${name}' has shape ${show(stored.shape)}, but the layer needs ${show(shape)}`);
    }
    return stored.data;
  };
  // Looked for before anything is allocated: a damaged size must not claim gigabytes.
  for (const layer of model.layers) {
    for (const { name, shape } of layer.parameters) find(`${layer.name}/${name}`, shape);
  }
  const engine = model.engine('loadModel');
  for (const { name, tensor } of engine.weights.list) tensor.data.set(find(name, tensor.shape));
  if (training === undefined) return;
  const { step, epoch, ...objective } = JSON.parse(training) as TrainingState;
  model.compile(objective);
  engine.step = checkInteger('training', 'step', step, 0);
  engine.epoch = checkInteger('training', 'epoch', epoch, 0);
  for (const vector of optimizerState(objective.optimizer)) {
    for (const { weight, shape, data } of engine.weights.stateParts(vector)) {
      data.set(find(stateName(vector, weight), shape));
    }
  }
}
