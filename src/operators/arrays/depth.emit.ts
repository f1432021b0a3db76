// The depth of a 3-D convolution as channels: what the taps of each output see, side by side. The rest is a convolution of
// images, batch and depth together.

import type { Emitter, Value } from '../../program/emitter.js';
import { copyStrided, fillWith, stridesOf } from './strides.emit.js';
import type { AxisWindows } from './windows.js';

/** How the depth lies: [batch, depth, pixels, groups, channels of a group], and its windows. */
export interface DepthGeometry {
  readonly batch: number;
  readonly depth: number;
  readonly pixels: number;
  readonly groups: number;
  /** Of a group. */
  readonly channels: number;
  readonly windows: AxisWindows;
}

/** Whether each output sees the slice of the same number, and nothing else. */
const isPlain = ({ windows, depth }: DepthGeometry): boolean =>
  windows.kernel === 1 && windows.stride === 1 && windows.before === 0 && windows.outputs === depth;

/** [batch, outputs, pixels, groups, taps, channels]: what the taps see. */
const seenShape = ({ batch, pixels, groups, channels, windows }: DepthGeometry) => [
  ...[batch, windows.outputs, pixels, groups, windows.kernel, channels],
];

/** Calls `use` for each tap with what it sees of x and its place among the taps. */
function eachTap(
  g: DepthGeometry,
  x: Value,
  seen: Value,
  use: (
    slices: { value: Value; strides: readonly number[]; offset: number },
    taps: { value: Value; strides: readonly number[]; offset: number },
    shape: readonly number[],
  ) => void,
): void {
  const { batch, depth, pixels, groups, channels, windows } = g;
  const { kernel, stride, dilation, before, outputs } = windows;
  const own = stridesOf([batch, depth, pixels, groups, channels]);
  const all = stridesOf(seenShape(g));
  for (let tap = 0; tap < kernel; tap++) {
    const shift = tap * dilation - before;
    const first = Math.max(0, Math.ceil(-shift / stride));
    const last = Math.min(outputs - 1, Math.floor((depth - 1 - shift) / stride));
    if (last < first) continue;
    const slices = [own[0], own[1] * stride, own[2], own[3], own[4]];
    const taps = [all[0], all[1], all[2], all[3], all[5]];
    use(
      { value: x, strides: slices, offset: (first * stride + shift) * own[1] },
      { value: seen, strides: taps, offset: first * all[1] + tap * all[4] },
      [batch, last - first + 1, pixels, groups, channels],
    );
  }
}

/** What the taps see of x, zeros outside; x itself where that is the same. */
export function gatherDepth(e: Emitter, x: Value, g: DepthGeometry): Value {
  if (isPlain(g)) return x;
  const seen = e.value(seenShape(g));
  fillWith(e, seen, 0);
  eachTap(g, x, seen, (slices, taps, shape) => copyStrided(e, taps, slices, shape));
  return seen;
}

/** A value that `scatterDepth` adds up in dx. */
export const seenValue = (e: Emitter, dx: Value, g: DepthGeometry): Value =>
  isPlain(g) ? dx : e.value(seenShape(g));

/** dx = what the taps have seen of it, added up. */
export function scatterDepth(e: Emitter, dx: Value, seen: Value, g: DepthGeometry): void {
  if (seen === dx) return;
  fillWith(e, dx, 0);
  eachTap(g, dx, seen, (slices, taps, shape) => copyStrided(e, slices, taps, shape, true));
}
