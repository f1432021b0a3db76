// The planner: buffers that live at the same time never share memory, and no more is taken than that
// needs.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backend } from '../../bindings/backend.js';
import { layers, memory, optimizers, ResNet, Sequential } from '../../src/index.js';
import { Emitter, Value } from '../../src/program/emitter.js';
import { type Plan, planMemory } from '../../src/program/plan.js';
import { picker } from '../helpers/cases.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

/** The planner rounds buffers up to lines of 64 bytes, and leaves 64 free behind the last. */
const LINE = 64;
const lines = (bytes: number): number => Math.ceil(bytes / LINE) * LINE;

const copy = (e: Emitter, y: Value, x: Value): void => e.emit('add', { y, a: x, b: x, count: 1 });

/** When each planned buffer is touched first and last: −1 for inputs, past the end for outputs. */
function lives({ ops, inputs, outputs }: Emitter): Map<Value, [number, number]> {
  const found = new Map<Value, [number, number]>();
  const touch = (value: unknown, at: number): void => {
    if (!(value instanceof Value) || value.root.address !== undefined) return;
    const [first, last] = found.get(value.root) ?? [at, at];
    found.set(value.root, [Math.min(first, at), Math.max(last, at)]);
  };
  for (const value of inputs) touch(value, -1);
  ops.forEach(({ args }, at) => {
    for (const value of Object.values(args)) touch(value, at);
  });
  for (const value of outputs) touch(value, ops.length);
  return found;
}

/** Checks a plan against all pairs of lives; returns the most bytes that live at one time. */
function checkPlan(e: Emitter, { offsets, bytes }: Plan): number {
  const all = lives(e);
  assert.equal(new Set(offsets.keys()), new Set(all.keys()));
  const placed = [...all].map(([value, [first, last]]) => {
    const from = offsets.get(value) as number;
    return { first, last, from, to: from + value.bytes };
  });
  for (const a of placed) {
    assert.is(a.from % LINE, 0);
    assert.ok(a.from >= 0 && a.to + LINE <= bytes, `${a.to} of ${bytes}`);
    for (const b of placed) {
      if (a === b || a.last < b.first || b.last < a.first) continue;
      assert.ok(
        a.to <= b.from || b.to <= a.from,
        `ops ${a.first}–${a.last} at ${a.from}–${a.to}, ops ${b.first}–${b.last} at ${b.from}–${b.to}`,
      );
    }
  }
  const at = (time: number) =>
    [...all].filter(([, [first, last]]) => first <= time && time <= last);
  return Math.max(
    ...Array.from({ length: e.ops.length + 2 }, (_, t) =>
      at(t - 1).reduce((sum, [{ bytes }]) => sum + lines(bytes), 0),
    ),
  );
}

test('random programs: no two buffers alive at once overlap, and little is wasted', () => {
  let taken = 0;
  let least = 0;
  for (let seed = 0; seed < 300; seed++) {
    const pick = picker(seed);
    const e = new Emitter();
    const values: Value[] = [e.input([pick([1, 16, 100])])];
    const count = pick([1, 2, 5, 20, 60]);
    for (let i = 0; i < count; i++) {
      const size = pick([0, 1, 15, 16, 17, 64, 300, 5000]);
      const made = pick([
        () => e.value([size], pick(['float32', 'int32', 'uint8'])),
        () => e.value([size]),
        () => pick(values).view([1], 0),
        () => new Value([size], { address: 1 << 20 }),
        () => e.input([size]),
      ])();
      values.push(made);
      // Old values now and then, so that lives are of all lengths.
      e.emit('add', {
        y: made,
        a: pick(values.slice(-4)),
        b: pick(pick([values, values.slice(-3)])),
        count: 1,
      });
      if (pick([0, 0, 0, 1])) e.output(made);
    }
    const plan = planMemory(e);
    least += checkPlan(e, plan);
    taken += plan.bytes - LINE;
  }
  // Greedy placement is not optimal, but within a few per cent of what must be there at one time.
  assert.ok(taken >= least && taken < 1.1 * least, `${taken} for ${least}`);
});

test('a chain takes what its two largest neighbours need', () => {
  const e = new Emitter();
  const [a, b, c, d] = [e.input([64]), e.value([128]), e.value([64]), e.value([100])];
  copy(e, b, a);
  copy(e, c, b);
  copy(e, d, c);
  e.output(d);
  const { bytes, offsets } = planMemory(e);
  assert.is(bytes, (128 + 64) * 4 + LINE);
  assert.equal(
    [a, b, c, d].map((value) => offsets.get(value)),
    [512, 0, 512, 0],
  );
});

test('inputs live from the start, outputs to the end, whatever touches them', () => {
  const e = new Emitter();
  const [early, late, result] = [e.input([16]), e.input([16]), e.value([16])];
  const [between, last] = [e.value([16]), e.value([16])];
  copy(e, result, early);
  copy(e, between, result);
  copy(e, last, between);
  copy(e, last, late);
  e.output(result);
  const { offsets } = planMemory(e);
  assert.is.not(offsets.get(early), offsets.get(late));
  for (const other of [late, between, last]) assert.is.not(offsets.get(result), offsets.get(other));
});

test("views have their root's place, and keep it alive", () => {
  const e = new Emitter();
  const root = e.value([4, 8]);
  const part = root.view([8], 16).view([4], 2);
  const [other, sink] = [e.value([32]), e.value([32])];
  copy(e, root, e.input([32]));
  copy(e, other, root);
  copy(e, sink, other);
  copy(e, sink, part);
  const { offsets } = planMemory(e);
  assert.not(offsets.has(part));
  assert.is.not(offsets.get(other), offsets.get(root));
  root.address = 1000;
  assert.is(part.resolve(), 1000 + (16 + 2) * 4);
});

test('predicting with a deep network takes a fraction of what training takes', () => {
  const deep = Array.from({ length: 20 }, () =>
    layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' }),
  );
  const model = new Sequential([...deep, layers.globalAvgPool2d(), layers.dense({ units: 3 })], {
    inputShape: [16, 16, 8],
  });
  model.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
  const image = numbers(16 * 16 * 8 * 4, 1);
  const start = memory().activations;
  model.predict(image).dispose();
  const predicting = memory().activations - start;
  model.trainOnBatch(image, [0, 1, 2, 0]);
  const training = memory().activations - start;
  const map = 4 * 16 * 16 * 8 * 4;
  // Two maps at a time, and a packed filter; training keeps all maps, and works on their gradients.
  assert.ok(predicting >= 2 * map && predicting < 2.5 * map, `${predicting / map} maps`);
  assert.ok(training >= 21 * map && training < 25 * map, `${training / map} maps`);
  model.dispose();
  assert.is(memory().activations, start);
  assert.is(backend().memory.used('activations'), start);
});

test('planning a network eight times as deep takes some eight times as long, not sixty-four', () => {
  const milliseconds = (depth: number): number => {
    const model = new ResNet({ depth, classes: 10, inputShape: [16, 16, 3] });
    const start = performance.now();
    model.memory({ batchSize: 2 });
    return performance.now() - start;
  };
  // The best of a few, as something else may run meanwhile.
  const best = (depth: number): number => Math.min(...[0, 1, 2, 3].map(() => milliseconds(depth)));
  const [shallow, deep] = [best(74), best(590)];
  assert.ok(deep < 24 * shallow, `${deep.toFixed(0)} ms, and ${shallow.toFixed(0)} ms`);
});

test.run();
