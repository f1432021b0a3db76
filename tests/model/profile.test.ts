// profile: a row for each op, rates that follow from the work and the time, and nothing left behind.
// How fast anything is, is not for tests to say.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backend } from '../../bindings/backend.js';
import {
  type Layer,
  layers,
  memory,
  NumericError,
  optimizers,
  type Profile,
  type ProfileOptions,
  type ProfileRow,
  Sequential,
  ShapeError,
  StateError,
  type Tensor,
  ValueError,
} from '../../src/index.js';
import { lower } from '../../src/lowering/lower.js';
import { Stopwatch, shortest, timeOps } from '../../src/model/timing.js';
import { costOf } from '../../src/program/cost.js';
import type { EmittedOp, Value } from '../../src/program/emitter.js';
import { Intake } from '../../src/training/source.js';
import { compiled, predictions, rejects, sameBits, samples, weightsOf } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const { x, y } = samples(20);

/** The ops of a program of the model's. */
function opsOf(model: Sequential, mode: 'predict' | 'train', batch: number) {
  const { weights, objective, network } = model.engine('test');
  const { graph } = network;
  return lower({ graph, weights, objective, batch, mode, targets: ['labels'], weighted: false })
    .emitter.ops;
}

const kernelsOf = (list: readonly { kernel: string }[]) => list.map(({ kernel }) => kernel);

/** The values of a list, each run of equal ones as one. */
const runs = (list: readonly string[]) => list.filter((value, i) => value !== list[i - 1]);

/** What a row's op does: operations or bytes. */
const workOf = ({ rate, milliseconds }: ProfileRow) => Math.round(rate * milliseconds * 1e6);

/** What must hold for every profile. */
function check({ rows, total, peaks }: Profile): void {
  const sum = (of: (row: ProfileRow) => number) => rows.reduce((all, row) => all + of(row), 0);
  const near = (actual: number, expected: number, what: string) =>
    assert.ok(
      Math.abs(actual - expected) <= 1e-9 * expected,
      `${what}: ${actual}, not ${expected}`,
    );
  for (const row of [...rows, total]) {
    assert.ok(row.milliseconds > 0 && row.milliseconds < 1e4, `${row.milliseconds} ms`);
    assert.ok(Number.isFinite(row.rate) && row.rate >= 0, `${row.rate} ${row.unit}`);
    near(row.ofPeak, row.rate / peaks[row.unit], 'of peak');
  }
  near(
    sum((row) => row.milliseconds),
    total.milliseconds,
    'time',
  );
  near(
    sum((row) => row.share),
    1,
    'shares',
  );
  for (const row of rows) near(row.share, row.milliseconds / total.milliseconds, 'share');
  const arithmetic = sum((row) => (row.unit === 'GFLOP/s' ? row.rate * row.milliseconds : 0));
  near(total.rate, arithmetic / total.milliseconds, 'rate');
  assert.ok(peaks['GFLOP/s'] > 0 && peaks['GB/s'] > 0);
}

/** Lets `use` see another clock. */
function withClock<T>(now: () => number, use: () => T): T {
  const own = performance.now;
  performance.now = now;
  try {
    return use();
  } finally {
    performance.now = own;
  }
}

/**
 * Lets `use` profile by a clock that runs fast: rounds are repeated for a set time, and what is checked is how the
 * numbers belong together. The first test keeps the true clock, by which the machine's peaks are measured too.
 */
function inHaste<T>(use: () => T): T {
  const fine = performance.now.bind(performance);
  return withClock(() => 30 * fine(), use);
}

/** Time in whole milliseconds, as some browsers have it. */
const milliseconds = (fine = performance.now.bind(performance)) => {
  return () => Math.floor(fine());
};

test('a prediction: all ops in their order, each with its layer', () => {
  const model = compiled({ algorithm: 'direct' });
  const result = model.profile(x, { print: null });
  check(result);
  const { rows } = result;
  assert.equal(kernelsOf(rows), kernelsOf(opsOf(model, 'predict', 20)));
  // Flattening and dropping out are no work here.
  assert.equal(runs(rows.map(({ layer }) => layer)), ['conv2d', 'batchNorm', 'maxPool2d', 'dense']);
  assert.equal(runs(rows.map(({ pass }) => pass)), ['forward']);
  assert.is(rows.find(({ kernel }) => kernel === 'conv')?.layer, 'conv2d');
  assert.is(rows.find(({ kernel }) => kernel === 'gemm')?.layer, 'dense');
  model.dispose();
});

test('a training step: forward, backward and update', () => {
  const model = compiled();
  const result = inHaste(() => model.profile(x, { y, print: null }));
  check(result);
  const { rows } = result;
  assert.equal(kernelsOf(rows), kernelsOf(opsOf(model, 'train', 20)));
  const places = runs(rows.map(({ pass, layer }) => `${pass} ${layer}`));
  assert.equal(places, [
    ...['conv2d', 'batchNorm', 'maxPool2d', 'dropout', 'dense', 'loss', 'accuracy'].map(
      (layer) => `forward ${layer}`,
    ),
    ...['dense', 'dropout', 'maxPool2d', 'batchNorm', 'conv2d'].map((layer) => `backward ${layer}`),
    'update batchNorm',
    'update optimizer',
  ]);
  assert.equal(
    rows.filter(({ pass }) => pass === 'update').map(({ kernel }) => kernel),
    ['normRunning', 'sgd', 'sgd'],
  );
  model.dispose();
});

test('the arithmetic is that of the direct algorithm: as in the summary, and as much for each gradient', () => {
  const chain: Layer[] = [
    layers.conv2d({ filters: 6, kernelSize: 3, padding: 'same' }),
    layers.conv2d({ filters: 8, kernelSize: [3, 2], activation: 'relu' }),
    layers.conv2d({ filters: 8, kernelSize: 3, strides: 2, groups: 2 }),
    layers.conv2d({ filters: 8, kernelSize: 2, groups: 8 }),
    layers.flatten(),
    layers.dense({ units: 5, activation: 'relu' }),
    layers.dense({ units: 4 }),
  ];
  const model = new Sequential(chain, { inputShape: [13, 14, 3] });
  model.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
  const batch = 3;
  const ops = opsOf(model, 'train', batch);
  const counted = (layer: string) =>
    ops
      .filter((op) => op.layer === layer)
      .map(costOf)
      .reduce((sum, { unit, amount }) => sum + (unit === 'GFLOP/s' ? amount : 0), 0);
  model.summary({ print: null }).forEach(({ name, multiplyAdds }, index) => {
    // Forward, the weights' gradient and the input's, which nobody wants of the images.
    const passes = index === 0 ? 2 : 3;
    assert.is(Math.round(counted(name) * 1e9), passes * 2 * multiplyAdds * batch, name);
  });
  model.dispose();
});

test('pairs of pixels: what is multiplied by zeros alone is no work', () => {
  for (const kernelSize of [3, 5, 7, 8]) {
    const stem = { filters: 70, kernelSize, strides: 2, padding: 'same' } as const;
    const first = layers.conv2d({ ...stem, algorithm: 'winograd' });
    const model = new Sequential([first, layers.globalAvgPool2d()], { inputShape: [21, 24, 3] });
    model.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
    const ops = opsOf(model, 'train', 2);
    const [{ multiplyAdds }] = model.summary({ print: null });
    for (const kernel of ['winograd', 'winogradBackwardFilter']) {
      const costs = ops.filter((op) => op.kernel === kernel).map(costOf);
      const work = costs.reduce((sum, { amount }) => sum + amount, 0);
      assert.is(Math.round(work * 1e9), 2 * multiplyAdds * 2, `${kernel}, ${kernelSize} taps`);
    }
    model.dispose();
  }
});

test('bytes are those of all buffers, read and written', () => {
  const model = new Sequential([layers.relu(), layers.dense({ units: 7 })], { inputShape: [50] });
  model.compile({ optimizer: optimizers.adam(), loss: 'softmaxCrossEntropy' });
  const ops = opsOf(model, 'train', 3);
  const bytes = (kernel: string) => {
    const { unit, amount } = costOf(ops.find((op) => op.kernel === kernel) as EmittedOp);
    assert.is(unit, 'GB/s');
    return Math.round(amount * 1e9);
  };
  assert.is(bytes('unary'), 2 * 150 * 4);
  assert.is(bytes('softmaxCrossEntropy'), (2 * 21 + 3 + 3) * 4);
  // Kernels and two moments go both ways, biases in an op of their own; settings are 16 numbers.
  assert.is(bytes('adam'), (7 * 352 + 16) * 4);
  model.dispose();
});

for (const optimizer of [optimizers.sgd({ momentum: 0.9 }), optimizers.adamW()]) {
  test(`profiling leaves everything as it was, to the bit: ${optimizer.type}`, () => {
    const [model, twin] = [compiled({ optimizer }), compiled({ optimizer })];
    const same = (what: string) => {
      assert.equal(model.toBytes(), twin.toBytes(), what);
      model.weights.forEach(({ name, gradient }, i) => {
        const expected = twin.weights[i].gradient;
        if (gradient && expected)
          sameBits(
            gradient.data as Float32Array,
            expected.data as Float32Array,
            `${what}: ${name}`,
          );
      });
    };
    const profile = (what: string, options: ProfileOptions) => {
      inHaste(() => model.profile(x, { ...options, print: null }));
      same(what);
    };
    profile('before the first step', { y });
    for (let step = 0; step < 3; step++) {
      assert.equal(model.trainOnBatch(x, y), twin.trainOnBatch(x, y));
      same(`step ${step}`);
      if (step === 1) {
        profile('a prediction', {});
        const before = memory();
        profile('a training step', { y });
        assert.equal(memory(), before, 'all memory is given back');
      }
    }
    sameBits(predictions(model, x), predictions(twin, x), 'predictions');
    for (const one of [model, twin]) one.dispose();
  });
}

test('batches: all of x, its first samples, and the smaller rest of an epoch', () => {
  const model = compiled();
  const work = (of: Float32Array, options: ProfileOptions = {}) => {
    const result = inHaste(() => model.profile(of, { ...options, print: null }));
    check(result);
    return workOf(result.rows.find(({ kernel }) => kernel === 'gemm') as ProfileRow);
  };
  const one = 2 * 16 * 3;
  predictions(model, x, 16);
  assert.is(work(x, { batchSize: 16 }), 16 * one);
  assert.is(work(x, { batchSize: 100 }), 20 * one);
  assert.is(work(x.subarray(16 * 36), { y: y.subarray(16) }), 4 * one);
  model.dispose();
});

test('a model without ops takes no time', () => {
  const model = new Sequential([layers.flatten()], { inputShape: [4] });
  const { rows, total } = model.profile(new Float32Array(8), { print: null });
  assert.equal(rows, []);
  assert.equal([total.milliseconds, total.rate, total.ofPeak], [0, 0, 0]);
  model.dispose();
});

test('a table of all rows is printed, and a total', () => {
  const model = compiled();
  const texts: string[] = [];
  const print = (text: string) => texts.push(text);
  const result = inHaste(() => model.profile(x, { y, print }));
  const { rows } = result;
  assert.is(texts.length, 1);
  const lines = texts[0].split('\n');
  assert.is(lines[0], 'tiny: training step, batch 20');
  assert.match(lines[2], /^layer +pass +kernel +ms +share +speed +of peak$/);
  rows.forEach(({ layer, pass, kernel, unit }, i) => {
    assert.match(lines[4 + i], new RegExp(`^${layer} +${pass} +${kernel} +[\\d.]+ .*${unit} .*%$`));
  });
  assert.match(lines[5 + rows.length], /^total .* 100\.0 % .* GFLOP\/s .*%$/);
  assert.match(lines[6 + rows.length], /^peak: [\d.]+ GFLOP\/s .*[\d.]+ GB\/s/);
  assert.is(lines.length, 7 + rows.length);
  const { peaks } = inHaste(() => model.profile(x, { print }));
  assert.match(texts[1], /^tiny: prediction, batch 20\n/);
  assert.is(peaks, result.peaks, 'peaks are measured once');
  model.dispose();
});

test('bad calls say so, and change nothing', async () => {
  const model = compiled();
  model.trainOnBatch(x, y);
  const before = weightsOf(model);
  const nan = Float32Array.from(x).fill(Number.NaN, 40);
  const print = null;
  const bad: [() => unknown, abstract new (...args: never[]) => Error, ...string[]][] = [
    [() => model.profile(x.subarray(1)), ShapeError, 'tiny.profile', '[6, 6, 1]'],
    [() => model.profile([]), ShapeError, 'tiny.profile'],
    [() => model.profile(x, { print: 'yes' as never }), ValueError, 'profile', 'print', 'yes'],
    [() => model.profile(nan, { print }), NumericError, 'tiny.profile', 'sample 1'],
    [() => model.profile(nan, { y, print }), NumericError, 'tiny.profile', 'sample 1'],
    [() => model.profile(x, { y: [0, 1] }), ShapeError, 'tiny.profile', '20 samples'],
    [() => model.profile(x, { batchSize: 0 }), ValueError, 'profile', 'batchSize'],
    [() => model.profile(x, { size: 3 } as never), ValueError, 'profile', "'size'"],
  ];
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
  sameBits(weightsOf(model), before, 'weights');
  model.dispose();
  await rejects(() => model.profile(x), StateError, 'profile', 'after dispose');
  const raw = new Sequential([layers.dense({ units: 3 })], { inputShape: [36] });
  await rejects(() => raw.profile(x, { y }), StateError, 'profile', 'compile');
  raw.dispose();
});

test('short work runs as often as the clock needs', () => {
  withClock(milliseconds(), () => assert.is(shortest(), 10));
  // Time passes by work alone, 0.3 ms each.
  let done = 0;
  const clock = () => Math.floor(done * 0.3);
  const watch = new Stopwatch(10);
  const measured = (): [number, number] => {
    const before = done;
    const time = withClock(clock, () => watch.time(() => done++));
    return [time, done - before];
  };
  assert.equal(measured(), [20 / 64, 1 + 2 + 4 + 8 + 16 + 32 + 64]);
  assert.equal(measured()[1], 64, 'what it has learnt it keeps');
  assert.is(new Stopwatch(10).runs, 1);
});

test('ops that run often in a row leave the numbers of a single run', () => {
  // tanh, sigmoid and dropout work in place.
  const build = () => {
    const model = new Sequential(
      [
        layers.dense({ units: 6, activation: 'tanh' }),
        layers.dropout({ rate: 0.5 }),
        layers.dense({ units: 5, activation: 'sigmoid' }),
      ],
      { inputShape: [36], seed: 4, name: 'small' },
    );
    model.compile({ optimizer: optimizers.sgd(), loss: 'meanSquaredError' });
    return model;
  };
  const [model, twin] = [build(), build()];
  const targets = numbers(100, 9);
  const engine = model.engine('test');
  const samples = new Intake(engine, 'test').samples(x, targets);
  const both = { samples, order: null, first: 0, size: 20 };
  twin.trainOnBatch(x, targets);
  let rounds = 0;
  withClock(milliseconds(), () => {
    engine.rehearse(both, (program, { emitter: { ops } }, ready) => {
      // Dropout doubles what it keeps: its own result over and over soon is infinite.
      const dropout = ops.findIndex(({ args }) => 'keep' in args && args.y === args.x);
      const value = (ops[dropout].args as { x: Value }).x;
      const run = program.run.bind(program);
      program.run = (first, last) => {
        run(first, last);
        if (first !== dropout || rounds === 1) return;
        const at = value.resolve() / 4;
        const result = backend().memory.views.float32.subarray(at, at + value.size);
        assert.ok(result.every(Number.isFinite), 'a gradient in place');
      };
      const times = timeOps(program, ops, () => {
        rounds++;
        ready();
      });
      program.run = run;
      assert.ok(times.every((time) => time > 0));
      model.weights.forEach(({ gradient, name }, i) => {
        const expected = twin.weights[i].gradient as Tensor;
        sameBits(gradient?.data as Float32Array, expected.data as Float32Array, name);
      });
    });
  });
  for (const one of [model, twin]) one.dispose();
});

test.run();
