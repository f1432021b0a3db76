// Training in a worker: the same bits as here, told what happens, stopped, aborted, and what goes wrong.

import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  EngineError,
  FormatError,
  input,
  Layer,
  type Lowering,
  layers,
  loadModel,
  Model,
  NumericError,
  optimizers,
  Sequential,
  type Shape,
  ShapeError,
  StateError,
  Tensor,
  type Value,
  ValueError,
} from '../src/index.js';
import { type Numbers, startWorker, type TrainingWorker } from '../src/worker/index.js';
import { rejects, sameBits } from './helpers/models.js';
import { numbers } from './helpers/random.js';
import { options } from './helpers/start.js';

const shape = [8, 8, 2];
const count = 40;
const x = numbers(count * 128, 1);
const y = Int32Array.from({ length: count }, (_, i) => i % 3);

function network(): Sequential {
  const list = [
    layers.conv2d({ filters: 5, kernelSize: 3, activation: 'relu' }),
    layers.dropout({ rate: 0.2 }),
    layers.flatten(),
    layers.dense({ units: 3 }),
  ];
  const model = new Sequential(list, { inputShape: shape, seed: 4 });
  const optimizer = optimizers.adam();
  model.compile({ optimizer, loss: 'softmaxCrossEntropy', metrics: ['accuracy'] });
  return model;
}

/** The package's worker starts from dist/ (scripts/check-package.mjs): this one from what is tested here. */
const fromSources = (withLayers = false): Worker =>
  new Worker(new URL('helpers/training-worker.mjs', import.meta.url), { workerData: withLayers });

/** Lends a worker. */
async function working(body: (worker: TrainingWorker) => Promise<void>): Promise<void> {
  const worker = await startWorker({ ...options, threads: 2, worker: fromSources() });
  try {
    await body(worker);
  } finally {
    worker.end();
  }
}

test('it trains, evaluates and predicts as a model here, to the same bits', () =>
  working(async (worker) => {
    const here = network();
    const there = await worker.load(here.toBytes());
    const how = { epochs: 3, batchSize: 7, validationSplit: 0.2, classWeight: { 0: 2 } };
    assert.equal(await there.fit(x, y, how), await here.fit(x, y, how));
    assert.equal(await there.trainOnBatch(x, y), here.trainOnBatch(x, y));
    assert.equal(
      await there.evaluate(x, y, { batchSize: 9 }),
      await here.evaluate(x, y, { batchSize: 9 }),
    );
    const bytes = await there.toBytes();
    assert.ok(Buffer.from(bytes).equals(here.toBytes()));
    const [mine, tensor] = [here.predict(x), Tensor.from(x, [count, ...shape])];
    for (const given of [x, tensor]) {
      const theirs = await there.predict(given);
      assert.ok(!Array.isArray(theirs) && 'data' in theirs);
      assert.equal(theirs.shape, [count, 3]);
      sameBits(theirs.data as Float32Array, mine.data as Float32Array, 'predictions');
    }
    const again = (await loadModel(bytes)) as Sequential;
    await there.dispose();
    await rejects(() => there.evaluate(x, y), StateError, 'dispose');
    for (const one of [mine, tensor, here, again]) one.dispose();
  }));

test('several inputs and outputs, and data that are handed over', () =>
  working(async (worker) => {
    const [a, b] = [input([3], { name: 'a' }), input([3], { name: 'b' })];
    const sum = layers.add().apply([a, b]);
    const outputs = [1, 2].map((units) => layers.dense({ units, name: `o${units}` }).apply(sum));
    const here = new Model({ inputs: [a, b], outputs, seed: 1 });
    const there = await worker.load(here.toBytes());
    const data = { a: numbers(6, 1), b: numbers(6, 2) };
    const mine = here.predict(data) as readonly Tensor[];
    const theirs = await there.predict(data, { transfer: [data.a.buffer] });
    assert.ok(Array.isArray(theirs));
    assert.is(data.a.length, 0, 'it is gone here');
    assert.is(data.b.length, 6);
    theirs.forEach(({ data: found, shape: of }, i) => {
      assert.equal(of, mine[i].shape);
      sameBits(found as Float32Array, mine[i].data as Float32Array, `output ${i}`);
    });
    for (const one of [...mine, here]) one.dispose();
  }));

test('callbacks are told here, and can stop the training and slow it down', () =>
  working(async (worker) => {
    const model = network();
    const there = await worker.load(model.toBytes());
    const heard: string[] = [];
    let shares = 0;
    const history = await there.fit(x, y, {
      epochs: 1000,
      batchSize: 10,
      onProgress: ({ epochs, samplesPerSecond }) => {
        assert.ok(epochs === 1000 && samplesPerSecond > 0);
        shares++;
      },
      callbacks: [
        {
          onTrainBegin(training) {
            heard.push(`begin ${training.epochs} × ${training.batches}`);
            assert.throws(() => training.model, /in a worker/);
            training.learningRateFactor = 0.5;
            assert.is(training.learningRateFactor, 0.5);
            training.stop();
          },
        },
        { onEpochEnd: (epoch, logs) => void heard.push(`${epoch} ${Object.keys(logs)}`) },
      ],
    });
    assert.ok(history.epoch.length < 1000);
    assert.equal(heard.slice(0, 2), ['begin 1000 × 4', '1 loss,accuracy']);
    assert.is(heard.length, history.epoch.length + 1);
    assert.ok(shares >= history.epoch.length);
    model.dispose();
  }));

test('a signal aborts with its reason; what was trained stays', () =>
  working(async (worker) => {
    const model = network();
    const there = await worker.load(model.toBytes());
    const reasons = [new Error('enough'), 'just so', undefined];
    for (const reason of reasons) {
      const controller = new AbortController();
      const { signal } = controller;
      const fit = there.fit(x, y, { epochs: 1e6, batchSize: 10, signal });
      await setTimeout(50);
      controller.abort(reason);
      let caught: unknown;
      await fit.catch((error) => {
        caught = error;
      });
      assert.is(caught, signal.reason);
      await there.fit(x, y, { signal }).catch((error) => assert.is(error, signal.reason));
    }
    assert.not.equal(await there.toBytes(), model.toBytes());
    assert.ok((await there.fit(x, y)).history.loss[0] < 2);
    model.dispose();
  }));

test('predictions come while a fit runs; another fit does not', () =>
  working(async (worker) => {
    const model = network();
    const there = await worker.load(model.toBytes());
    const controller = new AbortController();
    const { signal } = controller;
    const fit = there.fit(x, y, { epochs: 1e6, signal }).catch(() => 'aborted');
    const scores = await there.predict(x);
    assert.ok('shape' in scores);
    await rejects(() => there.fit(x, y), StateError, 'already training');
    controller.abort();
    assert.is(await fit, 'aborted');
    model.dispose();
  }));

test('what goes wrong has its own class and words, and the worker works on', () =>
  working(async (worker) => {
    const model = network();
    const there = await worker.load(model.toBytes());
    await rejects(() => there.fit(x.subarray(1), y), ShapeError, 'whole number of samples');
    await rejects(
      () =>
        there.fit(
          x.map(() => Number.NaN),
          y,
        ),
      NumericError,
      'NaN',
    );
    await rejects(() => there.fit(x, y, { epoch: 3 } as never), ValueError, "no option 'epoch'");
    await rejects(() => there.fit(x, y, { signal: 1 as never }), ValueError, 'AbortSignal');
    await rejects(() => worker.load(new Uint8Array(3)), FormatError, '3 bytes');
    await rejects(() => startWorker({ threads: 0, worker: fromSources() }), ValueError, 'threads');
    await rejects(() => startWorker({ thread: 1 } as never), ValueError, "no option 'thread'");
    assert.ok(Number.isFinite((await there.evaluate(x, y)).loss));
    model.dispose();
  }));

test('a worker that ends rejects what it was asked', async () => {
  const model = network();
  const worker = await startWorker({ ...options, threads: 1, worker: fromSources() });
  const there = await worker.load(model.toBytes());
  const fit = there.fit(x, y, { epochs: 1e6 });
  await setTimeout(20);
  worker.end();
  await rejects(() => fit, StateError, 'was ended');
  await rejects(() => there.predict(x), StateError, 'was ended');
  model.dispose();
});

/** Hands on what it is given, as its namesake in the worker. */
class Same extends Layer {
  constructor() {
    super('same', {}, []);
  }
  shapeFor(from: Shape): Shape {
    return from;
  }
  emitForward(_to: Lowering, from: Value) {
    return { y: from, saved: undefined };
  }
  emitBackward(_to: Lowering, dy: Value): Value {
    return dy;
  }
}

test('a worker that fails, and one with layers of yours', async () => {
  const broken = new Worker('throw new Error("not today")', { eval: true });
  await rejects(() => startWorker({ worker: broken }), EngineError, 'not today');
  const own = await startWorker({ ...options, worker: fromSources(true) });
  const model = new Sequential([new Same(), layers.flatten()], { inputShape: [2, 2, 1] });
  const there = await own.load(model.toBytes());
  const { data } = (await there.predict(Float32Array.of(1, 2, 3, 4))) as Numbers;
  assert.equal([...data], [1, 2, 3, 4]);
  own.end();
  await working(async (worker) => {
    await rejects(() => worker.load(model.toBytes()), FormatError, "type 'same'");
  });
  model.dispose();
});

test.run();
