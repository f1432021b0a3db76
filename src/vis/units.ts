// Units: a channel of a layer's maps, or a number of a vector; and where in the image each of its places looks.

import { ShapeError, ValueError } from '../base/errors.js';
import { type Shape, show } from '../base/shape.js';
import { shown } from '../base/shown.js';
import type { Model, SymbolicTensor } from '../core.js';

const isMap = (shape: Shape): boolean => shape.length === 3 && shape[0] * shape[1] > 1;

/**
 * What a layer with maps makes; without a name the last such layer.
 *
 * @throws {ValueError} for an unknown layer: those with maps are listed
 * @throws {ShapeError} for a layer without maps
 */
export function mapsOf(model: Model, layer?: string): SymbolicTensor {
  const { nodes } = model.resources.network.graph;
  const known = nodes.filter(({ shape }) => isMap(shape));
  if (model.inputShape.length !== 3 || known.length === 0)
    throw new ShapeError(`'${model.name}' has no maps [height, width, channels] to look at`);
  if (layer === undefined) return known[known.length - 1];
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

/** A part of an image, in pixels. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** The part of the image that each place of a layer's maps sees: its receptive field, cut at the image's edges. */
export function fieldsOf(model: Model, maps: SymbolicTensor): (row: number, column: number) => Box {
  const rows = model.summary({ print: null });
  const own = rows.find(({ name }) => name === maps.layer.name) as (typeof rows)[number];
  // Windows lie evenly: as far from one edge as from the other.
  const span = (axis: 0 | 1, place: number): readonly [number, number] => {
    const [side, length] = [model.inputShape[axis], own.receptiveField[axis]];
    const all = (maps.shape[axis] - 1) * own.stride[axis] + length;
    const from = Math.floor((side - all) / 2) + place * own.stride[axis];
    return [Math.max(0, Math.floor(from)), Math.min(side, Math.floor(from) + length)];
  };
  return (row, column) => {
    const [top, bottom] = span(0, row);
    const [left, right] = span(1, column);
    return { top, left, height: bottom - top, width: right - left };
  };
}
