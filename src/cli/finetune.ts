// Makes a model fit for other classes: a new last layer, and layers that do not learn.

import { nearest } from '../base/options.js';
import { layers, Model, ShapeError, type SymbolicTensor, ValueError } from '../core.js';

/** What `--freeze` calls all layers but the last with weights. */
export const BASE = 'base';

/** The last layer with weights, and the layers behind it, the first of them first. */
function headOf(output: SymbolicTensor): { head: SymbolicTensor; behind: SymbolicTensor[] } {
  const behind: SymbolicTensor[] = [];
  let node = output;
  while (node.layer.parameters.length === 0) {
    if (node.inputs.length !== 1 || node.inputs[0].layer === undefined)
      throw new ValueError(`the model's last layers ('${node.layer.name}') cannot be replaced`);
    behind.unshift(node);
    [node] = node.inputs;
  }
  return { head: node, behind };
}

/**
 * The same model with a new last layer for other classes; what was learned before it is kept, and the preprocessing.
 * The given model is disposed of.
 *
 * @throws {ShapeError} {@link ValueError} for a model whose last layer is neither dense nor a convolution
 */
export function withClasses(model: Model, classes: number, seed: number): Model {
  const { head, behind } = headOf(model.outputs[0]);
  const { type, name } = head.layer;
  const options = head.layer.options as Record<string, unknown>;
  const width = { dense: 'units', conv2d: 'filters' }[type];
  if (width === undefined || head.inputs.length !== 1)
    throw new ValueError(
      `the model's last layer with weights, '${name}', is of the type ${type}: only dense and conv2d are replaced for other classes`,
    );
  const fresh = layers[type as 'dense']({ ...options, [width]: classes, name } as never);
  let outputs = fresh.apply(head.inputs[0]);
  for (const { layer } of behind) outputs = layer.apply(outputs);
  if (outputs.shape.length !== 1 || outputs.shape[0] !== classes)
    throw new ShapeError(`with ${classes} classes the output is [${outputs.shape.join(', ')}]`);
  const made = new Model({ inputs: model.inputs, outputs, seed, name: model.name });
  made.preprocessing = model.preprocessing;
  model.dispose();
  return made;
}

/**
 * Freezes the layers up to one.
 *
 * @param last a layer's name, or 'base' for all before the last layer with weights
 * @throws {ValueError} for an unknown layer
 */
export function freeze(model: Model, last: string): void {
  const { layers: all } = model;
  const names = [BASE, ...all.map(({ name }) => name)];
  if (!names.includes(last))
    throw new ValueError(
      `there is no layer '${last}'${nearest(last, names)}: '${BASE}' means all but the last with weights; 'wasmgrad summary' lists the names`,
    );
  const end =
    last === BASE
      ? all.indexOf(headOf(model.outputs[0]).head.layer) - 1
      : all.indexOf(model.getLayer(last));
  for (const layer of all.slice(0, end + 1)) layer.trainable = false;
}
