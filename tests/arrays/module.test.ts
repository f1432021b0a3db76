// The module arrays: loaded when it is asked for, before or after init, while threads run, and again; on any number of
// threads with the same bits; from files.

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FIRST_OPCODE, records } from '../../bindings/arrays.js';
import { backend } from '../../bindings/backend.js';
import { kernels } from '../../bindings/kernels.js';
import {
  backendInfo,
  dispose,
  init,
  input,
  layers,
  loadModel,
  Model,
  ops,
  optimizers,
  StateError,
  Tensor,
} from '../../src/index.js';
import * as arrays from '../../src/operators/arrays/index.js';
import { rejects, sameBits, weightsOf } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import { options } from '../helpers/start.js';

/** Every kernel of arrays, between a convolution and a dense layer. */
function network(): Model {
  const x = input([9, 8, 3]);
  const conv = layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same' }).apply(x);
  const normed = arrays.groupNorm({ groups: 2, epsilon: 0.1 }).apply(conv);
  const mapped = arrays.map({ fn: 'mish' }).apply(normed);
  const resized = arrays.resize({ axes: [0, 1], sizes: [12, 11], mode: 'linear' }).apply(mapped);
  const padded = arrays
    .pad({
      padding: [
        [1, 0],
        [0, 2],
        [0, 0],
      ],
      value: 0.5,
    })
    .apply(resized);
  const pooled = arrays.dilatedMaxPool2d({ poolSize: 2, strides: 1, dilation: 2 }).apply(padded);
  const turned = arrays.transpose({ axes: [2, 0, 1] }).apply(pooled);
  const scaled = arrays.combineWeight({ fn: 'add', shape: [8, 1, 1] }).apply(turned);
  const means = arrays.reduce({ fn: 'mean', axes: [1], keepDims: true }).apply(scaled);
  const centred = arrays.combine({ fn: 'subtract' }).apply([scaled, means]);
  const best = arrays.argMax({ axis: 0 }).apply(centred);
  const flat = layers.flatten().apply(centred);
  const places = layers.flatten().apply(arrays.map({ fn: 'affine', alpha: 0.01 }).apply(best));
  const all = layers.concat().apply([flat, places]);
  return new Model({ inputs: x, outputs: layers.dense({ units: 4 }).apply(all), seed: 3 });
}

function trained(model: Model, steps = 3): Float32Array {
  const learningRate = 0.01;
  model.compile({ optimizer: optimizers.sgd({ learningRate }), loss: 'softmaxCrossEntropy' });
  const x = numbers(13 * 216, 5);
  const y = Int32Array.from({ length: 13 }, (_, i) => i % 4);
  for (let i = 0; i < steps; i++) model.trainOnBatch(x, y);
  const weights = weightsOf(model as never);
  model.dispose();
  return weights;
}

/** A sum by the core's kernels. */
function works(): void {
  const [a, b] = [Tensor.from([1, 2]), Tensor.from([3, 5])];
  const sum = ops.add(a, b);
  assert.equal([...sum.data], [4, 7]);
  for (const tensor of [a, b, sum]) tensor.dispose();
}

/** First of all, as nothing has asked for the module yet where a process runs this file alone. */
test('before it is loaded: who needs it is told what to call', async () => {
  if (backend().beside.arrays) return;
  const model = network();
  const x = numbers(216, 1);
  await rejects(() => model.predict(x), StateError, 'useArrays()');
  await arrays.useArrays();
  model.predict(x).dispose();
  model.dispose();
});

test('loading it while threads run: runs go on, and all threads are back', async () => {
  dispose();
  await init({ ...options, threads: 3 });
  const before = backend();
  assert.ok(before.beside.arrays, 'it was wanted before this start');
  works();
  // As if it was not there yet.
  (before.beside as { arrays?: unknown }).arrays = undefined;
  const loading = arrays.useArrays();
  const again = arrays.useArrays();
  let runs = 0;
  let isLoading = true;
  void loading.finally(() => {
    isLoading = false;
  });
  while (isLoading) {
    works();
    runs++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await again;
  assert.ok(runs > 1, 'it ran meanwhile');
  assert.is(backend(), before);
  assert.is(backendInfo().threads, 3);
  assert.ok(trained(network()).every(Number.isFinite));
});

test('dispose amid loading leaves nothing running', async () => {
  dispose();
  await init({ ...options, threads: 2 });
  (backend().beside as { arrays?: unknown }).arrays = undefined;
  const loading = arrays.useArrays();
  await Promise.resolve();
  dispose();
  await loading;
  await rejects(() => backendInfo(), StateError, 'init');
  await init(options);
  assert.ok(trained(network(), 1).every(Number.isFinite));
});

test('the same bits on 1, 2, 3 and 5 threads', async () => {
  let expected: Float32Array | undefined;
  for (const threads of [1, 2, 3, 5]) {
    dispose();
    await init({ ...options, threads });
    assert.is(backendInfo().threads, threads);
    const weights = trained(network());
    assert.ok(weights.every(Number.isFinite));
    expected ??= weights;
    sameBits(weights, expected, `on ${threads} threads`);
  }
  dispose();
  await init(options);
});

test('a file of such a model loads it itself, and has the same numbers', async () => {
  const model = network();
  const x = numbers(216, 1);
  const y = model.predict(x).data.slice();
  const bytes = model.toBytes();
  model.dispose();
  (backend().beside as { arrays?: unknown }).arrays = undefined;
  const loaded = await loadModel(bytes);
  assert.ok(backend().beside.arrays);
  sameBits((loaded.predict(x) as Tensor).data as Float32Array, y, 'the loaded model');
  loaded.dispose();
});

test('a clip without a bound survives a file', async () => {
  const x = input([3]);
  const y = arrays.map({ fn: 'clip', alpha: -Infinity, beta: 0.5 }).apply(x);
  const model = new Model({ inputs: x, outputs: y });
  const loaded = await loadModel(model.toBytes());
  assert.equal([...loaded.predict(Float32Array.of(-100, 0, 1)).data], [-100, 0, 0.5]);
  for (const each of [model, loaded]) each.dispose();
});

/** Sections of a wasm module: their numbers and bytes. */
function sections(bytes: Uint8Array): Map<number, number> {
  const found = new Map<number, number>();
  let at = 8;
  const number = (): number => {
    let [value, shift, byte] = [0, 0, 0];
    do {
      byte = bytes[at++];
      value |= (byte & 127) << shift;
      shift += 7;
    } while (byte & 128);
    return value;
  };
  while (at < bytes.length) {
    const section = bytes[at++];
    const size = number();
    found.set(section, size);
    at += size;
  }
  return found;
}

test('the module has no static data, which would lie over those of the core', () => {
  const [code, data] = [10, 11];
  const build = (name: string) =>
    readFileSync(new URL(`../../build/${name}.wasm`, import.meta.url));
  for (const variant of ['simd', 'relaxed', 'simd-threads', 'relaxed-threads']) {
    const own = sections(build(`arrays-${variant}`));
    assert.ok(own.has(code), 'the sections were found');
    assert.not(own.has(data), variant);
    assert.ok(sections(build(variant)).has(data), 'the core has some');
  }
});

test('its ops have numbers of their own', () => {
  const own = Object.keys(records);
  const others = Object.keys(kernels).filter((name) => !own.includes(name));
  const opcode = (name: string) => kernels[name as keyof typeof kernels].opcode;
  assert.equal(
    own.map(opcode),
    own.map((_, i) => FIRST_OPCODE + i),
  );
  assert.ok(others.every((name) => opcode(name) < FIRST_OPCODE));
});

test.run();
