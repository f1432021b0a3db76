// The backend for TF.js: training by tf.layers, models that npm packages ship, and kernels one by one, against TF.js's own
// backends. Models and kernels are compared with what TF.js cpu computes before they are timed.

import { weigh } from '../../scripts/check/weigh.js';
import { type Arena, type Contest, everyContest, type Targets } from '../compete.js';
import { lenet5Layers, normedLayers } from '../networks.js';
import { tfjsCpu, tfjsWasm, wasmgrad, wasmgradTfjs, wasmgradTfjsWide } from '../peers/index.js';
import type { Suite } from '../report.js';
import type { Result } from '../result.js';
import { kernelCases } from '../tfjskernels.js';
import { SAMPLED, type TfjsWork, type TrainingWork } from '../work.js';

/** Models by their names in peers/tfjs-models.ts, and how many times TF.js wasm's speed is wanted. */
const models: readonly [name: string, narrow: number, wide: number][] = [
  ['MobileNetV2, loadGraphModel', 1.4, 2],
  ['MobileNetV2, loadLayersModel', 1.4, 2],
  ['face-api, recognition', 1.4, 2],
  ['face-api, 68 landmarks', 1.1, 1.1],
];
/** No kernel is to be slower than this, where TF.js wasm has it. */
const KERNELS = 0.9;

const ours = wasmgradTfjs;
/** Calls are long: a step of TF.js cpu takes seconds. And much of them is JavaScript. */
const long = { budget: 4, warmUp: 3 };

const training = (name: string, work: TrainingWork, cpu: number, own: number): Contest => ({
  name: `tf.layers ${name} training, batch ${work.batch}`,
  ...{ work, ours, ...long },
  peers: [tfjsCpu, wasmgrad],
  targets: { [tfjsCpu.name]: [cpu, cpu], [wasmgrad.name]: [own, own] },
});

/** A program with what TF.js cpu makes of it. */
async function programWork(
  arena: Arena,
  program: string,
  unit: TfjsWork['unit'],
): Promise<TfjsWork> {
  const work: TfjsWork = { kind: 'tfjs', program, unit, values: [] };
  const places = Array.from({ length: SAMPLED }, (_, i) => i);
  return { ...work, values: await arena.valuesOf(tfjsCpu, work, places) };
}

async function modelContests(arena: Arena): Promise<Contest[]> {
  const contests: Contest[] = [];
  for (const [name, narrow, wide] of models) {
    const work = await programWork(arena, name, 'images/s');
    const targets: Targets = { [tfjsWasm.name]: [narrow, wide] };
    const contest = { work, peers: [tfjsWasm], targets, ...long };
    contests.push({ name, ours, ...contest });
    contests.push({ name: `${name}, 256-bit code`, ours: wasmgradTfjsWide, ...contest });
  }
  return contests;
}

/** Each kernel, once its right result is known. */
async function kernels(arena: Arena): Promise<Result[]> {
  const results: Result[] = [];
  for (const { name } of kernelCases) {
    const work = await programWork(arena, name, 'calls/s');
    const targets: Targets = { [tfjsWasm.name]: [KERNELS, KERNELS] };
    results.push(
      await arena.compete({ name, work, ours, peers: [tfjsWasm], targets, warmUp: 0.5 }),
    );
  }
  return results;
}

/** What `npm run package` counts, of the build that is here. */
function sizes(): Result[] {
  const [, computing, entry] = weigh('dist/browser');
  return [computing, entry].map(({ what, bytes, most }) => ({
    ...{ name: `size: ${what}, gzipped`, unit: 'bytes', notes: [] },
    figures: [{ who: ours.name, median: bytes, best: bytes }],
    targets: [{ text: `≤ ${most}`, met: bytes <= most }],
  }));
}

async function run(arena: Arena): Promise<Result[]> {
  return [
    ...(await everyContest(arena, [
      training('LeNet-5', lenet5Layers, 100, 0.7),
      training('convolution and batch norm, 32²,', normedLayers, 300, 0.75),
      ...(await modelContests(arena)),
    ])),
    ...(await kernels(arena)),
    ...sizes(),
  ];
}

/** See the top of this file. */
export const tfjs: Suite = {
  name: 'tfjs',
  about: 'TF.js on our backend: training, models of npm packages, kernels, sizes',
  run,
};
