// Writes models as ONNX files: layers in order, each as one node or several. See writers/ for what each becomes.

import { ValueError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import { checkOptions, whole as count } from '../../base/options.js';
import { shown } from '../../base/shown.js';
import {
  backendInfo,
  type Model,
  type Shape,
  type SymbolicTensor,
  type Tensors,
} from '../../core.js';
import type { Graph } from '../../network/graph.js';
import { checkModel } from '../checkmodel.js';
import { ImportedModel } from '../importing/imported.js';
import { metadataOf } from './metadata.js';
import { modelBytes } from './writeproto.js';
import { flattenedImages } from './writers/flattened.js';
import { writers } from './writers/index.js';
import {
  channelsFirst,
  FileGraph,
  type FileValue,
  fileAxes,
  inverse,
  Place,
} from './writers/place.js';

/** Options of `writeOnnx`. */
export interface WriteOnnxOptions {
  /** The version of ONNX's operators, 13 to 21: 17 by default, which readers of 2022 and later know. */
  opset?: number;
}

/** The IR version that came with an operator set: onnx/docs/Versioning.md. */
const irVersionOf = (opset: number): number =>
  opset >= 21 ? 10 : opset >= 19 ? 9 : opset >= 15 ? 8 : 7;

/**
 * A model as the bytes of an ONNX file, for inference: batch norms have their running statistics, dropout does nothing.
 * Channels come first in the file, of inputs and outputs too: [height, width, channels] is [batch, channels, height,
 * width]. The batch is open. Models that were read from files without a batch are written without one, as they are. Weights, inputs and outputs keep their names; labels and preprocessing are in the metadata.
 *
 * @throws {ValueError} for anything but a model; for custom layers, all of which are named; and for what the opset cannot say
 * @throws {StateError} after `dispose`
 */
export function writeOnnx(
  model: Model<Tensors>,
  options: WriteOnnxOptions = {},
): Uint8Array<ArrayBuffer> {
  return naming('writeOnnx', () => {
    const { opset = 17 } = checkOptions('writeOnnx', options, { opset: count(13, 21) });
    checkModel(model);
    const { graph } = model.resources.network;
    checkLayers(graph);
    const file = new FileGraph(model.weights);
    const { whole, keepsOrder = false } = model instanceof ImportedModel ? model : {};
    const isKept = whole !== undefined || keepsOrder;
    const infoOf = (name: string, shape: Shape, own: Shape | undefined) => ({
      name: file.name(name),
      dims: own ?? ['batch', ...(isKept ? shape : channelsFirst(shape))],
    });
    const inputs = graph.inputs.map(({ shape }, i) =>
      infoOf(graph.inputNames[i], shape, whole && shape),
    );
    const outputs = graph.outputs.map(({ shape }, i) =>
      infoOf(graph.outputNames[i], shape, whole?.[i]),
    );
    const names = (all: typeof inputs) => all.map(({ name }) => name);
    const ends = { inputs: names(inputs), outputs: names(outputs), isKept, whole };
    writeNodes(file, graph, ends, opset);
    const channelsLast = [...inputs, ...outputs].filter(({ dims }) => !isKept && dims.length > 2);
    return modelBytes({
      irVersion: irVersionOf(opset),
      opset,
      version: backendInfo().version,
      metadata: metadataOf(model, names(channelsLast)),
      name: model.name,
      nodes: file.needed(ends.outputs),
      arrays: file.arrays,
      inputs,
      outputs,
    });
  });
}

/** @throws {ValueError} for all layers without a writer */
function checkLayers({ layers }: Graph): void {
  const unknown = layers.filter(({ type }) => !Object.hasOwn(writers, type));
  if (unknown.length === 0) return;
  const names = unknown.map(({ name, type }) => `${shown(name)} (${type})`).join(', ');
  throw new ValueError(
    `there is no way to write these layers as ONNX: ${names}. Write the part of the model before them, new Model({ inputs, outputs }), or save it with model.toBytes()`,
  );
}

/** What a file's inputs and outputs are called. */
interface Ends {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whether they are as the model has them, not channels first. */
  readonly isKept: boolean;
  /** The outputs' shapes, where there is no batch. */
  readonly whole: readonly Shape[] | undefined;
}

/** Adds the nodes of all layers. */
function writeNodes(file: FileGraph, graph: Graph, names: Ends, opset: number): void {
  const { isKept, whole } = names;
  // What layers make are no outputs yet where these are in another order.
  const ends = new Map(isKept ? [] : graph.outputs.map((tensor, i) => [tensor, names.outputs[i]]));
  const images = flattenedImages(graph);
  const values = new Map<SymbolicTensor, FileValue>();
  graph.inputs.forEach((tensor, i) => {
    const { shape } = tensor;
    const own = names.inputs[i];
    const x = whole
      ? file.node(`${own}/Reshape`, 'Reshape', [own, file.ints([1, ...shape])], {})
      : own;
    const name = isKept ? file.transpose(`${own}/Transpose`, x, inverse(fileAxes(shape))) : own;
    values.set(tensor, { name, shape, image: undefined });
  });
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((x) => values.get(x) as FileValue);
    const image = images.get(node);
    const first = file.nodes.length;
    const made = naming(node.name, () =>
      writers[node.layer.type](new Place(file, opset, node, inputs, image)),
    );
    // A layer that does nothing has no node.
    const isNew = file.nodes.at(-1)?.output === made && file.nodes.length > first;
    const name = isNew ? file.renameLast(ends.get(node) ?? file.name(node.name), first) : made;
    values.set(node, { name, shape: node.shape, image });
  }
  graph.outputs.forEach((tensor, i) => {
    const own = names.outputs[i];
    const { name, shape } = values.get(tensor) as FileValue;
    const y = isKept ? file.transpose(`${own}/Transpose`, name, fileAxes(shape)) : name;
    if (whole) file.add(own, 'Reshape', [y, file.ints(whole[i])]);
    else if (y !== own) file.add(own, 'Identity', [y]);
  });
}
