// `writeTfjs`: layers models that TF.js reads.

import { ValueError } from '../../../base/errors.js';
import { naming } from '../../../base/naming.js';
import { shown } from '../../../base/shown.js';
import type { Layer, Model, Shape, SymbolicTensor } from '../../../core.js';
import { checkModel } from '../../checkmodel.js';
import type { Json } from '../json.js';
import type { Read, Step } from './step.js';
import { writers } from './steps.js';

/** The version of TF.js whose layers these are. */
const VERSION = 'tfjs-layers 4.22.0';

/** A layer of the file: its steps with their names. */
interface WrittenLayer {
  readonly steps: readonly (Step & { readonly name: string })[];
  /** The steps without names, as text. */
  readonly as: string;
  /** The calls of our layer: where each of its inputs is. */
  readonly calls: unknown[][];
}

/**
 * Writes a model as a layers model that `tf.loadLayersModel` and `readTfjs` read. Layers keep their names; what one
 * layer does here and several do there gets names that begin with its own.
 *
 * @returns the files by name
 * @throws {ValueError} for anything but a model, and for layers that TF.js has not: all are named
 */
export function writeTfjs(model: Model): { 'model.json': Uint8Array; 'weights.bin': Uint8Array } {
  return naming('writeTfjs', () => {
    checkModel(model);
    const written = new Writing(model);
    const { specs, bytes } = weightsOf(model, written.layers);
    const { labels, preprocessing } = model;
    const about = { ...(labels ? { labels } : {}), ...(preprocessing ? { preprocessing } : {}) };
    const json = {
      format: 'layers-model',
      generatedBy: 'wasmgrad',
      convertedBy: null,
      ...(Object.keys(about).length > 0 ? { userDefinedMetadata: { wasmgrad: about } } : {}),
      modelTopology: {
        keras_version: VERSION,
        backend: 'wasmgrad',
        model_config: { class_name: 'Model', config: written.config(model) },
      },
      weightsManifest: [{ paths: ['weights.bin'], weights: specs }],
    };
    return { 'model.json': new TextEncoder().encode(JSON.stringify(json)), 'weights.bin': bytes };
  });
}

/** What a step reads: of our layer's inputs all, if it is the first; else the step before it, if nothing else is said. */
function readsOf({ reads }: Step, i: number, inputs: number): readonly Read[] {
  if (reads) return reads;
  return i > 0 ? [{ step: i - 1 }] : Array.from({ length: inputs }, (_, input) => ({ input }));
}

/** A network that is being written. */
class Writing {
  readonly layers = new Map<Layer, WrittenLayer>();
  /** Where each tensor is: [layer, node, tensor, arguments]. */
  readonly #places = new Map<SymbolicTensor, unknown[]>();
  readonly #names: Set<string>;
  readonly #inputs: readonly { readonly name: string; readonly shape: Shape }[];

  constructor(model: Model) {
    this.#names = new Set(model.layers.map(({ name }) => name));
    this.#inputs = model.inputs.map((tensor, i) => {
      const name = this.#free(model.inputNames[i]);
      this.#places.set(tensor, [name, 0, 0, {}]);
      return { name, shape: tensor.shape };
    });
    const missing: string[] = [];
    for (const node of nodesOf(model)) {
      const known = this.#written(node, missing);
      const node_index = known.calls.length;
      known.calls.push(node.inputs.map((x) => this.#places.get(x)));
      const last = known.steps.at(-1);
      this.#places.set(node, [last?.name, node_index, 0, {}]);
    }
    if (missing.length > 0)
      throw new ValueError(
        `there are layers that TF.js has not: ${missing.join('; ')}. Write an ONNX file (writeOnnx), or model.toBytes()`,
      );
  }

  #free(name: string): string {
    let own = name;
    while (this.#names.has(own)) own = `${own}_`;
    this.#names.add(own);
    return own;
  }

  /** The layer of a call, which must take the same steps at each of them. */
  #written({ layer, inputs }: SymbolicTensor, missing: string[]): WrittenLayer {
    const { type, name } = layer;
    const known = this.layers.get(layer);
    const own = Object.hasOwn(writers, type)
      ? writers[type](layer, ...inputs)
      : 'TF.js has no such layer';
    const isOther = known && JSON.stringify(own) !== known.as;
    const made = isOther ? 'it is at several places, where TF.js needs several layers' : own;
    if (known && !isOther) return known;
    if (typeof made === 'string') missing.push(`${type} ${shown(name)} (${made})`);
    const steps = typeof made === 'string' ? [] : made;
    const named = steps.map((step) => ({
      ...step,
      name: step.end ? this.#free(`${name}${step.end}`) : name,
    }));
    const written: WrittenLayer = { steps: named, calls: [], as: JSON.stringify(own) };
    this.layers.set(layer, written);
    return written;
  }

  /** The configuration of the whole network, as Keras 2 and TF.js have it. */
  config({ name, inputs, outputs }: Model): Json {
    const starts = this.#inputs.map(({ name: own, shape }) => ({
      class_name: 'InputLayer',
      name: own,
      config: {
        ...{ batch_input_shape: [null, ...shape], dtype: 'float32', sparse: false },
        name: own,
      },
      inbound_nodes: [],
    }));
    const others = [...this.layers].flatMap(([layer, { steps, calls }]) =>
      steps.map((step, i) => ({
        class_name: step.type,
        name: step.name,
        config: {
          ...{ name: step.name, trainable: layer.trainable, dtype: 'float32' },
          ...step.config,
        },
        inbound_nodes: calls.map((inputs, node) =>
          readsOf(step, i, inputs.length).map((place) =>
            'input' in place ? inputs[place.input] : [steps[place.step].name, node, 0, {}],
          ),
        ),
      })),
    );
    const placed = (tensor: SymbolicTensor) => this.#places.get(tensor)?.slice(0, 3);
    return {
      name,
      trainable: true,
      layers: [...starts, ...others],
      input_layers: inputs.map(placed),
      output_layers: outputs.map(placed),
    };
  }
}

/** The calls of a model's layers, each after those that it reads. */
const nodesOf = (model: Model): readonly SymbolicTensor[] => model.resources.network.graph.nodes;

/** The weights of all steps, in one file. */
function weightsOf(model: Model, layers: ReadonlyMap<Layer, WrittenLayer>) {
  const tensors = new Map(model.weights.map(({ name, tensor }) => [name, tensor]));
  const found = [...layers].flatMap(([layer, { steps }]) =>
    steps.flatMap(({ name, weights = {}, shapes = {} }) =>
      Object.entries(weights).map(([word, own]) => {
        const tensor = tensors.get(`${layer.name}/${own}`) as NonNullable<
          ReturnType<typeof tensors.get>
        >;
        return { name: `${name}/${word}`, shape: shapes[word] ?? tensor.shape, tensor };
      }),
    ),
  );
  const bytes = new Uint8Array(found.reduce((sum, { tensor }) => sum + 4 * tensor.size, 0));
  let at = 0;
  for (const { tensor } of found) {
    const { buffer, byteOffset, byteLength } = tensor.data;
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return { specs: found.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })), bytes };
}
