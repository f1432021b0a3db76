// How much memory a training step takes: ResNet-18 in batches of 8, with and without activation checkpointing.
//
// Counted alike for all libraries, each time in a new process: the most that was ever resident, once the
// network was made and three steps were done, less what was resident when only the library was loaded. So it
// has weights, gradients, momentum, the batch, what an engine compiles and what an allocator keeps.

import { median, preparation } from '../compete.js';
import { resnet18Training } from '../networks.js';
import { type Peer, pyTorch, wasmgrad } from '../peers/index.js';
import { expectedResults } from '../reference.js';
import type { Suite } from '../report.js';
import { addedBy } from '../resident.js';
import type { Result } from '../result.js';
import type { TrainingWork } from '../work.js';

/** An allocator's luck differs from process to process. */
const PROCESSES = 3;
const MIB = 2 ** 20;

/** What checkpointing may leave of the memory without it. */
const SHARE = 2 / 3;

/** How the peers compare, wasmgrad first: without it there are no figures. */
async function compare(name: string, work: TrainingWork, peers: Peer[]): Promise<Result> {
  const result: Result = { name, unit: 'MiB', figures: [], targets: [], notes: [] };
  const expected = expectedResults(work);
  for (const peer of peers) {
    const who = peer.name;
    try {
      const runs: Awaited<ReturnType<typeof addedBy>>[] = [];
      for (let i = 0; i < PROCESSES; i++)
        runs.push(await addedBy(peer, preparation(work, expected), expected));
      const sizes = runs.map(({ bytes }) => bytes / MIB);
      result.figures.push({ who, median: median(sizes), best: Math.min(...sizes) });
      for (const [what, bytes] of Object.entries(runs[0].told))
        result.notes.push({ who, text: `${what} tells ${Math.round(bytes / MIB)} MiB` });
    } catch (error) {
      result.notes.push({ who, text: (error as Error).message });
      if (result.figures.length === 0) return result;
    }
  }
  return result;
}

async function run(): Promise<Result[]> {
  const { batch, side } = resnet18Training;
  const name = `ResNet-18 training, ${side}², batch ${batch}`;
  const usual = await compare(name, resnet18Training, [wasmgrad, pyTorch]);
  const work = { ...resnet18Training, checkpointing: true };
  const thrifty = await compare(`${name}, activationCheckpointing`, work, [wasmgrad]);

  const [ours, theirs] = usual.figures;
  if (theirs) theirs.ratio = theirs.median / ours.median;
  const met = theirs ? theirs.median >= ours.median : undefined;
  usual.targets.push({ who: pyTorch.name, text: `≤ ${pyTorch.name}'s`, least: 1, met });
  const [least] = thrifty.figures;
  if (ours && least) {
    const share = least.median / ours.median;
    const text = `${percent(share)} of it without, wanted ${percent(SHARE)}`;
    thrifty.targets.push({ text, met: share <= SHARE });
  }
  return [usual, thrifty];
}

const percent = (share: number) => `${Math.round(100 * share)} %`;

/** See the top of this file. */
export const footprint: Suite = {
  name: 'footprint',
  about:
    'resident memory that three training steps add to a process at their peak; × is how many times ours theirs is',
  run,
};
