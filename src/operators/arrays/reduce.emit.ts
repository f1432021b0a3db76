// Reductions over any axes as ops.

import { ReduceFn } from '../../../bindings/arrays.js';
import { type Shape, sizeOf } from '../../base/shape.js';
import type { Emitter, Value } from '../../program/emitter.js';
import { emitOf } from './strides.emit.js';

/** What is left of a reduction whose axes are apart, once the last of them are reduced. */
const rest = { Absolute: 'Sum', Square: 'Sum' } as const;

/** Neighbouring axes as one: their size, and whether they are reduced. */
function runsOf(shape: Shape, axes: readonly number[]): { size: number; isReduced: boolean }[] {
  const runs: { size: number; isReduced: boolean }[] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    const isReduced = axes.includes(i);
    const last = runs.at(-1);
    if (last?.isReduced === isReduced) last.size *= size;
    else runs.push({ size, isReduced });
  });
  return runs;
}

/** y = scale·(x over the axes), one run of axes after another. */
export function reduceAxes(
  e: Emitter,
  fn: keyof typeof ReduceFn,
  y: Value,
  x: Value,
  axes: readonly number[],
  scale = 1,
): void {
  const runs = runsOf(x.shape, axes);
  const at = runs.findLastIndex(({ isReduced }) => isReduced);
  const sizes = runs.map(({ size }) => size);
  const outer = at < 0 ? 1 : sizeOf(sizes.slice(0, at));
  const n = at < 0 ? 1 : sizes[at];
  const inner = sizeOf(sizes.slice(at + 1));
  const isLast = runs.filter(({ isReduced }) => isReduced).length < 2;
  const result = isLast ? y : e.value([...sizes.slice(0, at), ...sizes.slice(at + 1)]);
  const args = { outer, n, inner, fn: ReduceFn[fn], scale: isLast ? scale : 1 };
  emitOf(e, 'reduce', { y: result, x, ...args });
  if (isLast) return;
  const left = runs.slice(0, at).flatMap(({ isReduced }, i) => (isReduced ? [i] : []));
  reduceAxes(e, fn in rest ? rest[fn as keyof typeof rest] : fn, y, result, left, scale);
}
