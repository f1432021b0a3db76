// Two threads against one, in all that the other suites do, and what it takes to meet and to wake up.

import { setTimeout } from 'node:timers/promises';
import { backend } from '../../bindings/backend.js';
import { type OpRecord, Program } from '../../bindings/program.js';
import { dispose, init, Tensor } from '../../src/index.js';
import { type Contest, median, type Targets } from '../compete.js';
import { onnxruntimeTwo, pyTorchTwo, wasmgrad, wasmgradTwo } from '../peers/index.js';
import type { Suite } from '../report.js';
import type { Result } from '../result.js';
import { engineFlags } from '../start.js';
import { convContests } from './conv.js';
import { gemmContests } from './gemm.js';
import { lenetContests } from './lenet.js';
import { resnetContests } from './resnet.js';
import { trainContests } from './train.js';

const alone = (least: number): Targets => ({ [wasmgrad.name]: [least, least] });

/** What two threads are to reach; of everything else that they are not slower than one. */
const targets: Readonly<Record<string, Targets>> = {
  'GEMM 1024³': alone(1.85),
  'ResNet-18 inference, 224²': { ...alone(1.85), [onnxruntimeTwo.name]: [2.8, 2.8] },
  'ResNet-18 training, 224², batch 8': alone(1.85),
  'ResNet-20 training, 32², batch 32': alone(1.7),
  'LeNet-5 training, batch 64': alone(1.5),
};

const others = { inference: [onnxruntimeTwo, pyTorchTwo], training: [pyTorchTwo] };

const contests = [
  ...gemmContests,
  ...convContests,
  ...trainContests.map((contest) => ({ ...contest, name: `${contest.name}, all passes` })),
  ...lenetContests,
  ...resnetContests,
].map(
  (contest): Contest => ({
    ...contest,
    ours: wasmgradTwo,
    pause: 0.03,
    // Whatever interrupts one of two threads holds up both.
    turn: 0.16,
    peers: [wasmgrad, ...(others[contest.work.kind as keyof typeof others] ?? [])],
    targets: targets[contest.name] ?? alone(1),
  }),
);

/** Ops of the chain whose threads meet, and how often one is woken. */
const [CHAIN, NAPS] = [20_000, 50];

/** A copy of a few numbers in two tasks: what it takes is the barrier behind it. */
function tiny(y: Tensor, x: Tensor): OpRecord {
  const args = { packed: y.address, b: x.address, k: 1, n: 32, ldb: 32, transpose: 0, groups: 2 };
  return { kernel: 'pack', args };
}

const microseconds = (work: () => void): number => {
  const start = performance.now();
  work();
  return (performance.now() - start) * 1000;
};

/** How long threads take to meet while they work, and to come when they have slept. */
async function meetings(): Promise<Result[]> {
  await init({ threads: 2, revectorize: engineFlags.includes('--revectorize') });
  const [x, y] = [Tensor.zeros([64]), Tensor.zeros([64])];
  const one = new Program(backend(), [tiny(y, x)]);
  const chain = new Program(backend(), new Array(CHAIN).fill(tiny(y, x)));
  const hot = Array.from({ length: 20 }, () => microseconds(() => chain.run()) / CHAIN);
  const woken: number[] = [];
  for (let i = 0; i < NAPS; i++) {
    await setTimeout(2);
    woken.push(microseconds(() => one.run()));
  }
  dispose();
  const result = (name: string, times: number[], limit: number): Result => ({
    name,
    unit: 'µs',
    figures: [{ who: wasmgradTwo.name, median: median(times), best: Math.min(...times) }],
    targets: [{ text: `≤ ${limit} µs`, met: median(times) <= limit }],
    notes: [],
  });
  return [
    result('an op of nothing, and the barrier behind it', hot.slice(5), 1),
    result('the same after a sleep of 2 ms', woken, 50),
  ];
}

/** See the top of this file. */
export const threads: Suite = {
  name: 'threads',
  about: 'two threads against one, and against others with two',
  cores: 2,
  contests,
  run: meetings,
};
