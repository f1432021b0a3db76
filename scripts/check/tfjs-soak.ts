// Trains by tf.layers on our backend for ten thousand steps, or as many as are asked for, and says whether anything was
// left behind: npm run tfjs-soak -- 10000

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import { memory } from '../../src/index.js';
import { configure } from '../../src/tfjs/index.js';
import { makeTraining } from '../../tests/helpers/tfjstraining.js';

const steps = Number(process.argv[2] ?? 10_000);
/** Programs are cached by then. */
const WARM_UP = 100;

configure({ threads: 1 });
await tf.setBackend('wasmgrad');
const training = makeTraining(12, 8);

const look = () => {
  const { numTensors, numBytes } = tf.memory();
  return { numTensors, numBytes, ...memory() };
};
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heap = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};
const say = (step: number): void =>
  console.log(`step ${step}: ${JSON.stringify({ ...look(), heap: heap() })}`);

for (let i = 0; i < WARM_UP; i++) await training.step();
const early = JSON.stringify(look());
say(WARM_UP);
const begun = performance.now();
for (let i = WARM_UP; i < steps; i++) {
  await training.step();
  if ((i + 1) % (steps / 5) === 0) say(i + 1);
}
console.log(`${((performance.now() - begun) / (steps - WARM_UP)).toFixed(2)} ms a step`);
const late = JSON.stringify(look());
if (late !== early) console.error(`FAILED: it was ${early}, it is ${late}`);
process.exit(late === early ? 0 : 1);
