// Reads the files that save.ts writes. For any bytes the result is a model that can go on training, or a FormatError.

import { wrongChecksum } from '../base/checksum.js';
import { FormatError, ShapeError, ValueError, WasmgradError } from '../base/errors.js';
import { type Bytes, bytesOf } from '../base/filebytes.js';
import { fileKind } from '../base/filekind.js';
import { duplicateKey } from '../base/json.js';
import { naming } from '../base/naming.js';
import { any, checkOptions, checkValue, flag } from '../base/options.js';
import { checkInteger, type Shape, sameShape, show } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { input } from '../network/input.js';
import type { Layer, SymbolicTensor } from '../network/layer.js';
import { arraysLayers } from '../operators/arrays/later.js';
import * as factories from '../operators/layers.js';
import { checkFactor } from '../operators/optimizer/rate.js';
import { Model } from './model.js';
import { type Contents, readContents, readTensors, type StoredTensor } from './safetensors.js';
import { stateName, type Topology, type TrainingState, VERSION, vectorsOf } from './save.js';

/** Options of `loadModel`. */
export interface LoadOptions {
  /** Functions that make layers of your own from their options, by the layers' types. */
  layers?: Readonly<Record<string, (options: never) => Layer>>;
}

type Factories = Readonly<Record<string, (options: never) => Layer>>;

/** The functions that make a network's layers, by their types. Loads those of arrays, and their kernels, where it has some. */
async function factoriesFor({ layers }: Topology, own: Factories): Promise<Factories> {
  const known: Factories = { ...factories, ...own };
  if (layers.every(({ type }) => Object.hasOwn(known, type))) return known;
  const { useArrays, ...more } = await arraysLayers.get('loadModel');
  if (layers.some(({ type }) => Object.hasOwn(more, type))) await useArrays();
  return { ...more, ...known };
}

/** See `loadModel`. @throws {FormatError} */
export async function restoreModel(file: Bytes, options: LoadOptions): Promise<Model> {
  const { layers: own = {} } = checkOptions('loadModel', options, { layers: any });
  const bytes = naming('loadModel', () => bytesOf(file));
  const contents = contentsOf(bytes);
  const { metadata } = contents;
  if (metadata.version !== VERSION) {
    throw new FormatError(
      `loadModel: the file is version ${metadata.version}, this wasmgrad reads ${VERSION}`,
    );
  }
  const wrong = wrongChecksum(bytes);
  if (wrong)
    throw new FormatError(
      `loadModel: the file is damaged: ${wrong}. Take another copy of it; if a program changed it on purpose, remove 'checksum' from its metadata`,
    );
  const tensors = readTensors(contents);
  let model: Model | undefined;
  try {
    const { seed } = parsed<{ seed: number }>(metadata.random);
    const topology = parsed<Topology>(metadata.model);
    model = makeModel(topology, seed, await factoriesFor(topology, own));
    restore(model, tensors, metadata.training);
    if (metadata.labels !== undefined) model.labels = parsed(metadata.labels);
    if (metadata.preprocessing !== undefined) model.preprocessing = parsed(metadata.preprocessing);
    return model;
  } catch (error) {
    model?.dispose();
    // If layers or optimizers refuse a value, the file is damaged. Lack of memory or of init is another error.
    const known =
      error instanceof WasmgradError &&
      !(error instanceof ShapeError || error instanceof ValueError);
    if (known) throw error;
    const why =
      error instanceof WasmgradError
        ? error.message
        : error instanceof SyntaxError
          ? 'they are no JSON'
          : 'parts of them are missing, or of another kind';
    throw new FormatError(`loadModel: the file's metadata are damaged (${why})`, { cause: error });
  }
}

/** A text in JSON. @throws {ValueError} if an object in it has a key twice: JSON.parse would take the last */
function parsed<T>(text: string): T {
  const value = JSON.parse(text) as T;
  const twice = duplicateKey(text);
  if (twice !== undefined) throw new ValueError(`'${twice}' is there twice`);
  return value;
}

/** The parts of a file. @throws {FormatError} for a file that wasmgrad did not write */
function contentsOf(bytes: Uint8Array): Contents {
  // A brace after eight bytes of length: this is a safetensors file, even if it is damaged.
  const other = bytes[8] === 0x7b ? undefined : fileKind(bytes);
  if (other)
    throw new FormatError(`loadModel: not a wasmgrad model but ${other.what}: ${other.wayOut}`);
  let contents: Contents;
  try {
    contents = readContents(bytes);
  } catch (cause) {
    throw new FormatError(`loadModel: ${(cause as Error).message}`, { cause });
  }
  if (contents.metadata.format === 'wasmgrad') return contents;
  throw new FormatError(
    `loadModel: not a wasmgrad model but ${origin(contents)}: such files have no layers. Build the network here and set its weights: model.setWeights(io.readSafetensors(bytes, { dtype: 'float32' }), { from: 'pytorch' or 'keras' }); docs/files.md says how`,
  );
}

/** Which library wrote these weights, and some of their names, for the message. */
function origin({ metadata, entries }: Contents): string {
  const names = entries.map(({ name }) => name);
  const isPyTorch = names.some((name) => /\.(running_mean|num_batches_tracked|weight)$/.test(name));
  const libraries: Readonly<Record<string, string>> = {
    ...{ pt: 'PyTorch', tf: 'TensorFlow', flax: 'Flax', mlx: 'MLX', np: 'NumPy' },
  };
  const whose = Object.hasOwn(libraries, metadata.format)
    ? libraries[metadata.format]
    : isPyTorch
      ? 'PyTorch'
      : 'another program';
  const some = entries.slice(0, 2).map(({ name, shape }) => `${shown(name)} ${show(shape)}`);
  const all = entries.length > 2 ? [...some, '…'] : some;
  return `safetensors of ${whose} (${entries.length} tensors${all.length ? `: ${all.join(', ')}` : ''})`;
}

function makeModel(topology: Topology, seed: number, factories: Factories): Model {
  const { name } = topology;
  const layers = topology.layers.map((one) => makeLayer(one, factories));
  const tensors = topology.inputs.map((one) => input(one.shape, { name: one.name }));
  const inputs = [...tensors];
  const tensor = (number: number, reader: string): SymbolicTensor => {
    if (number in tensors) return tensors[number];
    throw new FormatError(
      `loadModel: the graph has a cycle or a gap: ${reader} reads tensor ${number}, which comes after it`,
    );
  };
  for (const [number, reads] of topology.nodes) {
    const layer = layers[number];
    const given = reads.map((one) => tensor(one, shown(layer.name)));
    tensors.push(layer.apply(given));
  }
  const { outputs } = topology;
  const ends = [outputs].flat().map((one) => tensor(one, 'the list of outputs'));
  // The type cannot say whether the outputs are a list; at run time `predict` knows.
  const made = { inputs, outputs: Array.isArray(outputs) ? ends : ends[0], seed, name };
  return new Model(made as typeof made & { outputs: SymbolicTensor });
}

function makeLayer(
  { type, name, trainable, options }: Topology['layers'][number],
  all: Factories,
): Layer {
  if (!Object.hasOwn(all, type)) {
    throw new FormatError(
      `loadModel: the layer ${shown(name)} is of type ${shown(type)}, which there is not; there are ${Object.keys(all).join(', ')}; loadModel(bytes, { layers: { ${type}: … } }) adds your own`,
    );
  }
  const layer = all[type]({ ...options, name } as never);
  layer.trainable = trainable;
  return layer;
}

function restore(
  model: Model,
  tensors: ReadonlyMap<string, StoredTensor>,
  training: string | undefined,
): void {
  // All weights are found before anything is allocated: a damaged size must not allocate gigabytes.
  for (const layer of model.layers) {
    for (const { name, shape } of layer.parameters) find(tensors, `${layer.name}/${name}`, shape);
  }
  for (const store of model.resources.network.stores) store.awaitsNumbers = true;
  const engine = model.engine('loadModel');
  for (const { name, tensor } of engine.weights.list)
    tensor.numbers.set(find(tensors, name, tensor.shape));
  engine.weights.changed();
  warnNotFinite(model, tensors);
  if (training === undefined) return;
  const state = parsed<TrainingState>(training);
  const { step, epoch, learningRateFactor, objective, averaged, gatheredSamples = 0 } = state;
  // Old files lack the number of samples, so the weight of the gathered gradients is not known: the step begins anew.
  const gathered = gatheredSamples > 0 ? state.gathered : 0;
  const { optimizer, goals, checkpointing, accumulation } = objective;
  model.compile({
    optimizer,
    loss: goals.map(({ loss }) => loss),
    lossWeights: goals.map(({ weight }) => weight),
    metrics: goals.map(({ metrics }) => metrics),
    activationCheckpointing: checkpointing,
    gradientAccumulation: accumulation,
  });
  engine.learningRateFactor = checkFactor(learningRateFactor);
  naming('training', () => {
    engine.step = checkInteger('step', step, 0);
    engine.epoch = checkInteger('epoch', epoch, 0);
    engine.gathered = checkInteger('gathered', gathered, 0);
    engine.gatheredSamples = checkInteger('gatheredSamples', gatheredSamples, 0);
    checkValue('averaged', averaged, flag);
    engine.averaged = averaged;
  });
  for (const vector of vectorsOf(objective, gathered)) {
    for (const { weight, shape, data } of engine.weights.stateParts(vector)) {
      data.set(find(tensors, stateName(vector, weight), shape));
    }
  }
}

/** Warns of numbers that are not finite. */
function warnNotFinite(model: Model, tensors: ReadonlyMap<string, StoredTensor>): void {
  const bad: string[] = [];
  for (const [name, { data }] of tensors) {
    let count = 0;
    for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) count++;
    if (count > 0) bad.push(`${shown(name)} (${count} of ${data.length})`);
  }
  if (bad.length === 0) return;
  const more = bad.length > 3 ? ` and ${bad.length - 3} more` : '';
  console.warn(
    `wasmgrad: loadModel: the file of ${shown(model.name)} has NaN or Infinity in ${bad.slice(0, 3).join(', ')}${more}: what is computed with them will not be finite either. The training that wrote it has probably exploded: go back to an earlier checkpoint`,
  );
}

/** @throws {FormatError} if the tensor is missing or has another shape */
function find(
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
  shape: Shape,
): Float32Array {
  const stored = tensors.get(name);
  if (!stored) throw new FormatError(`loadModel: the file has no ${shown(name)}`);
  if (!sameShape(stored.shape, shape)) {
    throw new FormatError(
      `loadModel: ${shown(name)} has shape ${show(stored.shape)}, but the layer needs ${show(shape)}`,
    );
  }
  return stored.data;
}
