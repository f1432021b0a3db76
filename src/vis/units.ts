// Units: a channel of a layer's maps, or a number of a vector; and where in the image each of its places looks.

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

/** A rectangle of pixels of an image; it may reach beyond the image's edges. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** In pixels of the input, along one axis: where the first number of a tensor looks, how far, and the next one's distance. */
interface View {
  readonly start: number;
  readonly field: number;
  readonly jump: number;
}

/** The view of what a layer makes of tensors with these views. */
function viewOf(node: SymbolicTensor, axis: 0 | 1, below: readonly View[]): View {
  const start = Math.min(...below.map((view) => view.start));
  const field = Math.max(...below.map((view) => view.start + view.field)) - start;
  const jump = Math.max(...below.map((view) => view.jump));
  const { layer, inputs, shape } = node;
  const { size, stride } = layer.window(inputs[0].shape);
  // Padding is the same on both sides, or one more at the end; pixels without a window are at the end.
  const padding = (shape[axis] - 1) * stride[axis] + size[axis] - inputs[0].shape[axis];
  return {
    start: start - Math.max(0, Math.floor(padding / 2)) * jump,
    field: field + (size[axis] - 1) * jump,
    jump: jump * stride[axis],
  };
}

/** What each place of a layer's maps sees: its receptive field, which may reach beyond the image's edges. */
export function fieldsOf(model: Model, maps: SymbolicTensor): (row: number, column: number) => Box {
  const { nodes } = model.resources.network.graph;
  const along = (axis: 0 | 1): View => {
    const views = new Map(model.inputs.map((x) => [x, { start: 0, field: 1, jump: 1 }]));
    for (const node of nodes) {
      const below = node.inputs.map((x) => views.get(x)).filter((view) => view !== undefined);
      if (node.shape.length === 3 && below.length > 0) views.set(node, viewOf(node, axis, below));
    }
    return views.get(maps) as View;
  };
  const [down, across] = [along(0), along(1)];
  return (row, column) => ({
    top: Math.floor(down.start + row * down.jump),
    left: Math.floor(across.start + column * across.jump),
    height: Math.ceil(down.field - 1e-6),
    width: Math.ceil(across.field - 1e-6),
  });
}
