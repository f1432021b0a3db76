// Units: a channel of a layer's maps, or a number of a vector.

import { ShapeError, ValueError } from '../base/errors.js';
import { type Shape, show } from '../base/shape.js';
import { shown } from '../base/shown.js';
import type { Model, SymbolicTensor } from '../core.js';

const isMap = (shape: Shape): boolean => shape.length === 3 && shape[0] * shape[1] > 1;

/**
 * What a layer with maps makes; without a name the last such layer that has one place in the model, and is not its output:
 * scores of each pixel are no maps to explain them by.
 *
 * @throws {ValueError} for an unknown layer: those with maps are listed
 * @throws {ShapeError} for a layer without maps
 */
export function mapsOf(model: Model, layer?: string): SymbolicTensor {
  const { nodes } = model.resources.network.graph;
  const known = nodes.filter(({ shape }) => isMap(shape));
  if (model.inputShape.length !== 3 || known.length === 0)
    throw new ShapeError(`'${model.name}' has no maps [height, width, channels] to look at`);
  if (layer === undefined) {
    const isAlone = (node: SymbolicTensor): boolean =>
      nodes.filter((other) => other.layer === node.layer).length === 1;
    const last = known.findLast((node) => isAlone(node) && !model.outputs.includes(node));
    if (last) return last;
    throw new ShapeError(
      `'${model.name}' has no layer with maps of one place in the model, before its output`,
    );
  }
  const found = nodes.find((node) => node.layer.name === layer);
  const list = `layers with maps are ${known.map((node) => node.layer.name).join(', ')}`;
  if (!found) throw new ValueError(`there is no layer ${shown(layer)}; ${list}`);
  if (known.includes(found)) return found;
  throw new ShapeError(`'${layer}' makes ${show(found.shape)}, no maps; ${list}`);
}

/** What a layer makes. @throws {ValueError} for an unknown layer: all are listed */
export function layerOf(model: Model, layer: string): SymbolicTensor {
  const { nodes } = model.resources.network.graph;
  const found = nodes.find((node) => node.layer.name === layer);
  if (found) return found;
  const list = nodes.map((node) => node.layer.name).join(', ');
  throw new ValueError(`there is no layer ${shown(layer)}; there are ${list}`);
}

/** @throws {ValueError} for a unit that the layer does not have */
export function checkUnit({ shape, layer }: SymbolicTensor, unit: number): number {
  const count = shape.at(-1) as number;
  if (Number.isInteger(unit) && unit >= 0 && unit < count) return unit;
  throw new ValueError(
    `there is no unit ${shown(unit)}: '${layer.name}' has ${count}, from 0 to ${count - 1}`,
  );
}
