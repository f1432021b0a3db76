// Activation checkpointing (Chen et al., arXiv 1604.06174): a network is cut into segments where only one tensor goes
// from one to the next. Forward keeps these tensors; backward computes the others of each segment again.

import { sizeOf } from '../base/shape.js';
import type { SymbolicTensor } from '../network/layer.js';
import type { Group } from './fuse.js';

/** The groups in segments; the last one is not computed again. Without checkpointing there is only one. */
export function segmentsOf(groups: readonly Group[], checkpointing: boolean): (readonly Group[])[] {
  if (!checkpointing) return [groups];
  const ends = bestCuts(groups);
  return [...ends, groups.length].map((end, i) => groups.slice(ends[i - 1] ?? 0, end));
}

/** The groups before which the network can be cut: they and those after read nothing made before but the last group's result. */
function cutsOf(groups: readonly Group[]): number[] {
  const lastRead = new Map<SymbolicTensor, number>();
  groups.forEach(({ head, addend }, i) => {
    for (const x of addend ? [...head.inputs, addend] : head.inputs) lastRead.set(x, i);
  });
  const cuts: number[] = [];
  // The last group that reads anything made before group i − 1.
  let reach = -1;
  for (let i = 1; i < groups.length; i++) {
    if (reach < i) cuts.push(i);
    reach = Math.max(reach, lastRead.get(groups[i - 1].end) ?? -1);
  }
  return cuts;
}

/** A way to cut the groups up to some one: the floats that it keeps, and its cuts. */
interface Way {
  readonly kept: number;
  readonly cuts: readonly number[];
}

/** The cuts with the lowest peak: a segment's floats, and what is kept of all segments before it. */
function bestCuts(groups: readonly Group[]): readonly number[] {
  const cuts = cutsOf(groups);
  const floats = [0];
  for (const { end } of groups) floats.push((floats.at(-1) as number) + sizeOf(end.shape));
  let best: readonly number[] = [];
  // A limit lower by 3 % each time, until there is no way to stay below it.
  for (let limit = floats.at(-1) as number; ; limit *= 0.97) {
    const found = cutsWithin(groups, cuts, floats, limit);
    if (!found) return best;
    best = found;
  }
}

/** Of the cuts whose peak is at most `limit`, those that keep the fewest floats; undefined where there are none. */
function cutsWithin(
  groups: readonly Group[],
  cuts: readonly number[],
  floats: readonly number[],
  limit: number,
): readonly number[] | undefined {
  const ways = new Map<number, Way>([[0, { kept: 0, cuts: [] }]]);
  for (const end of [...cuts, groups.length]) {
    let best: Way | undefined;
    for (const [start, way] of ways) {
      const fits = way.kept + floats[end] - floats[start] <= limit;
      if (fits && way.kept < (best?.kept ?? Number.POSITIVE_INFINITY)) best = way;
    }
    if (end === groups.length) return best?.cuts;
    const own = sizeOf(groups[end - 1].end.shape);
    if (best) ways.set(end, { kept: best.kept + own, cuts: [...best.cuts, end] });
  }
  return undefined;
}
