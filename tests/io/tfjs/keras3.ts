// A layers model of TF.js in the spelling of Keras 3: what it calls inputs and arguments, modules, policies, and weights.

import type { TfjsArtifacts } from '../../../src/io/index.js';

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A tensor as an argument of a call. */
const tensor = ([layer, node, index]: readonly unknown[]): Json => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, 1], dtype: 'float32', keras_history: [layer, node, index] },
});

/** A layer, or a model. */
function layerOf(given: Json): Json {
  const { class_name: type, config, inbound_nodes: nodes, name } = given;
  const own = { ...(config as Json) };
  if ('batch_input_shape' in own) {
    own.batch_shape = own.batch_input_shape;
    delete own.batch_input_shape;
  }
  own.dtype = {
    module: 'keras',
    class_name: 'DTypePolicy',
    config: { name: 'float32' },
    registered_name: null,
  };
  if ('layers' in own) {
    own.layers = (own.layers as Json[]).map(layerOf);
    for (const word of ['input_layers', 'output_layers']) {
      const list = own[word] as unknown[] | undefined;
      // One alone is no list of lists.
      if (list?.length === 1) own[word] = list[0];
    }
  }
  return {
    module: 'keras.layers',
    class_name: type === 'Model' ? 'Functional' : type,
    config: own,
    registered_name: type === 'Model' ? 'Functional' : null,
    build_config: { input_shape: [null, 1] },
    ...(name === undefined ? {} : { name }),
    ...(Array.isArray(nodes)
      ? {
          inbound_nodes: nodes.map((call: readonly unknown[][]) => {
            const tensors = call.map(tensor);
            return { args: [tensors.length === 1 ? tensors[0] : tensors], kwargs: { mask: null } };
          }),
        }
      : {}),
  };
}

/** Weights by number: 'conv/kernel' and 'conv/bias' are 'conv/vars/0' and 'conv/vars/1'. */
function weightsOf(specs: readonly object[]): object[] {
  const counts = new Map<string, number>();
  return specs.map((spec) => {
    const { name, ...rest } = spec as { name: string };
    const layer = name.slice(0, name.lastIndexOf('/'));
    const number = counts.get(layer) ?? 0;
    counts.set(layer, number + 1);
    return { name: `_layer_checkpoint_dependencies\\${layer}\\vars\\${number}`, ...rest };
  });
}

/** The same model as if Keras 3 had written it, but that TF.js's own functions remain what they are. */
export function asKeras3(artifacts: TfjsArtifacts): TfjsArtifacts {
  const { modelTopology, weightSpecs = [], ...rest } = artifacts;
  const topology = modelTopology as Json;
  const model = layerOf({ class_name: topology.class_name, config: topology.config });
  if (!isObject(model.config)) throw new Error('the model has no config');
  return {
    ...rest,
    modelTopology: {
      // The layers compute what TF.js's do.
      keras_version: topology.keras_version,
      model_config: model,
    },
    weightSpecs: weightsOf(weightSpecs),
  };
}
