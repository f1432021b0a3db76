// What users do with the installed package, in plain JavaScript: scripts/check/engines.ts runs it in each engine.
// Ends without dispose: threads and workers that are left open must not keep the program from ending. Prints
// the digest of what was trained in strict arithmetic, which is to be the same everywhere.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as wg from 'wasmgrad';
import * as core from 'wasmgrad/core';
import * as data from 'wasmgrad/data';
import * as io from 'wasmgrad/io';
import * as ops from 'wasmgrad/ops';
import { startWorker } from 'wasmgrad/worker';
import * as zoo from 'wasmgrad/zoo';

const file = (name) => fileURLToPath(import.meta.resolve(name));
const warnings = [];
console.warn = (...words) => warnings.push(words.join(' '));

/** Two classes of images that are easily told apart. */
const x = Float32Array.from(
  { length: 32 * 36 },
  (_, i) => ((i * 7919) % 1009) / 505 - 1 + (Math.floor(i / 36) % 2),
);
const y = Int32Array.from({ length: 32 }, (_, i) => i % 2);

/** Trains, predicts, saves and loads, with the library given; the bytes of the model. */
async function train({ layers, Sequential, optimizers, loadModel }) {
  const model = new Sequential(
    [
      layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }),
      layers.flatten(),
      layers.dense({ units: 2 }),
    ],
    { inputShape: [6, 6, 1], seed: 1 },
  );
  model.compile({
    optimizer: optimizers.adam({ learningRate: 0.01 }),
    loss: 'softmaxCrossEntropy',
    metrics: ['accuracy'],
  });
  const { history } = await model.fit(x, y, { epochs: 40, batchSize: 8 });
  assert(history.loss.at(-1) < history.loss[0] / 4, 'the loss falls');
  assert.equal(history.accuracy.at(-1), 1);
  const bytes = model.toBytes();
  const loaded = await loadModel(bytes);
  assert.deepEqual(loaded.predict(x).toArray(), model.predict(x).toArray());
  return bytes;
}

/** Trains LeNet-5, which is large enough for threads to share; a digest of all bits. */
async function digest(library, options) {
  await library.init({ simd: 'strict', ...options });
  const model = zoo.lenet5({ seed: 1 });
  model.compile({ optimizer: wg.optimizers.sgd({ momentum: 0.9 }), loss: 'softmaxCrossEntropy' });
  const images = Float32Array.from({ length: 64 * 784 }, (_, i) => ((i * 7919) % 1009) / 1009);
  await model.fit(
    images,
    Int32Array.from({ length: 64 }, (_, i) => i % 10),
    { batchSize: 32 },
  );
  const hash = createHash('sha256').update(model.toBytes());
  return hash.update(await train(library)).digest('hex');
}

const bits = await digest(wg, { threads: 1 });
assert.equal(wg.backendInfo().threads, 1);
wg.dispose();

for (const threads of [2, 3, 'auto']) {
  assert.equal(await digest(wg, { threads }), bits, `threads: ${threads}`);
  const wanted = threads === 'auto' ? Math.min(16, availableParallelism()) : threads;
  assert.equal(wg.backendInfo().threads, wanted, `threads: ${threads}`);
  assert.equal(wg.backendInfo().simd, 'strict');
  wg.dispose();
}

const wasm = readFileSync(file('wasmgrad/kernels.wasm'));
assert.equal(await digest(wg, { threads: 1, wasm }), bits, 'wasmgrad/kernels.wasm');
wg.dispose();

// The entries are doors to one house.
await core.init();
assert.equal(core.Tensor, wg.Tensor);
assert.equal(data.Augmenter, wg.data.Augmenter);
assert.equal(ops.matMul, wg.ops.matMul);
assert(zoo.lenet5({ seed: 1 }) instanceof core.Sequential);
await train(core);
const relaxed = wg.backendInfo();

// Errors have their classes, and after one everything works.
assert.throws(() => wg.ops.matMul(wg.Tensor.zeros([2, 3]), wg.Tensor.zeros([2, 3])), wg.ShapeError);
assert.throws(() => wg.layers.dense({ units: -1 }), wg.ValueError);
await assert.rejects(wg.init({ threads: 1 }), wg.StateError);
await assert.rejects(wg.loadModel(new Uint8Array(9)), wg.FormatError);
const folder = mkdtempSync(join(tmpdir(), 'images-'));
await assert.rejects(data.imageFolder(folder), wg.FormatError);
mkdirSync(join(folder, 'class'));
writeFileSync(join(folder, 'class/image.png'), '');
await assert.rejects(data.imageFolder(folder), wg.FormatError, 'an empty file');
writeFileSync(
  join(folder, 'class/image.png'),
  io.writePng({ data: new Uint8Array(12), width: 2, height: 2 }),
);
assert.deepEqual((await data.imageFolder(folder)).shape, [1, 2, 2, 3]);
rmSync(folder, { recursive: true });
wg.dispose();
await assert.rejects(wg.init({ wasm: new Uint8Array(9) }), wg.EngineError);
assert.throws(() => wg.Tensor.zeros([1]), wg.StateError);

// The browser's bundle, and augmentation in a worker and without one: the same bits.
const bundle = await import(
  new URL('dist/browser/index.js', import.meta.resolve('wasmgrad/package.json')).href
);
await bundle.init({ simd: 'strict', threads: 1 });
await wg.init({ simd: 'strict', threads: 1 });
assert.deepEqual(await train(bundle), await train(wg), "the browser's bundle");
bundle.dispose();
wg.dispose();
const augmented = [];
for (const worker of [true, false]) {
  const augmentation = data.augment({ rotate: 20, shift: 1, mixup: 0.5 });
  const augmenter = new data.Augmenter(x, [6, 6, 1], augmentation, { worker });
  const order = Int32Array.from({ length: 32 }, (_, i) => 31 - i);
  for await (const batch of augmenter.batches({ epoch: 1, order, batchSize: 32 }))
    augmented.push([...batch]);
  assert.equal(augmenter.inWorker, worker);
}
assert.deepEqual(augmented[0], augmented[1], 'augmented in a worker and here');

// A training worker: what it trains are the same bits; one is ended, the other left open, as are threads here.
await wg.init({ threads: 2 });
const model = zoo.lenet5();
model.compile({ optimizer: wg.optimizers.sgd(), loss: 'softmaxCrossEntropy' });
const [images, labels] = [
  new Float32Array(8 * 784).fill(0.5),
  Int32Array.from({ length: 8 }, (_, i) => i),
];
const workers = [await startWorker({ threads: 1 }), await startWorker({ threads: 2 })];
const models = await Promise.all(workers.map((worker) => worker.load(model.toBytes())));
const { history } = await model.fit(images, labels);
for (const there of models) {
  assert.deepEqual((await there.fit(images, labels)).history, history);
  assert.deepEqual(await there.toBytes(), model.toBytes());
}
workers[0].end();
await assert.rejects(models[0].predict(images), wg.StateError);
assert.deepEqual(warnings, []);
console.log(JSON.stringify({ bits, variant: relaxed.variant, threads: relaxed.threads }));
