// What pictures of a network cost, beside the passes that they are made of: a saliency map of ResNet-18 beside a
// training step's forward and backward, Grad-CAM beside a prediction; and how long t-SNE takes.

import { dispose, losses, optimizers, ResNet, Tensor, vis } from '../../src/index.js';
import { numbers } from '../../tests/helpers/random.js';
import { median } from '../compete.js';
import type { Suite } from '../report.js';
import type { Result } from '../result.js';
import { start } from '../start.js';

const ROUNDS = 15;
const SIDE = 224;
/** As `vis.features` gives them of LeNet-5's layer before the last. */
const [POINTS, DIMENSIONS] = [10_000, 84];
const MOST_SECONDS = 60;

type Pass = () => unknown;

async function timed(pass: Pass): Promise<number> {
  const began = performance.now();
  await pass();
  return performance.now() - began;
}

/** A picture and the pass beside it, in turn. */
async function beside(name: string, picture: Pass, pass: Pass, most: number): Promise<Result> {
  await picture();
  await pass();
  const [times, others]: number[][] = [[], []];
  for (let i = 0; i < ROUNDS; i++) {
    times.push(await timed(picture));
    others.push(await timed(pass));
  }
  const ratio = median(times.map((time, i) => time / others[i]));
  return {
    name,
    unit: 'ms',
    figures: [{ who: 'wasmgrad', median: median(times), best: Math.min(...times) }],
    targets: [{ text: `${ratio.toFixed(2)} ×, wanted ≤ ${most} ×`, met: ratio <= most }],
    notes: [{ who: 'beside it', text: `${median(others).toFixed(1)} ms` }],
  };
}

/** Ten clouds of points. */
function clouds(): Tensor {
  const data = numbers(POINTS * DIMENSIONS, 1);
  const centres = numbers(10 * DIMENSIONS, 2);
  for (let i = 0; i < POINTS; i++)
    for (let d = 0; d < DIMENSIONS; d++)
      data[i * DIMENSIONS + d] = data[i * DIMENSIONS + d] / 2 + centres[(i % 10) * DIMENSIONS + d];
  return Tensor.from(data, [POINTS, DIMENSIONS]);
}

async function plane(): Promise<Result> {
  const points = clouds();
  const seconds = (await timed(async () => (await vis.tsne(points)).dispose())) / 1000;
  return {
    name: `t-SNE, ${POINTS} points of ${DIMENSIONS} numbers`,
    unit: 's',
    figures: [{ who: 'wasmgrad', median: seconds, best: seconds }],
    targets: [{ text: `≤ ${MOST_SECONDS} s`, met: seconds <= MOST_SECONDS }],
    notes: [],
  };
}

async function run(): Promise<Result[]> {
  await start();
  try {
    const model = new ResNet({ depth: 18, seed: 1 });
    model.compile({ optimizer: optimizers.sgd(), loss: losses.softmaxCrossEntropy() });
    const x = Tensor.from(numbers(SIDE * SIDE * 3, 1), [1, SIDE, SIDE, 3]);
    const y = new Int32Array([7]);
    const target = 7;
    return [
      await beside(
        "saliency map of ResNet-18, beside a step's forward and backward",
        async () => (await vis.attribute(model, x, { target, method: 'gradient' })).dispose(),
        () => model.computeGradients(x, y),
        1.1,
      ),
      await beside(
        'Grad-CAM of ResNet-18, beside a prediction',
        async () => (await vis.gradCam(model, x, { target })).dispose(),
        () => (model.predict(x) as Tensor).dispose(),
        1.3,
      ),
      await plane(),
    ];
  } finally {
    dispose();
  }
}

/** See the top of this file. */
export const pictures: Suite = {
  name: 'pictures',
  about: 'a saliency map, Grad-CAM, t-SNE: what they cost beside the passes that they are made of',
  run,
};
