// Whether training keeps still: linear memory the same after 10 and 2000 steps, and no JavaScript garbage kept.

import { isDeepStrictEqual } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { dispose, memory } from '../../src/index.js';
import { median } from '../compete.js';
import { asTensors, makeBatch, makeLenet5 } from '../lenet5.js';
import type { Suite } from '../report.js';
import type { Result } from '../result.js';
import { start } from '../start.js';

/** Bytes per step; less than the smallest object that a step could leave behind, more than the noise. */
const HEAP_LIMIT = 16;
/** By then the engine has compiled what there is to compile, which takes heap too. */
const WARM_UP = 1000;
/** The heap is measured after each of so many windows of so many steps. */
const [WINDOWS, STEPS] = [5, 200];

async function run(): Promise<Result[]> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heap = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };

  await start();
  const model = makeLenet5();
  const { x, y } = asTensors(makeBatch(1));
  const train = (steps: number) => {
    for (let i = 0; i < steps; i++) model.trainOnBatch(x, y);
  };
  train(10);
  const early = memory();
  train(WARM_UP - 10);
  // A leak shows in every window; what the engine itself does now and then, in one.
  const sizes = [heap()];
  for (let window = 0; window < WINDOWS; window++) {
    train(STEPS);
    sizes.push(heap());
  }
  const growth = median(sizes.slice(1).map((size, i) => (size - sizes[i]) / STEPS));
  const late = memory();
  model.dispose();
  dispose();

  const one = (value: number) => [{ who: 'wasmgrad', median: value, best: value }];
  return [
    {
      name: 'linear memory after 2000 steps',
      unit: 'bytes',
      figures: one(late.bytes),
      targets: [{ text: 'memory() as after 10 steps', met: isDeepStrictEqual(early, late) }],
      notes: [],
    },
    {
      name: 'JavaScript heap growth',
      unit: 'bytes/step',
      figures: one(growth),
      targets: [{ text: `≤ ${HEAP_LIMIT} bytes/step`, met: growth <= HEAP_LIMIT }],
      notes: [],
    },
  ];
}

/** See the top of this file. */
export const memoryUse: Suite = {
  name: 'memory',
  about: 'memory() and the JavaScript heap over 2000 training steps',
  run,
};
