// Training LeNet-5: wasmgrad against ConvNetJS, the fastest of the others that train in JavaScript.

import { Worker } from 'node:worker_threads';
import { dispose, init } from '../../src/index.js';
import { type Competitor, compete } from '../compete.js';
import { asTensors, BATCH, type Batch, makeBatch, makeLenet5 } from '../lenet5.js';
import { atLeast, type Result, type Suite } from '../report.js';

const PEER = 'ConvNetJS';

/** Steps on one batch after which the loss must have halved: the proof that a library learns. */
const LEARNING_STEPS = 25;

function ourStep(batch: Batch): () => number {
  const model = makeLenet5();
  const { x, y } = asTensors(batch);
  return () => model.trainOnBatch(x, y).loss;
}

/** ConvNetJS trains in a worker, whose file says why; each call waits for one update. */
function startPeer(batch: Batch): { step: () => Promise<number>; stop: () => Promise<number> } {
  const worker = new Worker(new URL('../peers/convnetjs-lenet5.ts', import.meta.url), {
    workerData: batch,
  });
  const waiting: ((loss: number) => void)[] = [];
  worker.on('message', (loss: number) => waiting.shift()?.(loss));
  const step = () =>
    new Promise<number>((resolve) => {
      waiting.push(resolve);
      worker.postMessage('step');
    });
  return { step, stop: () => worker.terminate() };
}

/** @throws {Error} unless steps on one batch halve the loss */
async function checkLearning(step: () => number | Promise<number>): Promise<void> {
  const first = await step();
  let last = first;
  for (let i = 1; i < LEARNING_STEPS; i++) last = await step();
  if (!(last < first / 2)) {
    throw new Error(
      `the loss went from ${first} to ${last} in ${LEARNING_STEPS} steps on one batch`,
    );
  }
}

/**
 * What is fair here: the same network, optimizer, batch size and numbers. Each library has the images
 * in the form it wants (tensors; `Vol`s) before the clock starts. ConvNetJS computes in f64, its only
 * precision, one image at a time, and updates the weights after each 64th: a run is one update.
 */
async function run(): Promise<Result[]> {
  await init({ threads: 1 });
  const batch = makeBatch(1);
  const ours = ourStep(batch);
  const theirs = startPeer(batch);
  const competitors: Competitor[] = [
    { name: 'wasmgrad', check: () => checkLearning(ours), run: () => void ours() },
    {
      name: PEER,
      check: () => checkLearning(theirs.step),
      run: async () => void (await theirs.step()),
    },
  ];
  const work = { name: `LeNet-5 training, batch ${BATCH}`, amount: BATCH, unit: 'images/s' };
  const result = await compete(work, competitors);
  await theirs.stop();
  dispose();
  return [atLeast(result, 25, PEER)];
}

/** See the top of this file. */
export const lenet: Suite = {
  name: 'lenet',
  about: 'LeNet-5 training on one thread, wasmgrad and ConvNetJS',
  run,
};
