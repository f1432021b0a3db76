// The layers for arrays of any rank are loaded where a file needs them, and not before. This file
// has a process of its own: what is loaded stays.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backend } from '../../../bindings/backend.js';
import { io, ResNet, Tensor, zoo } from '../../../src/index.js';
import { fileOf, ints } from './file.js';
import '../../helpers/start.js';

const areLoaded = (): boolean => backend().beside.arrays !== undefined;

test('a network of the core’s layers loads none', async () => {
  for (const made of [zoo.lenet5({ seed: 1 }), new ResNet({ depth: 18, seed: 1 })]) {
    (await io.readOnnx(io.writeOnnx(made))).dispose();
    made.dispose();
  }
  assert.not(areLoaded());
});

/** Its sides decide whether something is cut off: only then a layer is needed. */
const cut = (height: number | string) =>
  fileOf({
    nodes: [
      ['Relu', ['x'], 'r'],
      ['Slice', ['r', 'from', 'to', 'axes'], 'y'],
    ],
    arrays: { from: ints(0), to: ints(4), axes: ints(2) },
    inputs: [{ name: 'x', dims: ['batch', 3, height, 4] }],
  });

test('a file whose layers need none loads none, one that does loads them', async () => {
  (await io.readOnnx(cut(4))).dispose();
  assert.not(areLoaded());
  const model = await io.readOnnx(cut(6), { layout: 'nchw' });
  assert.ok(areLoaded());
  const x = Tensor.from(
    Float32Array.from({ length: 72 }, (_, i) => i - 9),
    [1, 3, 6, 4],
  );
  const y = model.predict(x) as Tensor;
  assert.equal(y.shape, [1, 3, 4, 4]);
  assert.equal([...y.data.subarray(44)], [...x.data.subarray(60, 64)]);
  for (const one of [x, y, model]) one.dispose();
});

test.run();
