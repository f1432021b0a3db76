// Where the numbers of a layer come from, in the worker: windows on the maps below, and what of the image they saw.

import type { Maps, Source, Window } from './inside.js';
import type { Made } from './looking.js';

/** Maps as numbers [height, width, channels]. */
export type Numbers = Pick<Made, 'height' | 'width' | 'channels' | 'data'>;

/** A rectangle of pixels of maps; it may reach beyond their edges. */
export type Box = Pick<Source, 'top' | 'left' | 'height' | 'width'>;

type Pair = readonly [number, number];

/** Both numbers of what may be one. */
export const both = (value: unknown): Pair =>
  (Array.isArray(value) ? value : [value, value]) as unknown as Pair;

/** How windows lie, of a layer's options. */
interface Lie {
  readonly padding?: unknown;
  readonly dimRoundingMode?: string;
  readonly kernelSize?: number;
}

/** Pixels of padding above or on the left. @param needed by windows on both sides together */
function paddingBefore({ type, options }: Made['layer'], axis: 0 | 1, needed: number): number {
  const { padding, dimRoundingMode, kernelSize = 3 } = options as Lie;
  // It reflects the maps at their edges, however many windows there are.
  if (type === 'blurPool2d') return Math.floor((kernelSize - 1) / 2);
  if (padding !== undefined && typeof padding !== 'string') return both(both(padding)[axis])[0];
  // The last window may reach beyond the maps without padding.
  const isOpen = padding !== 'same' && dimRoundingMode === 'ceil';
  return isOpen ? 0 : Math.max(0, Math.floor(needed / 2));
}

/** The part of the maps below that a rectangle of a layer's maps is made from. */
export function boxBelow({ layer, height, width }: Made, below: Numbers, box: Box): Box {
  const { size, stride } = layer.window([below.height, below.width, below.channels]);
  const along = (axis: 0 | 1, first: number, count: number, outputs: number, side: number) => {
    const [from, extent] = [first * stride[axis], (count - 1) * stride[axis] + size[axis]];
    // Layers that enlarge maps differ in where they begin: by a window at most.
    if (stride[axis] < 1)
      return [Math.floor(from - size[axis]), Math.ceil(extent + 2 * size[axis])] as const;
    const needed = (outputs - 1) * stride[axis] + size[axis] - side;
    const before = paddingBefore(layer, axis, needed);
    return [Math.floor(from) - before, Math.ceil(extent)] as const;
  };
  const [top, tall] = along(0, box.top, box.height, height, below.height);
  const [left, wide] = along(1, box.left, box.width, width, below.width);
  return { top, left, height: tall, width: wide };
}

const wholeOf = ({ height, width }: Numbers): Box => ({ top: 0, left: 0, height, width });

/** The smallest rectangle around two. */
function around(a: Box, b: Box): Box {
  const [top, left] = [Math.min(a.top, b.top), Math.min(a.left, b.left)];
  const bottom = Math.max(a.top + a.height, b.top + b.height);
  const right = Math.max(a.left + a.width, b.left + b.width);
  return { top, left, height: bottom - top, width: right - left };
}

const isVector = ({ height, width }: Numbers): boolean => height * width === 1;

/** What a pixel of a stage's maps saw of the image: all of it, where a layer on the way makes a vector. */
export function fieldOf(all: readonly Made[], stage: number, pixel: Box, image: Numbers): Box {
  const seen = new Map([[stage, pixel]]);
  for (let at = stage; at >= 0; at--) {
    const box = seen.get(at);
    if (!box) continue;
    for (const below of all[at].below) {
      const numbers = all[below] ?? image;
      const part = isVector(all[at]) ? wholeOf(numbers) : boxBelow(all[at], numbers, box);
      const other = seen.get(below);
      seen.set(below, other ? around(other, part) : part);
    }
  }
  return seen.get(-1) ?? wholeOf(image);
}

/** One map; none of a vector, whose maps are single numbers. */
export function mapOf(numbers: Numbers, unit: number): Maps | undefined {
  if (isVector(numbers)) return undefined;
  const { height, width, channels, data } = numbers;
  const pixels = Float32Array.from({ length: height * width }, (_, i) => data[i * channels + unit]);
  return { title: '', count: 1, of: channels, height, width, data: pixels };
}

/**
 * The numbers of a map under a window.
 *
 * @param sides how many numbers, down and across
 * @param step from one to the next
 */
export function windowOf(
  { height, width, channels, data }: Numbers,
  unit: number,
  { top, left }: Box,
  [tall, wide]: Pair,
  step: Pair = [1, 1],
): Window {
  const numbers = Float32Array.from({ length: tall * wide }, (_, i) => {
    const y = top + Math.floor(i / wide) * step[0];
    const x = left + (i % wide) * step[1];
    const isInside = y >= 0 && y < height && x >= 0 && x < width;
    return isInside ? data[(y * width + x) * channels + unit] : Number.NaN;
  });
  return { height: tall, width: wide, numbers };
}
