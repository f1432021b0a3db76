// Where in the image each place of a layer's maps looks: its receptive field.

import { checkPadding, type Padding } from '../base/shape.js';
import type { Layer, Model, SymbolicTensor } from '../core.js';

/** A rectangle of pixels of an image; it may reach beyond the image's edges. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** The first and the last of some places along an axis. */
type Range = readonly [first: number, last: number];
type Axis = 0 | 1;

/** What each place of a layer's maps sees; where a layer on the way makes a vector, all of the image. */
export function fieldsOf(model: Model, maps: SymbolicTensor): (row: number, column: number) => Box {
  return (row, column) => {
    const [top, bottom] = seenAlong(0, model, maps, row);
    const [left, right] = seenAlong(1, model, maps, column);
    return { top, left, height: bottom - top + 1, width: right - left + 1 };
  };
}

/** The pixels of the image that a place sees, from the layer down to the image. */
function seenAlong(axis: Axis, model: Model, maps: SymbolicTensor, place: number): Range {
  const seen = new Map<SymbolicTensor, Range>([[maps, [place, place]]]);
  for (const node of [...model.resources.network.graph.nodes].reverse()) {
    const range = seen.get(node);
    if (!range) continue;
    for (const below of new Set(node.inputs)) {
      const part = rangeBelow(axis, node, below, range);
      const other = seen.get(below);
      seen.set(below, other ? around(other, part) : part);
    }
  }
  const ranges = model.inputs.map((image) => seen.get(image));
  return ranges.filter((range) => range !== undefined).reduce(around);
}

const around = (a: Range, b: Range): Range => [Math.min(a[0], b[0]), Math.max(a[1], b[1])];

/** The places of one of a layer's inputs that a range of its own places is made from. */
function rangeBelow(axis: Axis, node: SymbolicTensor, below: SymbolicTensor, range: Range): Range {
  const { layer, inputs, shape } = node;
  const side = below.shape[axis];
  // A vector stands for all of the maps, and so does a map of one pixel that is spread over a larger one.
  if (shape.length !== 3 || below.shape.length !== 3) return [0, side - 1];
  if (side === 1 && shape[axis] > 1 && inputs.length > 1) return [0, 0];
  const windowAt = windowsOf(axis, layer, below.shape, shape);
  return [windowAt(range[0])[0], windowAt(range[1])[1]];
}

/** What each place of a layer sees of the maps below. */
function windowsOf(
  axis: Axis,
  layer: Layer,
  below: SymbolicTensor['shape'],
  shape: SymbolicTensor['shape'],
): (place: number) => Range {
  const { size, stride } = layer.window(below);
  const [side, outputs] = [below[axis], shape[axis]];
  const [extent, step] = [size[axis], stride[axis]];
  const before = paddingOf(layer, axis);
  // Layers without windows that change the sides, such as reshape, move numbers about.
  const isPlain = extent === 1 && step === 1 && before === 0 && !isPadding(layer);
  if (isPlain && side !== outputs) return () => [0, side - 1];
  if (layer.type.startsWith('adaptive'))
    return (place) => [
      Math.floor((place * side) / outputs),
      Math.ceil(((place + 1) * side) / outputs) - 1,
    ];
  if (step < 1) {
    // Pixels are spread over windows of the larger maps, `factor` apart.
    const factor = Math.round(1 / step);
    const length = Math.round(extent * factor);
    const needed = (side - 1) * factor + length - outputs;
    const isEnlarged = layer.type === 'upsampling2d';
    // Bilinear maps lie half a pixel further; nearest ones have windows that touch.
    const cut = isEnlarged ? (extent > 1 ? half(factor + 1) : 0) : (before ?? half(needed));
    return (place) => [
      Math.ceil((place + cut - length + 1) / factor),
      Math.floor((place + cut) / factor),
    ];
  }
  const padding = before ?? half((outputs - 1) * step + extent - side);
  return (place) => {
    const first = Math.floor(place * step) - padding;
    return [first, first + extent - 1];
  };
}

/** Half of what is needed on both sides together: one more is at the end, and so are pixels without a window. */
const half = (needed: number): number => Math.max(0, Math.floor(needed / 2));

/** Pixels of padding above or on the left; undefined for 'same', which depends on the maps. */
function paddingOf(layer: Layer, axis: Axis): number | undefined {
  const { type, options } = layer;
  const { padding, kernelSize = 3 } = options as { padding?: Padding; kernelSize?: number };
  if (type === 'blurPool2d') return half(kernelSize - 1);
  const sides = checkPadding(padding ?? (isPadding(layer) ? 1 : 'valid'));
  return sides === 'same' ? undefined : sides[axis][0];
}

const isPadding = ({ type }: Layer): boolean => type.endsWith('Padding2d');
