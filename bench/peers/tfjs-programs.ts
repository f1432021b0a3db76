// Programs of TF.js by name, on whichever backend is chosen: models of npm packages, and calls of one kernel.

import './tfjs-once.js';
import * as tf from '@tensorflow/tfjs-core';
import { kernelCases } from '../tfjskernels.js';
import { SAMPLED, type TfjsWork } from '../work.js';
import type { Task } from './adapter.js';
import { models } from './tfjs-models.js';

type Run = () => tf.Tensor | tf.Tensor[] | Promise<tf.Tensor>;

async function runOf(name: string): Promise<Run> {
  const kernel = kernelCases.find((one) => one.name === name);
  return kernel ? kernel.run(tf) : models[name]();
}

/** Some of the outputs' numbers, spread over all. */
function sampled(outputs: readonly tf.Tensor[]): number[] {
  const values = outputs.flatMap((output) => [...output.dataSync()]);
  return Array.from(
    { length: SAMPLED },
    (_, i) => values[Math.floor((i * (values.length - 1)) / (SAMPLED - 1))],
  );
}

/** A program made ready. */
export async function program({ program: name }: TfjsWork): Promise<Task> {
  tf.engine().startScope();
  const run = await runOf(name);
  return {
    async run() {
      const y = run();
      tf.dispose(y instanceof Promise ? await y : y);
    },
    async results() {
      const outputs = [await run()].flat();
      const values = sampled(outputs);
      tf.dispose(outputs);
      return [values];
    },
    // What it was made of was made since.
    release: () => tf.engine().endScope(),
  };
}
