// Activation checkpointing (Chen et al., arXiv 1604.06174): a network is cut where only one tensor
// crosses; forward keeps what crosses, and backward computes the rest of each segment once more.

import { sizeOf } from '../base/shape.js';
import type { SymbolicTensor } from '../network/layer.js';
import type { Group } from './fuse.js';

/** The groups as segments, the last of which is not computed again; one of all without checkpointing. */
export function segmentsOf(groups: readonly Group[], checkpointing: boolean): (readonly Group[])[] {
  if (!checkpointing) return [groups];
  const ends = bestCuts(groups);
  return [...ends, groups.length].map((end, i) => groups.slice(ends[i - 1] ?? 0, end));
}

/** Numbers of groups before which only what the group before makes is still to be read. */
function cutsOf(groups: readonly Group[]): number[] {
  const lastRead = new Map<SymbolicTensor, number>();
  groups.forEach(({ head, addend }, i) => {
    for (const x of addend ? [...head.inputs, addend] : head.inputs) lastRead.set(x, i);
  });
  const cuts: number[] = [];
  // The last group that reads anything made before the one before.
  let reach = -1;
  for (let i = 1; i < groups.length; i++) {
    if (reach < i) cuts.push(i);
    reach = Math.max(reach, lastRead.get(groups[i - 1].end) ?? -1);
  }
  return cuts;
}

/** A way to cut all before some place: what it keeps, in floats, and its cuts. */
interface Way {
  readonly kept: number;
  readonly cuts: readonly number[];
}

/** The cuts for which most is needed at once the least: a segment's floats, and what is kept of all before it. */
function bestCuts(groups: readonly Group[]): readonly number[] {
  const cuts = cutsOf(groups);
  const floats = [0];
  for (const { end } of groups) floats.push((floats.at(-1) as number) + sizeOf(end.shape));
  let best: readonly number[] = [];
  // Tighter by a few percent each time, until there is no way any more.
  for (let limit = floats.at(-1) as number; ; limit *= 0.97) {
    const found = cutsWithin(groups, cuts, floats, limit);
    if (!found) return best;
    best = found;
  }
}

/** The cuts that keep least among those that need no more than `limit`, if there are some. */
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
