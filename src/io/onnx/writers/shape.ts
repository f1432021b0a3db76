// Layers that give the same numbers another place: in another order, in part, repeated, padded; and those of a weight.

import type {
  ConstantOptions,
  DepthToSpaceOptions,
  ExpandOptions,
  PadOptions,
  SliceOptions,
  SpaceToDepthOptions,
  TransposeOptions,
} from '../../../operators/arrays/index.js';
import { aligned, channelsFirst, fileAxes, fileAxis, type Place } from './place.js';

export function transpose(at: Place): string {
  const axes = channelsFirst(at.options<TransposeOptions>().axes);
  return at.transpose(at.x.name, fileAxes(at.x.shape, axes));
}

/** Beyond every side. */
const END = 2 ** 31 - 1;

export function slice(at: Place): string {
  const { begin, end, step = [] } = at.options<SliceOptions>();
  const { shape, name } = at.x;
  const ranges = shape.map((side, i) => {
    const by = step[i] ?? 1;
    const [first, last] = by > 0 ? [0, side] : [END, -END];
    return { axis: fileAxis(shape, i), begin: begin[i] ?? first, end: end[i] ?? last, by, side };
  });
  const cut = ranges.filter((one) => !(one.begin === 0 && one.end >= one.side && one.by === 1));
  if (cut.length === 0) return name;
  return at.node('Slice', [
    name,
    at.ints(cut.map((one) => one.begin)),
    at.ints(cut.map((one) => one.end)),
    at.ints(cut.map((one) => one.axis)),
    at.ints(cut.map((one) => one.by)),
  ]);
}

export function pad(at: Place): string {
  const { padding, mode = 'constant', value = 0 } = at.options<PadOptions>();
  if (mode === 'wrap') at.needs(19, `mode 'wrap'`);
  const own = [[0, 0], ...channelsFirst([...padding.keys()]).map((axis) => padding[axis])];
  const pads = at.ints([...own.map(([before]) => before), ...own.map(([, after]) => after)]);
  return at.node('Pad', [at.x.name, pads, ...(value === 0 ? [] : [at.scalar(value)])], { mode });
}

export function expand(at: Place): string {
  const rank = at.shape.length;
  const shape = channelsFirst(aligned(at.options<ExpandOptions>().shape, rank));
  return at.node('Expand', [at.ranked(at.x, rank).name, at.ints([1, ...shape])]);
}

/** A weight, once for each sample. */
export function constant(at: Place): string {
  const { shape } = at.options<ConstantOptions>();
  const order = channelsFirst([...shape.keys()]);
  const dims = channelsFirst(shape);
  const value = at.weight('value', { order, dims: [1, ...dims] });
  return at.node('Expand', [value, at.sides(at.x, dims)]);
}

export function depthToSpace(at: Place): string {
  const { blockSize, mode = 'dcr' } = at.options<DepthToSpaceOptions>();
  return at.node('DepthToSpace', [at.x.name], { blocksize: blockSize, mode: mode.toUpperCase() });
}

export const spaceToDepth = (at: Place): string =>
  at.node('SpaceToDepth', [at.x.name], { blocksize: at.options<SpaceToDepthOptions>().blockSize });
