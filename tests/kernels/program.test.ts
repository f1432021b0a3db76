// The program runner: order, ranges, tasks, and the same bits for any number of threads.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FIRST_OPCODE } from '../../bindings/arrays.js';
import { backend } from '../../bindings/backend.js';
import { RECORD_BYTES } from '../../bindings/constants.js';
import { type KernelArguments, type KernelName, kernels } from '../../bindings/kernels.js';
import { type OpRecord, Program } from '../../bindings/program.js';
import { dispose, init, layers, optimizers, Sequential, Tensor } from '../../src/index.js';
import { type Lowered, lower } from '../../src/lowering/lower.js';
import { writeSettings } from '../../src/operators/optimizer/optimizer.emit.js';
import type { Emitter, Value } from '../../src/program/emitter.js';
import { assignAddresses, buildProgram, planMemory } from '../../src/program/plan.js';
import { free } from '../helpers/cases.js';
import { scratchOf } from '../helpers/guarded.js';
import { numbers, random } from '../helpers/random.js';
import { options } from '../helpers/start.js';

/** An op; what is not given is 0. */
function op<K extends KernelName>(kernel: K, given: Partial<KernelArguments<number>[K]>): OpRecord {
  const zeros = Object.fromEntries(kernels[kernel].fields.map(([name]) => [name, 0]));
  return { kernel, args: { ...zeros, ...given } as KernelArguments<number>[K] };
}

/** The kernels of the core: those of arrays are among `kernels` too, where another file has loaded them. */
const ofCore = Object.entries(kernels).filter(([, { opcode }]) => opcode < FIRST_OPCODE);

const program = (...ops: OpRecord[]): Program => new Program(backend(), ops);

/** How many tasks `prepare` has found for each op. */
const tasksOf = ({ address, length }: Program): number[] =>
  Array.from(
    { length },
    (_, i) => backend().memory.views.int32[(address + RECORD_BYTES * i) / 4 + 1],
  );

/** Columns of a panel of the tile in use. */
const panelWidth = (): number => Number(backend().info.tile.split('×')[1]);

test('ops run in order, and only those asked for', () => {
  const values = Array.from({ length: 5 }, () => Tensor.from([1]));
  const doubling = program(
    ...[1, 2, 3, 4].map((i) =>
      op('add', {
        y: values[i].address,
        a: values[i - 1].address,
        b: values[i - 1].address,
        count: 1,
      }),
    ),
  );
  const after = (...range: [number?, number?]) => {
    doubling.run(...range);
    return values.map(({ data }) => data[0]);
  };
  assert.equal(after(), [1, 2, 4, 8, 16]);
  values[1].data[0] = 10;
  assert.equal(after(1, 3), [1, 10, 20, 40, 16]);
  assert.equal(after(3), [1, 10, 20, 40, 80]);
  assert.equal(after(2, 2), [1, 10, 20, 40, 80]);
  assert.equal(after(0, 1), [1, 2, 20, 40, 80]);
  doubling.dispose();
  free(...values);
});

/** F(4×4, 3×3). */
const square = {
  ...{ kernelHeight: 3, kernelWidth: 3, strideHeight: 4, strideWidth: 4 },
  ...{ dilationHeight: 1, dilationWidth: 1 },
};

test('prepare counts tasks: none where there is no work', () => {
  const width = panelWidth();
  const one = { outputHeight: 3, outputWidth: 5, height: 4, width: 5 };
  const cases: [OpRecord, number][] = [
    ...[
      [0, 0],
      [1, 1],
      [16384, 1],
      [16385, 2],
    ].flatMap(([count, tasks]): [OpRecord, number][] => [
      [op('unary', { count }), tasks],
      [op('unaryBackward', { count }), tasks],
      [op('add', { count }), tasks],
      [op('multiply', { count }), tasks],
      [op('dropout', { count }), tasks],
      [op('sgd', { count }), tasks],
      [op('adam', { count }), tasks],
      [op('rmsprop', { count }), tasks],
      [op('adagrad', { count }), tasks],
      [op('movingAverage', { count }), tasks],
      [op('clip', { count }), tasks],
    ]),
    ...[
      [0, 0],
      [1, 1],
      [64, 1],
      [65, 2],
    ].flatMap(([rows, tasks]): [OpRecord, number][] => [
      [op('softmax', { rows }), tasks],
      [op('softmaxBackward', { rows }), tasks],
      [op('softmaxCrossEntropy', { rows }), tasks],
      [op('elementLoss', { rows }), tasks],
      [op('topK', { rows }), tasks],
      [op('argmax', { rows }), tasks],
    ]),
    // Lines of 32 rows, as many as 2¹⁵ numbers have room for; or a row, where that is more.
    ...[
      [0, 7, 0],
      [1, 7, 1],
      [32 * 146, 7, 1],
      [32 * 146 + 1, 7, 2],
      [3, 40000, 3],
    ].flatMap(([rows, channels, tasks]): [OpRecord, number][] => [
      [op('normApply', { rows, channels }), tasks],
      [op('normBackward', { rows, channels }), tasks],
    ]),
    // The same, of each image.
    ...[0, 1, 3].flatMap((batch): [OpRecord, number][] => [
      [op('gate', { batch, pixels: 32 * 146, channels: 7 }), batch],
      [op('spatialDropout', { batch, pixels: 32 * 146 + 1, channels: 7 }), 2 * batch],
      [op('gateBackward', { batch, splits: 5 }), 5 * batch],
    ]),
    ...[
      [0, 0],
      [16, 1],
      [17, 2],
    ].flatMap(([rows, tasks]): [OpRecord, number][] => [
      [op('rbf', { rows }), tasks],
      [op('rbfBackwardInput', { rows }), tasks],
      [op('rbfBackwardKernel', { features: rows }), tasks],
    ]),
    [op('normFoldFilter', { rows: 9 }), 10],
    [op('normStatistics', { splits: 6 }), 6],
    [op('normBackwardSums', { splits: 7 }), 7],
    ...[0, 1, 2].flatMap((batch): [OpRecord, number][] => [
      ...(['maxPool', 'averagePool', 'lpPool'] as const).map((kernel): [OpRecord, number] => [
        op(kernel, { ...one, batch }),
        3 * batch,
      ]),
      ...(['maxPoolBackward', 'averagePoolBackward', 'lpPoolBackward', 'col2im'] as const).map(
        (kernel): [OpRecord, number] => [op(kernel, { ...one, batch }), 4 * batch],
      ),
      [op('im2col', { ...one, batch }), 15 * batch],
      [op('conv', { ...one, batch, groups: 2 }), 2 * Math.min(batch, 1)],
    ]),
    [op('identityShortcut', { batch: 2, height: 5, width: 4, stride: 2 }), 6],
    [op('identityShortcutBackward', { batch: 2, height: 5, width: 4, stride: 2 }), 10],
    ...[0, 1, 2].flatMap((batch): [OpRecord, number][] => [
      [op('pad', { batch, height: 4, top: 1, bottom: 2 }), 7 * batch],
      [op('padBackward', { batch, height: 4, top: 1, bottom: 2 }), 4 * batch],
      [op('upsample', { batch, height: 4, factorHeight: 3 }), 12 * batch],
      [op('upsampleBackward', { batch, height: 4, factorHeight: 3 }), 4 * batch],
    ]),
    ...[
      [0, 2, 0],
      [8192, 2, 1],
      [8193, 2, 2],
      [9, 5000, 3],
    ].flatMap(([count, size, tasks]): [OpRecord, number][] => [
      [op('channelPool', { count, size }), tasks],
      [op('channelPoolBackward', { count, size }), tasks],
    ]),
    ...[
      [0, 3, 0],
      [5461, 3, 1],
      [5462, 3, 2],
      [3, 20000, 3],
    ].flatMap(([rows, channels, tasks]): [OpRecord, number][] => [
      [op('lrn', { rows, channels }), tasks],
      [op('lrnBackward', { rows, channels }), tasks],
      [op('concat', { rows, columns: channels }), tasks],
    ]),
    [op('binomial', { size: 3 }), 9],
    [op('fingerprints', { count: 0 }), 0],
    [op('fingerprints', { count: 65536 }), 1],
    [op('fingerprints', { count: 65537 }), 2],
    [op('pack', { groups: 1, n: 0 }), 0],
    [op('pack', { groups: 2, n: width }), 2],
    [op('pack', { groups: 2, n: width + 1 }), 4],
    [op('packFilter', { groups: 3, channels: width }), 3],
    [op('packFilter', { groups: 3, channels: width + 1 }), 6],
    [op('winogradFilter', { columns: width }), 1],
    [op('winogradFilter', { columns: width + 1 }), 2],
    // Four patches are fewer than a block has.
    [op('winograd', { ...square, outputHeight: 2, outputWidth: 2, batch: 1 }), 1],
    [op('winogradBackwardFilter', { ...square, filters: 8, splits: 6 }), 6],
    [op('gemm', { m: 0 }), 0],
    [op('gemm', { m: 1 }), 1],
    [op('convBackwardInput', { groups: 3, batch: 2 }), 6],
    [op('convBackwardFilter', { groups: 3, splits: 2 }), 6],
    [op('depthwiseBackwardFilter', { splits: 4, channels: 17 }), 8],
    ...[
      [17, 32, 16, 1],
      [16, 33, 16, 2],
      [16, 32, 17, 2],
      [33, 65, 25, 6],
    ].flatMap(([channels, outputWidth, outputHeight, blocks]): [OpRecord, number][] => {
      const strides = { strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1 };
      const kernel = { kernelHeight: 3, kernelWidth: 3, ...strides };
      const record = { ...kernel, channels, outputWidth, outputHeight };
      const tasks = blocks * Math.ceil(channels / 16);
      return [0, 1, 2].map((batch) => [op('depthwise', { ...record, batch }), tasks * batch]);
    }),
    [op('columnSum', { splits: 5 }), 5],
    [op('squareSum', { splits: 3 }), 3],
    [op('penalty', { splits: 4 }), 4],
    [op('blend', { count: 16384 }), 1],
    [op('blend', { count: 16385 }), 2],
    [op('sumPartials', { count: 0 }), 0],
    [op('sumPartials', { count: 4097 }), 2],
    ...(
      ['normMerge', 'normRunning', 'normFold', 'normBackwardMerge', 'mean', 'clipFactor'] as const
    ).map((kernel): [OpRecord, number] => [op(kernel, {}), 1]),
  ];
  assert.equal(
    [...new Set(cases.map(([{ kernel }]) => kernel))].sort(),
    ofCore.map(([name]) => name).sort(),
  );
  const all = program(...cases.map(([record]) => record));
  tasksOf(all).forEach((tasks, i) => {
    assert.is(tasks, cases[i][1], JSON.stringify(cases[i][0]));
  });
  all.dispose();
});

/** Tasks of ops one by one. */
function single(ops: Program): {
  /** @param found what the scratch is full of */
  run(op: number, task: number, found?: number): void;
  free(): void;
} {
  const { exports, memory, info } = backend();
  const bytes = scratchOf(ops, info.threads);
  const scratch = memory.allocate(bytes, 'scratch');
  return {
    run(op, task, found = 0) {
      const { float32 } = memory.views;
      float32.fill(found, scratch / 4, (scratch + bytes) / 4);
      exports.runTasks(ops.address + RECORD_BYTES * op, task, task + 1, scratch);
      // What a kernel leaves here is not a result.
      float32.fill(0, scratch / 4, (scratch + bytes) / 4);
    },
    free: () => memory.free(scratch),
  };
}

test('a task is done, and the others left', () => {
  const TASK = 16384;
  const count = 4 * TASK + 7;
  const [x, y] = [random([count], 1), Tensor.zeros([count])];
  const doubling = program(op('add', { y: y.address, a: x.address, b: x.address, count }));
  const tasks = single(doubling);
  for (let task = 0; task < 5; task++) {
    y.data.fill(9);
    tasks.run(0, task);
    const wrong = y.data.findIndex(
      (v, i) => v !== (Math.floor(i / TASK) === task ? 2 * x.data[i] : 9),
    );
    assert.is(wrong, -1, `task ${task}: element ${wrong}`);
  }
  tasks.free();
  doubling.dispose();
  free(x, y);
});

/** Places what `lowered` needs at a fixed address, and fills all of it with numbers. */
function built(e: Emitter): { ops: Program; arena: number } {
  const { memory } = backend();
  const plan = planMemory(e);
  const arena = memory.allocate(plan.bytes, 'activations');
  memory.views.float32.set(numbers(plan.bytes / 4, 5), arena / 4);
  assignAddresses(plan, arena);
  return { ops: buildProgram(backend(), e.ops), arena };
}

/** A step of training, with everything that it reads. */
function trainingStep(model: Sequential, batch: number): Lowered {
  const { weights, objective, network } = model.engine('test');
  const { graph } = network;
  return lower({
    graph,
    weights,
    objective,
    batch,
    mode: 'train',
    targets: ['labels'],
    weighted: false,
  });
}

function setLabels({ goals: [{ target }] }: Lowered, classes: number): void {
  const {
    shape: [rows],
  } = target;
  const at = target.resolve() / 4;
  backend().memory.views.int32.set(
    Int32Array.from({ length: rows }, (_, i) => (i * 7) % classes),
    at,
  );
}

function setOptimizer(model: Sequential): void {
  const { weights, objective } = model.engine('test');
  writeSettings(
    (objective as NonNullable<typeof objective>).optimizer,
    0,
    backend().memory.views.float32,
    weights.settings.resolve() / 4,
  );
}

/** A program that has every kernel, most with several tasks whose edges are not those of vectors. */
function everyKernel(): Program {
  const model = new Sequential(
    [
      layers.conv2d({ filters: 19, kernelSize: 3, padding: 'same', algorithm: 'direct' }),
      layers.batchNorm(),
      layers.activation({ activation: 'tanh' }),
      layers.dropout({ rate: 0.3 }),
      layers.conv2d({ filters: 19, kernelSize: 3, padding: 'same', groups: 19 }),
      layers.conv2d({ filters: 19, kernelSize: 3, padding: 'same', algorithm: 'winograd' }),
      layers.identityShortcut({ filters: 21 }),
      layers.conv2d({
        filters: 10,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        activation: 'relu',
      }),
      layers.maxPool2d({ poolSize: 3, strides: 2, padding: 'same' }),
      layers.conv2d({
        filters: 18,
        kernelSize: 5,
        groups: 2,
        padding: 'valid',
        activation: 'sigmoid',
      }),
      layers.avgPool2d({ poolSize: 2, strides: 1 }),
      layers.lpPool2d({ poolSize: 2, strides: 1, padding: 'same', p: 3 }),
      layers.flatten(),
      layers.dense({ units: 321, activation: 'relu' }),
      layers.dense({ units: 9 }),
    ],
    { inputShape: [24, 25, 3], seed: 1 },
  );
  model.compile({
    optimizer: optimizers.sgd({ momentum: 0.9 }),
    loss: 'softmaxCrossEntropy',
    metrics: ['accuracy'],
  });
  const step = trainingStep(model, 67);
  const { emitter: e } = step;
  // What no layer emits while it trains.
  const sixteen = (): Value => e.value([129, 257]);
  const [a, b, c, d] = [e.input([129, 257]), sixteen(), sixteen(), sixteen()];
  const count = a.size;
  const losses = e.value([129]);
  const row = e.input([257]);
  const window = {
    batch: 3,
    height: 6,
    width: 7,
    pixelChannels: 5,
    channels: 5,
    kernelHeight: 3,
    kernelWidth: 2,
    strideHeight: 1,
    strideWidth: 1,
    padTop: 1,
    padLeft: 0,
    dilationHeight: 1,
    dilationWidth: 1,
    outputHeight: 6,
    outputWidth: 6,
  };
  e.emit('add', { y: b, a, b: a, count });
  e.emit('softmax', { y: c, x: b, rows: 129, classes: 257 });
  e.emit('softmaxBackward', { dx: d, dy: a, y: c, rows: 129, classes: 257 });
  const rows = { rows: 129, columns: 257 };
  const huber = { kind: 2, parameter: 0.3, scale: 0.5 };
  e.emit('elementLoss', { losses, dx: b, x: d, targets: a, weights: a, ...rows, ...huber });
  e.emit('argmax', { classes: e.value([129], 'int32'), x: d, ...rows, threshold: 0.5 });
  const statistics = { gamma: row, beta: row, mean: row, variance: row };
  const sizes = { rows: 96, filters: 257, epsilon: 1e-3 };
  e.emit('normFoldFilter', {
    folded: e.value([97, 257]),
    filter: a,
    bias: row,
    ...statistics,
    ...sizes,
  });
  e.emit('normFold', { scale: row, gamma: row, variance: c, channels: 257, epsilon: 1e-3 });
  e.emit('im2col', { ...window, columns: b, x: a });
  e.emit('col2im', { ...window, x: c, columns: b });
  // Windows side by side, the last of a line half outside.
  const [two, argmax] = [{ kernelHeight: 2, kernelWidth: 2 }, e.value([180], 'uint8')];
  const apart = { ...window, ...two, strideHeight: 2, strideWidth: 2, padTop: 0 };
  const halves = { ...apart, outputHeight: 3, outputWidth: 4 };
  e.emit('maxPool', { ...halves, y: c, argmax, x: a, sign: 0, keepsNaN: 1 });
  e.emit('maxPoolBackward', { ...halves, dx: d, dy: a, argmax });
  const image = { batch: 3, height: 6, width: 7, channels: 5 };
  const border = { ...image, top: 2, bottom: 5, left: 6, right: 1, reflect: 1 };
  e.emit('pad', { ...border, y: b, x: a });
  e.emit('padBackward', { ...border, dx: c, dy: b });
  const growth = { ...image, factorHeight: 2, factorWidth: 3, bilinear: 1 };
  e.emit('upsample', { ...growth, y: d, x: c });
  e.emit('upsampleBackward', { ...growth, dx: b, dy: d });
  e.emit('binomial', { filter: c, size: 3, channels: 5 });
  const response = { rows: 129, channels: 257, before: 2, after: 1, scale: 1, beta: 0.75, bias: 1 };
  e.emit('lrn', { ...response, y: b, x: a });
  e.emit('lrnBackward', { ...response, dx: c, dy: b, x: a });
  const [groups, chosen] = [{ count: 16576, size: 2 }, e.value([16576], 'uint8')];
  e.emit('channelPool', { ...groups, y: d, argmax: chosen, x: a, average: 0 });
  e.emit('channelPoolBackward', { ...groups, dx: b, dy: d, argmax: chosen });
  e.emit('concat', { y: c, x: b, rows: 301, columns: 101, yRow: 110, xRow: 101 });
  e.emit('sumPartials', { y: d, partials: a, splits: 3, count: 8203 });
  const update = { parameters: d, gradients: a, settings: row, count, decays: 1 };
  const v = e.input(a.shape);
  e.emit('adam', { ...update, m: b, v });
  e.emit('rmsprop', { ...update, square: v, velocity: b });
  e.emit('adagrad', { ...update, sum: v });
  e.emit('movingAverage', { average: b, x: d, settings: row, count });
  const [partials, factor] = [e.value([3]), e.value([1])];
  e.emit('squareSum', { partials, x: d, count, splits: 3 });
  e.emit('penalty', { partials, x: d, count, splits: 3, l1: 0.5, l2: 0.25 });
  e.emit('blend', { y: c, a: b, b: d, count, alpha: 1, beta: -0.5, gamma: 0.25 });
  e.emit('clipFactor', { factor, partials, count: 3, limit: 1 });
  e.emit('clip', { x: d, factor, count, limit: 0 });
  e.emit('add', { y: losses, a: losses, b: losses, count: 0 });
  e.emit('multiply', { y: c, a, b: d, count });
  const images = { batch: 3, pixels: 4001, channels: 9 };
  const [pixels, other] = [e.input([3, 4001, 9]), e.value([3, 4001, 9])];
  e.emit('gate', { y: other, x: pixels, gate: row, ...images });
  e.emit('gateBackward', { partials: c, dy: pixels, x: other, ...images, splits: 2 });
  e.emit('fingerprints', { prints: e.value([4], 'int32'), x: pixels, count: pixels.size });
  const draws = { state: e.input([3], 'int32'), stream: 1, keep: 2 ** 31, scale: 2 };
  e.emit('spatialDropout', { y: other, x: pixels, ...images, ...draws });
  const units = { rows: 100, features: 33, units: 7 };
  e.emit('rbf', { y: b, x: a, kernel: row, ...units });
  e.emit('rbfBackwardInput', { dx: c, dy: b, x: a, kernel: row, ...units });
  e.emit('rbfBackwardKernel', { dkernel: d, dy: b, x: a, kernel: row, ...units });
  const { ops } = built(e);
  setLabels(step, 9);
  setOptimizer(model);
  return ops;
}

test('tasks may run in any order: none touches what another writes, or trusts what scratch holds', async () => {
  // All memory is compared: it must not hold what tests before this one needed.
  dispose();
  await init(options);
  const ops = everyKernel();
  const share = single(ops);
  const { memory } = backend();
  const { int32 } = memory.views;
  const most = new Map<number, number>();
  const bytes = Buffer.from(memory.memory.buffer);
  let [before, ascending] = [Buffer.from(bytes), Buffer.alloc(bytes.length)];
  tasksOf(ops).forEach((tasks, i) => {
    const opcode = int32[(ops.address + RECORD_BYTES * i) / 4];
    most.set(opcode, Math.max(most.get(opcode) ?? 0, tasks));
    for (let task = 0; task < tasks; task++) share.run(i, task);
    bytes.copy(ascending);
    before.copy(bytes);
    // The last first; what scratch holds by chance is never a number.
    for (let task = tasks - 1; task >= 0; task--) share.run(i, task, Number.NaN);
    const name = Object.keys(kernels).find(
      (kernel) => kernels[kernel as KernelName].opcode === opcode,
    );
    assert.ok(
      bytes.equals(ascending),
      `op ${i}, ${name}: its ${tasks} tasks depend on their order, or on scratch`,
    );
    [before, ascending] = [ascending, before];
  });
  const alone: readonly string[] = [
    'normMerge',
    'normRunning',
    'normFold',
    'normBackwardMerge',
    'mean',
    'clipFactor',
  ];
  for (const [name, { opcode }] of ofCore) {
    const tasks = most.get(opcode) ?? 0;
    assert.ok(alone.includes(name) ? tasks === 1 : tasks > 1, `${name} has ${tasks} tasks here`);
  }
  share.free();
  ops.dispose();
});

test.run();
