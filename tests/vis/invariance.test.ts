// Invariance: what shifts, turns and darkness change of outputs, and how layers keep step with a shift.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/base/random.js';
import { layers, Sequential, ShapeError, Tensor, ValueError } from '../../src/index.js';
import * as vis from '../../src/vis/index.js';
import { checkWellFormed } from '../helpers/markup.js';
import { rejects } from '../helpers/models.js';
import '../helpers/start.js';

const SIDE = 20;

/** Images with something in the middle alone. */
function spots(count: number): Tensor {
  const random = new Random(5, 0);
  const numbers = new Float32Array(count * SIDE * SIDE);
  for (let n = 0; n < count; n++)
    for (let row = 7; row < 13; row++)
      for (let column = 7; column < 13; column++)
        numbers[(n * SIDE + row) * SIDE + column] = random.uniform();
  return Tensor.from(numbers, [count, SIDE, SIDE, 1]);
}

const network = (pool: ReturnType<typeof layers.relu>[]): Sequential =>
  new Sequential(
    [
      layers.conv2d({ name: 'conv', filters: 6, kernelSize: 3, padding: 'same', useBias: false }),
      ...pool,
      layers.globalMaxPool2d({ name: 'all' }),
      layers.dense({ name: 'scores', units: 4 }),
    ],
    { inputShape: [SIDE, SIDE, 1], seed: 2 },
  );

const errorOf = ({ layers }: vis.Invariance, name: string): number =>
  layers.find((one) => one.name === name)?.error as number;

test('a network without strides moves with the image, and its maximum stays', async () => {
  const found = await vis.invariance(network([]), spots(6), { shift: [0, 1, 3], turn: [0, 30] });
  assert.equal(found.shift.by, [0, 1, 3]);
  assert.equal(found.shift.same, [1, 1, 1]);
  for (const moved of found.shift.moved) assert.ok(moved < 1e-6, `${moved}`);
  assert.is(found.turn.moved[0], 0);
  assert.ok(found.turn.moved[1] > 0.01);
  for (const { error } of found.layers) assert.ok(error < 1e-6);
});

test('pooling by 2 does not move with one pixel, and blurred pooling less so', async () => {
  const x = spots(3);
  const shift = [1, 2];
  const sharp = await vis.invariance(network([layers.maxPool2d({ name: 'pool' })]), x, { shift });
  const blurred = await vis.invariance(
    network([
      layers.maxPool2d({ poolSize: 2, strides: 1, padding: 'same' }),
      layers.blurPool2d({ name: 'pool' }),
    ]),
    x,
    { shift },
  );
  assert.ok(errorOf(sharp, 'conv') < 1e-6);
  assert.ok(errorOf(sharp, 'pool') > 0.1);
  assert.ok(errorOf(blurred, 'pool') < errorOf(sharp, 'pool') / 2);
  const two = await vis.invariance(network([layers.maxPool2d({ name: 'pool' })]), x, {
    shift: [2],
  });
  assert.ok(errorOf(two, 'pool') < 1e-6);
});

test('darkness ends in black, as the preprocessing has it', async () => {
  const model = network([]);
  model.preprocessing = { mean: 0.25, std: 0.5 };
  const black = Tensor.from(new Float32Array(SIDE * SIDE).fill(-0.5), [1, SIDE, SIDE, 1]);
  const asked = { shift: [], turn: [], grow: [1, 0.5], darken: [0, 1] };
  const seen: number[] = [];
  const found = await vis.invariance(model, spots(2), {
    ...asked,
    onProgress: (done) => seen.push(done),
  });
  assert.equal(seen, [0.25, 0.5, 0.75, 1]);
  assert.is(found.darken.moved[0], 0);
  const scores = model.predict(spots(2)).data;
  const dark = model.predict(black).data;
  const far = [0, 1].map((n) => {
    const own = scores.slice(4 * n, 4 * n + 4);
    return Math.hypot(...own.map((v, i) => dark[i] - v)) / Math.hypot(...own);
  });
  assert.ok(Math.abs(found.darken.moved[1] - (far[0] + far[1]) / 2) < 1e-5);
  for (const { error } of found.layers) assert.ok(Number.isNaN(error));
});

test('plot draws what was found, of one model and of several', async () => {
  const options = { shift: [0, 1], turn: [0, 10], grow: [1, 1.2], darken: [0, 0.5] };
  const one = await vis.invariance(network([]), spots(2), options);
  const frames = (svg: string): number => [...svg.matchAll(/<g transform/g)].length;
  const svg = vis.plot(one);
  checkWellFormed(svg);
  assert.is(frames(svg), 5);
  for (const words of ['degrees clockwise', 'class stays', 'output moves', 'share of the light'])
    assert.match(svg, words);
  const both = vis.plot({ max: one, 'a < b': one });
  checkWellFormed(both);
  assert.is(frames(both), 5);
  assert.match(both, 'a &#60; b');
});

test('what cannot be studied is refused, and a study is aborted', async () => {
  const model = network([]);
  const ask = (options: object) => vis.invariance(model, spots(1), options);
  await rejects(() => ask({ turn: 10 }), ValueError, 'turn must be a list of degrees');
  await rejects(() => ask({ grow: [0] }), ValueError, 'grow must be a list of factors > 0');
  await rejects(() => ask({ darken: [2] }), ValueError, 'from 0 to 1');
  const vectors = new Sequential([layers.dense({ units: 2 })], { inputShape: [3] });
  await rejects(
    () => vis.invariance(vectors, Tensor.zeros([1, 3])),
    ShapeError,
    'vis.invariance',
    '[3]',
  );
  const stop = new AbortController();
  stop.abort();
  assert.is(await ask({ signal: stop.signal }).catch((error) => error), stop.signal.reason);
});

test.run();
