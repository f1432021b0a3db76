// Reads layers models: the network that model.json describes, with the file's weights.

import { FormatError } from '../../../base/errors.js';
import { about, naming } from '../../../base/naming.js';
import { shown } from '../../../base/shown.js';
import type { Layer, Model, Shape } from '../../../core.js';
import { activation } from '../../importing/arrange.js';
import { Builder } from '../../importing/builder.js';
import { ofFile } from '../../importing/fault.js';
import { checkInputShape, type InputShape, wantedShape } from '../../importing/inputshape.js';
import { finished } from '../../importing/network.js';
import { isList, isObject, type Json, objectAt, parsed } from '../json.js';
import { inputOf, leavesOpen, sampleShape } from '../shapes.js';
import type { TfjsFile } from '../source.js';
import { compiled } from './compile.js';
import type { Writer } from './layer.js';
import { NamedWeights } from './named.js';
import { networkOf } from './network.js';

/** The network's class and configuration: of TF.js itself, or of Keras, one floor deeper. */
function topologyOf(json: Json): Json {
  const topology = objectAt('modelTopology', json.modelTopology);
  const inner = topology.model_config ?? topology;
  return objectAt(
    'modelTopology',
    typeof inner === 'string' ? parsed('model_config', inner) : inner,
  );
}

/** Whose layers these are. */
function writerOf({ modelTopology, generatedBy }: Json): Writer {
  const version = isObject(modelTopology) ? modelTopology.keras_version : undefined;
  const text = `${version ?? generatedBy ?? 'tfjs'}`;
  if (/tfjs|tensorflow\.js/i.test(text)) return 'tfjs';
  return /^(keras v)?3/.test(text) ? 'keras3' : 'keras2';
}

/** The model of a file, compiled where the file says how it was trained. */
export function readLayers(file: TfjsFile, inputShape: InputShape): Model {
  const { json } = file;
  const model = modelOf(file, new NamedWeights(file.weights), inputShape);
  try {
    tell(model, json);
    const { training_config: older } = objectAt('modelTopology', json.modelTopology);
    compiled(model, json.trainingConfig ?? older);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** @param other the layers of the same network for other sides, and the inputs' shapes */
function modelOf(
  file: TfjsFile,
  weights: NamedWeights,
  inputShape: InputShape,
  other?: { layers: ReadonlyMap<string, Layer>; shapes: readonly Shape[] },
): Model {
  const builder = new Builder(undefined, other?.layers);
  const { json } = file;
  const keras = { writer: writerOf(json), builder, weights };
  const network = about('modelTopology', () => networkOf(topologyOf(json), keras));
  checkInputShape(
    inputShape,
    network.inputs.map(({ name }) => name),
  );
  let isOpen = false;
  const inputs = network.inputs.map(({ name, shape }, i) =>
    about(`the input ${shown(name)}`, () => {
      if (shape !== undefined && !isList(shape))
        throw new FormatError(`its shape must be a list, not ${shown(shape)}`);
      isOpen ||= leavesOpen(shape);
      return inputOf(name, sampleShape(shape, other?.shapes[i] ?? wantedShape(name, inputShape)));
    }),
  );
  const ends = network.call(inputs);
  const resized = (shapes: readonly Shape[]): Model =>
    naming('predict', () => modelOf(file, weights, inputShape, { layers: builder.layers, shapes }));
  return finished(
    builder,
    inputs.map((tensor) => activation(tensor, true)),
    ends.map((tensor) => ({
      name: `${tensor.name}_output`,
      value: activation(tensor, true),
      isImage: false,
    })),
    { name: network.name, whole: false, ...(isOpen && !other ? { resized } : {}) },
  );
}

/** What `writeTfjs` has written of a model beside its network. */
function tell(model: Model, { userDefinedMetadata }: Json): void {
  const own = isObject(userDefinedMetadata) ? userDefinedMetadata.wasmgrad : undefined;
  if (!isObject(own)) return;
  ofFile(() => {
    model.labels = own.labels as Model['labels'];
    model.preprocessing = own.preprocessing as Model['preprocessing'];
  });
}
