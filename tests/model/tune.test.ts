// tune: what is fastest is what is computed from then on. Time passes by the algorithms that run, not by the clock: how
// fast anything is, is not for tests to say.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backend } from '../../bindings/backend.js';
import { RECORD_BYTES } from '../../bindings/constants.js';
import { kernels } from '../../bindings/kernels.js';
import { Program } from '../../bindings/program.js';
import {
  input,
  layers,
  Model,
  memory,
  NumericError,
  optimizers,
  Sequential,
  ShapeError,
  StateError,
  type TuneOptions,
  type Tuning,
  type TuningProgress,
  ValueError,
} from '../../src/index.js';
import type { Algorithm } from '../../src/operators/conv/geometry.emit.js';
import { close, summation } from '../helpers/close.js';
import { compiled, predictions, rejects, sameBits, weightsOf } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';
import { on } from '../helpers/threads.js';

const x = numbers(8 * 12 * 12 * 8, 1);
const y = Int32Array.from({ length: 8 }, (_, i) => i % 3);
const print = null;

/** What a program computes: the outputs of the squares of Winograd's algorithm, in a row; 0 for the direct one. */
function outputsOf({ address, length }: Program): number[] {
  const view = new DataView(backend().memory.memory.buffer, address, length * RECORD_BYTES);
  const field = (kernel: 'winograd' | 'winogradBackwardFilter', name: string, at: number) => {
    const [, , offset] = kernels[kernel].fields.find(([one]) => one === name) ?? ['', '', 0];
    return view.getUint32(at + offset, true);
  };
  return Array.from({ length }, (_, op) => op * RECORD_BYTES).flatMap((at) => {
    for (const kernel of ['winograd', 'winogradBackwardFilter'] as const)
      if (view.getUint32(at, true) === kernels[kernel].opcode)
        return field(kernel, 'strideWidth', at) / field(kernel, 'dilationWidth', at);
    return [];
  });
}

/** What a program takes by the outputs of its squares, in milliseconds. */
type Speed = (outputs: readonly number[]) => number;
const direct: Speed = (outputs) => (outputs.length > 0 ? 2 : 1);
const large: Speed = (outputs) => (outputs.some((count) => count >= 4) ? 1 : 1.4);
const small: Speed = (outputs) => (outputs.includes(2) ? 1 : 1.4);
const alike: Speed = (outputs) => (outputs.length > 0 ? 1 : 1.02);

/** Lets `use` see a clock that only programs put forward. */
async function timed<T>(speed: Speed, use: () => Promise<T>): Promise<T> {
  const { now } = performance;
  const { run } = Program.prototype;
  let time = 0;
  performance.now = () => {
    time += 1e-4;
    return time;
  };
  Program.prototype.run = function (this: Program, ...range) {
    time += speed(outputsOf(this));
    run.apply(this, range);
  };
  try {
    return await use();
  } finally {
    performance.now = now;
    Program.prototype.run = run;
  }
}

const tuned = (model: Model, speed: Speed, options: TuneOptions = {}): Promise<Tuning> =>
  timed(speed, () => model.tune(x, { print, ...options }));

/** Convolutions of all kinds: reflected, with a stride, transposed, one size twice. */
function network(algorithm: Algorithm = 'auto'): Model {
  const size = { filters: 8, kernelSize: 3, algorithm } as const;
  const image = input([12, 12, 8]);
  const same = (at: typeof image) =>
    layers.conv2d({ ...size, padding: 'same', activation: 'relu' }).apply(at);
  const reflected = layers.conv2d({ ...size, padding: 'same', paddingMode: 'reflect' });
  const twice = layers.add().apply([reflected.apply(image), same(same(image))]);
  const halved = layers.conv2d({ ...size, padding: 'same', strides: 2 }).apply(twice);
  const back = layers.conv2dTranspose({ ...size, padding: 'same', strides: 2 }).apply(halved);
  const outputs = layers.dense({ units: 3 }).apply(layers.flatten().apply(back));
  const model = new Model({ inputs: image, outputs, seed: 2, name: 'net' });
  const optimizer = optimizers.sgd({ learningRate: 0.01 });
  model.compile({ optimizer, loss: 'softmaxCrossEntropy' });
  return model;
}

const convolutions = ['conv2d', 'conv2dTranspose', 'conv2d_1', 'conv2d_2', 'conv2d_3'];

test('what is fastest is computed from then on: the direct algorithm in all passes, to the bit', async () => {
  const [model, twin] = [network(), network('direct')];
  const before = predictions(model, x);
  const { rows, total } = await tuned(model, direct);
  for (const pass of ['predict', 'forward', 'input gradient', 'filter gradient'] as const) {
    const found = rows.filter((row) => row.pass === pass).map(({ layer }) => layer);
    // Nobody wants the gradients of the images.
    const first = pass === 'input gradient' ? ['conv2d', 'conv2d_1'] : [];
    const expected = convolutions.filter((layer) => !first.includes(layer));
    assert.equal(found.sort(), expected, pass);
  }
  for (const { chosen, milliseconds, auto, autoMilliseconds, gain } of rows) {
    assert.is(chosen, 'direct');
    assert.is.not(auto === 'direct', gain > 1.9);
    assert.ok(Math.abs(gain - autoMilliseconds / milliseconds) < 1e-9);
  }
  const sum = rows.reduce((all, { milliseconds }) => all + milliseconds, 0);
  assert.ok(Math.abs(total.milliseconds - sum) < 1e-9 && total.gain > 1);
  const after = predictions(model, x);
  sameBits(after, predictions(twin, x), 'predictions');
  assert.not.equal(after, before, 'another algorithm was computed before');
  assert.equal(model.memory(), twin.memory(), 'the memory is that of what is computed');
  for (const one of [model, twin]) await one.fit(x, y, { epochs: 3, batchSize: 3 });
  sameBits(weightsOf(model), weightsOf(twin), 'weights');
  assert.equal(await model.evaluate(x, y), await twin.evaluate(x, y));
  for (const one of [model, twin]) one.dispose();
});

test('each form can win; results stay as near as those of any form; tuned again, the new verdict counts', async () => {
  const [model, twin] = [network(), network('direct')];
  const expected = predictions(twin, x);
  const found: Float32Array[] = [];
  for (const [speed, name] of [
    [large, 'F(4×4, 3×3)'],
    [small, 'F(2×2, 3×3)'],
    [large, 'F(4×4, 3×3)'],
  ] as const) {
    const { rows } = await tuned(model, speed);
    const plain = rows.filter(({ layer, pass }) => layer === 'conv2d_1' && pass === 'predict');
    assert.equal(
      plain.map(({ chosen }) => chosen),
      [name],
    );
    const kernel = model
      .profile(x, { print })
      .rows.find(({ layer }) => layer === 'conv2d_1')?.kernel;
    assert.is(kernel, 'winograd');
    const now = predictions(model, x);
    // Four layers in a row, and c = 16 for Winograd's coarser sums.
    close(now, expected, { atol: 4 * summation(72 * 16, 1, 16) }, name);
    found.push(now);
    for (const batchSize of [1, 3]) sameBits(predictions(model, x, batchSize), now, `${batchSize}`);
  }
  assert.not.equal(found[0], found[1], 'two forms');
  sameBits(found[2], found[0], 'the form of before');
  await model.fit(x, y);
  for (const one of [model, twin]) one.dispose();
});

test("the choice of 'auto' stays where nothing is clearly faster", async () => {
  const [model, twin] = [network(), network()];
  const { rows, total } = await tuned(model, alike);
  for (const { chosen, auto, gain } of rows) assert.equal([chosen, gain], [auto, 1]);
  assert.is(total.gain, 1);
  sameBits(predictions(model, x), predictions(twin, x), 'predictions');
  for (const one of [model, twin]) one.dispose();
});

test('before compile, predictions alone; an algorithm that was asked for stays', async () => {
  const model = new Sequential(
    [
      layers.conv2d({ filters: 8, kernelSize: 3, algorithm: 'winograd' }),
      layers.conv2d({ filters: 8, kernelSize: 3 }),
      layers.conv2d({ filters: 8, kernelSize: 1 }),
    ],
    { inputShape: [12, 12, 8] },
  );
  const { rows } = await tuned(model, direct);
  assert.equal(
    rows.map(({ layer, pass }) => [layer, pass]),
    [['conv2d_1', 'predict']],
  );
  model.dispose();
});

test('progress, a table, and all memory given back', async () => {
  const model = network();
  predictions(model, x, 8);
  await tuned(model, large);
  predictions(model, x, 8);
  const before = memory();
  const told: TuningProgress[] = [];
  const texts: string[] = [];
  const onProgress = (progress: TuningProgress) => told.push(progress);
  const { rows } = await tuned(model, large, { onProgress, print: (text) => texts.push(text) });
  const [{ all }] = told;
  assert.equal(
    told.map(({ done }) => done),
    Array.from({ length: all }, (_, i) => i + 1),
  );
  assert.is(told[all - 1].eta, 0);
  assert.ok(told[0].eta > 0);
  const lines = texts.join().split('\n');
  assert.is(lines[0], 'net: tuned for batches of 8');
  assert.match(lines[2], /^layer +pass +chosen +by auto +ms +ms by auto +gain$/);
  rows.forEach(({ layer, pass, chosen }, i) => {
    const start = `${layer} +${pass} +${chosen.replace(/[()]/g, '.')} `;
    assert.match(lines[4 + i], new RegExp(`^${start}.* [\\d.]+×$`));
  });
  assert.match(lines[5 + rows.length], /^total +[\d.]+ +[\d.]+ +[\d.]+×$/);
  for (const speed of [small, large]) {
    await tuned(model, speed);
    predictions(model, x, 8);
  }
  assert.equal(memory(), before, 'no forms of other verdicts are kept');
  model.dispose();
});

test('layers of equal sizes are timed once, nested ones too', async () => {
  const layer = () => layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same' });
  const measured: number[] = [];
  const inner = new Sequential([layer(), layer()], { inputShape: [12, 12, 8] });
  const image = input([12, 12, 8]);
  const nested = new Model({ inputs: image, outputs: inner.apply(layer().apply(image)) });
  for (const [model, count] of [
    [inner, 2],
    [nested, 3],
  ] as const) {
    const onProgress = ({ all }: TuningProgress) => measured.push(all);
    const { rows } = await tuned(model, large, { onProgress });
    assert.is(rows.length, count);
  }
  assert.is(new Set(measured).size, 1);
  for (const model of [nested, inner]) model.dispose();
});

test('the batch is that of x or of batchSize', async () => {
  const model = network();
  const texts: string[] = [];
  const texting = (text: string) => texts.push(text);
  const one = x.subarray(0, 12 * 12 * 8);
  await timed(large, () => model.tune(one, { print: texting }));
  await timed(large, () => model.tune(one, { batchSize: 5, print: texting }));
  assert.equal(
    texts.map((text) => text.split('\n')[0]),
    ['net: tuned for batches of 1', 'net: tuned for batches of 5'],
  );
  model.dispose();
  const fresh = new Sequential([layers.conv2d({ filters: 4, kernelSize: 3 })], {
    inputShape: [6, 6, 4],
  });
  await timed(large, () => fresh.tune(new Float32Array(144), { print: texting }));
  assert.match(texts.at(-1) as string, /batches of 1, predictions alone: compile first/);
  fresh.dispose();
});

test('by the clock itself, on a model without convolutions too', async () => {
  const model = compiled();
  const { rows, total } = await model.tune(numbers(36, 1), { print });
  assert.ok(rows.length > 0 && total.milliseconds > 0 && total.gain >= 1);
  model.dispose();
  const flat = new Sequential([layers.dense({ units: 2 })], { inputShape: [3] });
  assert.equal((await flat.tune([[1, 2, 3]], { print })).rows, []);
  flat.dispose();
});

test('one verdict gives the same bits on one thread and on two', async () => {
  const found: Float32Array[] = [];
  for (const threads of [1, 2]) {
    await on(threads, async () => {
      const model = network();
      await tuned(model, small);
      await model.fit(x, y, { epochs: 2, batchSize: 4 });
      found.push(weightsOf(model), predictions(model, x));
      model.dispose();
    });
  }
  sameBits(found[2], found[0], 'weights');
  sameBits(found[3], found[1], 'predictions');
});

test('bad calls say so, and the model computes as before', async () => {
  const model = network();
  await tuned(model, large);
  const before = predictions(model, x);
  const nan = Float32Array.from(x).fill(Number.NaN, 1200);
  const reason = new Error('enough');
  const stopping = new AbortController();
  const stop = () => stopping.abort(reason);
  const fail = () => {
    throw reason;
  };
  const bad: [() => unknown, abstract new (...args: never[]) => Error, ...string[]][] = [
    [() => model.tune(x.subarray(1)), ShapeError, 'net.tune', '[12, 12, 8]'],
    [() => model.tune([]), ShapeError, 'net.tune'],
    [() => model.tune(nan), NumericError, 'net.tune', 'sample 1'],
    [() => model.tune(x, { batchSize: 0 }), ValueError, 'tune', 'batchSize'],
    [() => model.tune(x, { print: 'yes' as never }), ValueError, 'tune', 'print'],
    [() => model.tune(x, { onProgress: 1 as never }), ValueError, 'tune', 'onProgress'],
    [() => model.tune(x, { size: 3 } as never), ValueError, 'tune', "'size'"],
    [() => model.tune(x, { signal: AbortSignal.abort(reason) }), Error, 'enough'],
    [() => tuned(model, direct, { signal: stopping.signal, onProgress: stop }), Error, 'enough'],
    [() => tuned(model, direct, { print: fail }), Error, 'enough'],
  ];
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
  sameBits(predictions(model, x), before, 'predictions');
  await model.fit(x, y);
  model.dispose();
  await rejects(() => model.tune(x), StateError, 'tune', 'after dispose');
});

test('not while the model trains, is evaluated or tuned, and nothing of it while it is tuned', async () => {
  const model = network();
  const training = model.fit(x, y);
  await rejects(() => model.tune(x), StateError, 'tune', 'net', 'training');
  await training;
  const evaluation = model.evaluate(x, y);
  await rejects(() => model.tune(x), StateError, 'tune', 'net', 'being evaluated');
  await evaluation;
  const tuning = tuned(model, direct);
  await rejects(() => model.tune(x), StateError, 'tune', 'net', 'being tuned');
  await rejects(() => model.fit(x, y), StateError, 'fit', 'net', 'being tuned');
  const options = { optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' } as const;
  await rejects(() => model.compile(options), StateError, 'compile', 'net', 'being tuned');
  await tuning;
  const disposed = tuned(model, direct, { onProgress: () => model.dispose() });
  await rejects(() => disposed, StateError, 'net', 'after dispose');
});

test('a model that is disposed of while its tuning is loaded takes no memory any more', async () => {
  const before = memory();
  const model = network();
  const tuning = model.tune(x, { print });
  model.dispose();
  await rejects(() => tuning, StateError, 'net.tune', 'after dispose');
  assert.equal(memory(), before);
});

test.run();
