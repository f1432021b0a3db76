// Products of one shape and with gates, and their gradients: around vectors, lines, tasks and parts, in
// memory full of NaN between sentinels.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, type Shape } from '../../src/index.js';
import { multiplyBackward, multiplyForward } from '../../src/operators/merge/multiply.emit.js';
import { Emitter } from '../../src/program/emitter.js';
import { free, poison } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { Guarded } from '../helpers/guarded.js';
import { sameBits } from '../helpers/models.js';
import { numbers, random } from '../helpers/random.js';
import { gateBackward, gated } from '../helpers/reference/gate.js';
import '../helpers/start.js';

const f32 = (values: Float64Array) => Float32Array.from(values);

test('of one shape, with both gradients', () => {
  poison();
  for (const size of [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16383, 16384, 16385, 32769]) {
    const [a, b, dy] = [1, 2, 3].map((seed) => random([size], size + seed));
    const y = ops.multiply(a, b);
    const { da, db } = ops.multiplyBackward(a, b, dy);
    const product = (u: Float32Array, v: Float32Array) => u.map((x, i) => x * v[i]);
    sameBits(y.data as Float32Array, product(a.data as Float32Array, b.data as Float32Array), 'y');
    sameBits(
      da.data as Float32Array,
      product(dy.data as Float32Array, b.data as Float32Array),
      'da',
    );
    sameBits(
      db.data as Float32Array,
      product(dy.data as Float32Array, a.data as Float32Array),
      'db',
    );
    free(a, b, dy, y, da, db);
  }
});

/** A gate over an image, forward and backward; da takes the place of dy. */
function checkGate(batch: number, pixels: number, channels: number): void {
  const what = `${batch}×${pixels}×${channels}`;
  const size = batch * pixels * channels;
  const [x, gate, dy] = [
    numbers(size, 1 + channels),
    numbers(batch * channels, 2 + pixels),
    numbers(size, 3 + pixels),
  ];
  const memory = new Guarded();
  const image: Shape = [batch, pixels, channels];
  const [va, vb, vdy] = [
    memory.value('a', image, x),
    memory.value('b', [batch, channels], gate),
    memory.value('dy', image, dy),
  ];
  const [y, db] = [memory.value('y', image), memory.value('db', [batch, channels])];
  const e = new Emitter();
  multiplyForward(e, y, va, vb);
  multiplyBackward(e, { da: vdy, db }, vdy, va, vb);
  memory.run(e, what);
  sameBits(memory.read(y), f32(gated(x, gate, pixels, channels)), `${what}: y`);
  sameBits(memory.read(vdy), f32(gated(dy, gate, pixels, channels)), `${what}: da`);
  const expected = gateBackward(dy, x, pixels, channels);
  close(memory.read(db), expected, { atol: summation(pixels) }, `${what}: db`);
  memory.free();
}

test('gates: channels around vectors, pixels around lines', () => {
  for (const channels of [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 33, 63, 64, 65, 100])
    for (const pixels of [1, 2, 3, 4, 5, 15, 16, 17, 31, 32, 33, 49, 127, 128, 129])
      checkGate(1 + ((pixels + channels) % 3), pixels, channels);
});

test('gates: channels around lines and blocks of lines', () => {
  for (const channels of [127, 128, 129, 301, 1019, 1020, 1021, 2039, 2040, 2041, 2048, 4080, 4081])
    for (const pixels of [1, 2, 3, 7]) checkGate(2, pixels, channels);
});

test('gates: pixels around tasks, and around the parts of the sum', () => {
  // A task is about 2¹⁵ numbers; a part of the sum at least 1024 pixels, and there are 16 at most.
  for (const [pixels, channels] of [
    [1023, 5],
    [2047, 3],
    [2048, 3],
    [2049, 8],
    [4096, 8],
    [4097, 8],
    [3073, 33],
    [17 * 1024 + 3, 2],
    [32768, 1],
    [32769, 1],
  ])
    for (const batch of [1, 3]) checkGate(batch, pixels, channels);
});

test('shapes of gates, and no image at all', () => {
  const image = random([2, 3, 4, 5], 1);
  const gate = random([2, 5], 2);
  const y = ops.multiply(image, gate);
  for (const shape of [
    [2, 1, 1, 5],
    [2, 5],
  ]) {
    const view = gate.reshape(shape);
    const same = ops.multiply(image, view);
    const { da, db } = ops.multiplyBackward(image, view, image);
    assert.equal([same.shape, da.shape, db.shape], [[2, 3, 4, 5], [2, 3, 4, 5], shape]);
    assert.equal([...same.data], [...y.data]);
    free(view, same, da, db);
  }
  const empty = random([2, 0, 4, 5], 1);
  const { da, db } = ops.multiplyBackward(empty, gate, empty);
  assert.equal([da.size, ...db.data], [0, ...new Float32Array(10)]);
  free(image, gate, y, empty, da, db);
});

test("a gate's gradient is the same, bit for bit, whatever else is in the batch", () => {
  const [batch, pixels, channels] = [3, 2500, 7];
  const [x, dy] = [random([batch, pixels, channels], 1), random([batch, pixels, channels], 2)];
  const gate = random([batch, channels], 3);
  const all = ops.multiplyBackward(x, gate, dy);
  for (let image = 0; image < batch; image++) {
    const part = (t: typeof x, size: number) => {
      const copy = random([1, pixels, channels], 0);
      copy.data.set(t.data.subarray(image * size, (image + 1) * size));
      return copy;
    };
    const [own, ownDy] = [part(x, pixels * channels), part(dy, pixels * channels)];
    const ownGate = random([1, channels], 3);
    const { da, db } = ops.multiplyBackward(own, ownGate, ownDy);
    const expected = all.db.data.slice(image * channels, (image + 1) * channels);
    sameBits(db.data as Float32Array, expected as Float32Array, `image ${image}`);
    free(own, ownDy, ownGate, da, db);
  }
  free(x, dy, gate, all.da, all.db);
});

test.run();
