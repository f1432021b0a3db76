// How many images a second a network is trained on, with what the worker was started with.

import { build } from './build.js';
import { PIXELS } from './datasets.js';
import { loadDataset } from './loading.js';
import type { SpeedRequest } from './messages.js';
import { compile } from './session.js';

/** Milliseconds, and steps before, in which engines make their fastest code. */
const DURATION = 1200;
const WARM_UP = 5;

/** Trains for a second or so; the median step counts. */
export async function measureSpeed(request: SpeedRequest): Promise<number> {
  const { layers, dataset, batchSize, algorithm } = request;
  const { train } = await loadDataset(dataset);
  const model = build(layers, { algorithm });
  compile(model, { optimizer: 'sgd', learningRate: 0.01, batchSize, epochs: 1 });
  const batches = Math.floor(train.y.length / batchSize);
  const step = (number: number): number => {
    const at = (number % batches) * batchSize;
    const started = performance.now();
    model.trainOnBatch(
      train.x.subarray(at * PIXELS, (at + batchSize) * PIXELS),
      train.y.subarray(at, at + batchSize),
    );
    return performance.now() - started;
  };
  for (let number = 0; number < WARM_UP; number++) step(number);
  const times: number[] = [];
  const end = performance.now() + DURATION;
  while (performance.now() < end || times.length < 3) times.push(step(WARM_UP + times.length));
  model.dispose();
  times.sort((a, b) => a - b);
  return (1000 * batchSize) / times[times.length >> 1];
}
