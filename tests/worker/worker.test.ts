// Training in a worker: the same bits as here, told what happens, stopped, aborted, and what goes wrong.

import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  callbacks,
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
} from '../../src/index.js';
import { type Numbers, startWorker, type TrainingWorker } from '../../src/worker/index.js';
import { close } from '../helpers/close.js';
import { rejects, sameBits } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import { fromSources } from '../helpers/spawn-source-worker.js';
import { options } from '../helpers/start.js';

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
    const there = await worker.load<readonly Numbers[]>(here.toBytes());
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

test('callbacks run here and are waited for: the training is the same as here', () =>
  working(async (worker) => {
    const here = network();
    const there = await worker.load(here.toBytes());
    /** A class of its own, whose functions are not the object's, with all that callbacks can do. */
    class Watch {
      readonly heard: string[] = [];
      #training: callbacks.Training | undefined;
      async onTrainBegin(training: callbacks.Training) {
        this.#training = training;
        const { epochs, batches, learningRateFactor, model } = training;
        this.heard.push(
          `begin ${epochs} × ${batches}, rate × ${learningRateFactor}, ${model.name}`,
        );
        const rate = training.learningRate;
        training.learningRateFactor = 0.5;
        close([training.learningRate], [(rate / learningRateFactor) * 0.5], { rtol: 1e-12 });
        this.heard.push(`rate ${rate}`);
        assert.throws(() => {
          training.learningRateFactor = -1;
        }, /learningRateFactor/);
      }
      async onEpochEnd(epoch: number, logs: callbacks.Logs) {
        this.heard.push(`next rate ${this.#training?.learningRate}`);
        await setTimeout(5);
        this.heard.push(`${epoch} ${JSON.stringify(logs)}`);
        const bytes = (await this.#training?.model.toBytes()) as Uint8Array;
        this.heard.push(`${bytes.length} ${bytes.reduce((sum, byte) => (31 * sum + byte) | 0, 0)}`);
        if (epoch % 3 === 0) this.#training?.stop();
      }
      onTrainEnd() {
        this.heard.push('end');
      }
    }
    const trained = async (model: typeof here | typeof there) => {
      const [first, second] = [new Watch(), new Watch()];
      let shares = 0;
      const onProgress = ({ epochs, samplesPerSecond }: callbacks.Progress) => {
        // The second training counts on.
        assert.ok((epochs === 1000 || epochs === 1003) && samplesPerSecond > 0);
        shares++;
      };
      const how = { epochs: 1000, batchSize: 10, validationSplit: 0.2, onProgress };
      const plateau = callbacks.reduceOnPlateau({ patience: 1, minDelta: 1 });
      const stopping = callbacks.earlyStopping({ patience: 100 });
      const history = await model.fit(x, y, { ...how, callbacks: [first, plateau, stopping] });
      const again = await model.fit(x, y, { ...how, epochs: 1000, callbacks: second });
      assert.ok(shares >= 6);
      return { history, again, heard: [first.heard, second.heard] };
    };
    assert.equal(await trained(there), await trained(here));
    here.dispose();
  }));

test('what a callback throws is what fit throws; afterwards all works', () =>
  working(async (worker) => {
    const model = network();
    const there = await worker.load(model.toBytes());
    const mine = new Error('mine');
    const bad: callbacks.Callback[] = [
      { onTrainBegin: () => Promise.reject(mine) },
      {
        onBatchEnd() {
          throw mine;
        },
      },
    ];
    for (const callback of bad) {
      const caught = await there.fit(x, y, { epochs: 1e6, callbacks: callback }).catch((e) => e);
      assert.is(caught, mine);
    }
    const saved: number[] = [];
    const checkpoint = callbacks.checkpoint({ save: (_bytes, epoch) => void saved.push(epoch) });
    await there.fit(x, y, { epochs: 2, callbacks: checkpoint });
    assert.equal(saved, [1, 2]);
    const blind = callbacks.gradientNorms({ print: null });
    await rejects(() => there.fit(x, y, { callbacks: blind }), StateError, 'in a worker');
    for (const [options, ...words] of [
      [{ callbacks: callbacks.progress }, 'callback 0', 'callbacks.progress()'],
      [{ callbacks: [null] }, 'callback 0', 'null'],
      [{ onProgress: 5 }, 'onProgress must be a function'],
      [null, 'fit: expected an options object', 'null'],
      [5, 'fit: expected an options object', 'not 5'],
      [{ shuffle: () => true }, 'fit: not all of this can be sent to a worker'],
    ] as unknown as [never, ...string[]][])
      await rejects(() => there.fit(x, y, options), ValueError, ...words);
    await rejects(() => there.predict(x, null as never), ValueError, 'predict: expected');
    assert.ok(Number.isFinite((await there.evaluate(x, y)).loss));
    model.dispose();
  }));

test('what is handed over twice, views of larger buffers, and inputs with the names of a tensor', () =>
  working(async (worker) => {
    const model = network();
    const there = await worker.load(model.toBytes().buffer);
    const given = x.slice();
    await there.predict(given, { transfer: [given.buffer] });
    const twice = () => there.predict(given, { transfer: [given.buffer] });
    await rejects(twice, ValueError, 'handed over before');
    await rejects(() => there.predict(x, { transfer: [5] as never }), ValueError, 'ArrayBuffers');
    await rejects(() => there.predict(x, { transfer: 5 as never }), ValueError, 'ArrayBuffers');
    const large = new Float32Array(1 << 24);
    large.set(x.subarray(0, 128), 500);
    const part = large.subarray(500, 628);
    const mine = model.predict(x.subarray(0, 128));
    const theirs = await there.predict(part);
    sameBits(theirs.data as Float32Array, mine.data as Float32Array, 'a part');
    const [a, b] = [input([1], { name: 'data' }), input([1], { name: 'shape' })];
    const sum = new Model({ inputs: [a, b], outputs: layers.add().apply([a, b]) });
    const remote = await worker.load(sum.toBytes());
    const both = { data: Float32Array.of(1, 2), shape: Float32Array.of(3, 5) };
    assert.equal([...(await remote.predict(both)).data], [4, 7]);
    for (const one of [mine, model, sum]) one.dispose();
  }));

test('it takes the wasm that init takes', async () => {
  const file = new URL(
    `../../build/${options.simd === 'strict' ? 'simd' : 'relaxed'}.wasm`,
    import.meta.url,
  );
  const bytes = await readFile(file);
  const address = new URL(`data:application/wasm;base64,${bytes.toString('base64')}`);
  for (const wasm of [bytes, await WebAssembly.compile(bytes), address, new Response(bytes)]) {
    const worker = await startWorker({ ...options, threads: 1, wasm, worker: fromSources() });
    worker.end();
  }
  const page = new URL('data:text/html,<h1>not found</h1>');
  await rejects(() => startWorker({ wasm: page, worker: fromSources() }), EngineError, 'HTML');
});

test('a signal aborts with its reason; what was trained stays', () =>
  working(async (worker) => {
    const model = network();
    const there = await worker.load(model.toBytes());
    const reasons = [new Error('enough'), 'just so', undefined];
    for (const reason of reasons) {
      const controller = new AbortController();
      const { signal } = controller;
      let begun = () => {};
      const trains = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const fit = there.fit(x, y, { epochs: 1e6, batchSize: 10, signal, onProgress: begun });
      await trains;
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

test('evaluations and predictions are aborted too', () =>
  working(async (worker) => {
    const model = network();
    const there = await worker.load(model.toBytes());
    const controller = new AbortController();
    const { signal } = controller;
    assert.ok('shape' in (await there.predict(x, { signal })));
    const waiting = [1, 2].map(() => there.predict(x, { batchSize: 1, signal }));
    const measured = there.evaluate(x, y, { batchSize: 1, signal });
    controller.abort('enough');
    const ends = await Promise.allSettled([...waiting, measured, there.predict(x, { signal })]);
    // The last was not sent. Of the others those that had begun may be done.
    assert.equal(ends.at(-1), { status: 'rejected', reason: 'enough' });
    for (const end of ends) if (end.status === 'rejected') assert.is(end.reason, 'enough');
    assert.is(ends[1].status, 'rejected', 'one that waited for its turn');
    await rejects(() => there.predict(x, { signal: 1 as never }), ValueError, 'AbortSignal');
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
    for (const it of [model, there] as never[])
      await rejects(() => worker.load(it), FormatError, 'load', 'model.toBytes() gives its bytes');
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
  const { data } = await there.predict(Float32Array.of(1, 2, 3, 4));
  assert.equal([...data], [1, 2, 3, 4]);
  own.end();
  await working(async (worker) => {
    await rejects(() => worker.load(model.toBytes()), FormatError, "type 'same'");
  });
  model.dispose();
});

test.run();
