// Writes models as ONNX files: layers in order, each as one node or several. See writers/ for what each becomes.

import { ValueError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import { checkOptions, whole } from '../../base/options.js';
import { shown } from '../../base/shown.js';
import { backendInfo, type Model, type SymbolicTensor, type Tensors } from '../../core.js';
import type { Graph } from '../../network/graph.js';
import { checkModel } from '../checkmodel.js';
import { metadataOf } from './metadata.js';
import { modelBytes } from './writeproto.js';
import { flattenedImages } from './writers/flattened.js';
import { writers } from './writers/index.js';
import { channelsFirst, FileGraph, type FileValue, Place } from './writers/place.js';

/** Options of `writeOnnx`. */
export interface WriteOnnxOptions {
  /** The version of ONNX's operators, 13 to 21: 17 by default, which readers of 2022 and later know. */
  opset?: number;
}

/** The IR version that came with an operator set: onnx/docs/Versioning.md. */
const irVersionOf = (opset: number): number =>
  opset >= 21 ? 10 : opset >= 19 ? 9 : opset >= 15 ? 8 : 7;

/**
 * A model as the bytes of an ONNX file, for inference: batch norms have their running statistics, dropout is left out.
 * Channels come first in the file, of inputs and outputs too: [height, width, channels] is [batch, channels, height,
 * width]. The batch is open. Weights, inputs and outputs keep their names; labels and preprocessing are in the metadata.
 *
 * @throws {ValueError} for anything but a model, and for layers that are not of `layers`, such as custom ones: all of them are named
 * @throws {StateError} after `dispose`
 */
export function writeOnnx(
  model: Model<Tensors>,
  options: WriteOnnxOptions = {},
): Uint8Array<ArrayBuffer> {
  return naming('writeOnnx', () => {
    const { opset = 17 } = checkOptions('writeOnnx', options, { opset: whole(13, 21) });
    checkModel(model);
    const { graph } = model.resources.network;
    checkLayers(graph);
    const file = new FileGraph(model.weights);
    const info = (tensors: readonly SymbolicTensor[], names: readonly string[]) =>
      tensors.map(({ shape }, i) => ({ name: names[i], dims: ['batch', ...channelsFirst(shape)] }));
    const inputNames = graph.inputNames.map((name) => file.name(name));
    const outputNames = writeNodes(file, graph, inputNames, opset);
    const inputs = info(graph.inputs, inputNames);
    const outputs = info(graph.outputs, outputNames);
    const channelsLast = [...inputs, ...outputs].filter(({ dims }) => dims.length > 2);
    return modelBytes({
      irVersion: irVersionOf(opset),
      opset,
      version: backendInfo().version,
      metadata: metadataOf(
        model,
        channelsLast.map(({ name }) => name),
      ),
      name: model.name,
      nodes: file.nodes,
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

/** Adds the nodes of all layers. Returns the outputs' names in the file. */
function writeNodes(
  file: FileGraph,
  graph: Graph,
  inputNames: readonly string[],
  opset: number,
): string[] {
  const outputNames = graph.outputNames.map((name) => file.name(name));
  const ends = new Map(graph.outputs.map((tensor, i) => [tensor, outputNames[i]]));
  const images = flattenedImages(graph);
  const values = new Map<SymbolicTensor, FileValue>();
  graph.inputs.forEach((tensor, i) => {
    values.set(tensor, { name: inputNames[i], shape: tensor.shape, image: undefined });
  });
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((x) => values.get(x) as FileValue);
    const image = images.get(node);
    const count = file.nodes.length;
    const made = naming(node.name, () =>
      writers[node.layer.type](new Place(file, opset, node, inputs, image)),
    );
    // The last of a layer's nodes has its name. A layer that does nothing has none.
    const isNew = file.nodes.length > count;
    const name = isNew ? file.renameLast(ends.get(node) ?? file.name(node.name)) : made;
    values.set(node, { name, shape: node.shape, image });
  }
  for (const [tensor, name] of ends) {
    const made = values.get(tensor) as FileValue;
    if (made.name !== name) file.identity(name, made.name);
  }
  return outputNames;
}
