// Activation checkpointing (Chen et al., arXiv 1604.06174): a network is cut where only one tensor
// crosses; forward keeps what crosses, and backward computes the rest of each segment once more.

import type { SymbolicTensor } from '../layers/symbolic.js';
import { sizeOf } from '../shape.js';
import type { Group } from './fuse.js';

/** The groups as segments, the last of which is not computed again; one of all without checkpointing. */
export function segmentsOf(groups: readonly Group[], checkpointing: boolean): (readonly Group[])[] {
  if (!checkpointing) return [groups];
  const cuts = cutsOf(groups);
  const sizes = groups.map(({ nodes }) => nodes.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
  let best: number[] = [];
  let least = Number.POSITIVE_INFINITY;
  const all = sizes.reduce((sum, size) => sum + size, 0);
  for (let limit = all; limit >= 1; limit *= 0.9) {
    const chosen = chooseCuts(cuts, sizes, limit);
    const need = floatsNeeded(chosen, groups, sizes);
    if (need >= least) continue;
    least = need;
    best = chosen;
  }
  return [...best, groups.length].map((end, i) => groups.slice(best[i - 1] ?? 0, end));
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

/** Cuts as far apart as a segment of so many floats allows. */
function chooseCuts(cuts: readonly number[], sizes: readonly number[], limit: number): number[] {
  const chosen: number[] = [];
  let size = 0;
  let from = 0;
  cuts.forEach((cut, i) => {
    size += sizes.slice(from, cut).reduce((sum, one) => sum + one, 0);
    from = cut;
    const next = sizes.slice(cut, cuts[i + 1]).reduce((sum, one) => sum + one, 0);
    if (size + next <= limit) return;
    chosen.push(cut);
    size = 0;
  });
  return chosen;
}

/** What is there at the worst moment: a segment, and what is kept of all before it. */
function floatsNeeded(
  cuts: readonly number[],
  groups: readonly Group[],
  sizes: readonly number[],
): number {
  let kept = 0;
  let most = 0;
  [...cuts, groups.length].forEach((end, i) => {
    const segment = sizes.slice(cuts[i - 1] ?? 0, end).reduce((sum, one) => sum + one, 0);
    most = Math.max(most, kept + segment);
    kept += sizeOf(groups[end - 1].end.shape);
  });
  return most;
}
