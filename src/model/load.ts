// Models from files: the other half of save.ts. Whatever the bytes are, the answer is a model that
// trains on where it stood, or a FormatError.

import { optimizerState } from '../emit/optimizer.js';
import { FormatError, ShapeError, ValueError, WasmgradError } from '../errors.js';
import { readSafetensors, type StoredTensor } from '../io/safetensors.js';
import * as factories from '../layers/index.js';
import type { Layer } from '../layers/layer.js';
import { checkFactor } from '../rate.js';
import { checkInteger, type Shape, sameShape, show } from '../shape.js';
import { stateName, type Topology, type TrainingState, VERSION } from './save.js';
import { Sequential } from './sequential.js';

/**
 * The model of a file that `toBytes` made, compiled if it was: training goes on where it stood.
 *
 * @throws {FormatError} for bytes that are no such file
 */
export async function loadModel(file: Uint8Array | ArrayBuffer): Promise<Sequential> {
  const bytes = file instanceof ArrayBuffer ? new Uint8Array(file) : file;
  const { metadata, tensors } = readSafetensors(bytes);
  if (metadata.format !== 'wasmgrad') {
    throw new FormatError(
      'loadModel: these are safetensors, but not of a wasmgrad model: the metadata name no layers',
    );
  }
  if (metadata.version !== VERSION) {
    throw new FormatError(
      `loadModel: the file is version ${metadata.version}, this wasmgrad reads ${VERSION}`,
    );
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
    const known =
      error instanceof WasmgradError &&
      !(error instanceof ShapeError || error instanceof ValueError);
    if (known) throw error;
    throw new FormatError(`loadModel: the file's metadata are damaged (${String(error)})`, {
      cause: error,
    });
  }
}

function makeLayer({ type, name, options }: Topology['layers'][number]): Layer {
  if (!Object.hasOwn(factories, type)) {
    const known = Object.keys(factories).join(', ');
    throw new FormatError(
      `loadModel: the layer '${name}' is of type '${type}', which there is not; there are ${known}`,
    );
  }
  // biome-ignore lint/performance/noDynamicNamespaceImportAccess: a file may hold any layer
  const make = factories[type as keyof typeof factories] as (options: object) => Layer;
  return make({ ...options, name });
}

function restore(
  model: Sequential,
  tensors: ReadonlyMap<string, StoredTensor>,
  training: string | undefined,
): void {
  const find = (name: string, shape: Shape): Float32Array => {
    const stored = tensors.get(name);
    if (!stored) throw new FormatError(`loadModel: the file has no '${name}'`);
    if (!sameShape(stored.shape, shape)) {
      throw new FormatError(
        `loadModel: '${name}' has shape ${show(stored.shape)}, but the layer needs ${show(shape)}`,
      );
    }
    return stored.data;
  };
  // Looked for before anything is allocated: a damaged size must not claim gigabytes.
  for (const layer of model.layers) {
    for (const { name, shape } of layer.parameters) find(`${layer.name}/${name}`, shape);
  }
  const engine = model.engine('loadModel');
  for (const { name, tensor } of engine.weights.list) tensor.numbers.set(find(name, tensor.shape));
  engine.weights.changed();
  if (training === undefined) return;
  const { step, epoch, learningRateFactor, ...objective } = JSON.parse(training) as TrainingState;
  model.compile(objective);
  engine.step = checkInteger('training', 'step', step, 0);
  engine.epoch = checkInteger('training', 'epoch', epoch, 0);
  engine.learningRateFactor = checkFactor(learningRateFactor);
  for (const vector of optimizerState(objective.optimizer)) {
    for (const { weight, shape, data } of engine.weights.stateParts(vector)) {
      data.set(find(stateName(vector, weight), shape));
    }
  }
}
