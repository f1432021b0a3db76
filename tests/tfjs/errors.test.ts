// What a user of the backend for TF.js does wrong: said in one line with the way out, after which the backend works on.
// Missing packages and two copies of one need a folder of packages of their own: scripts/check/peers.ts.

import * as tf from '@tensorflow/tfjs-core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  backendInfo,
  dispose,
  EngineError,
  init,
  memory,
  OutOfMemoryError,
  StateError,
  ValueError,
} from '../../src/index.js';
import { configure } from '../../src/tfjs/index.js';
import { checkVersions } from '../../src/tfjs/peers.js';
import { warnings } from '../helpers/console.js';
import { options } from '../helpers/start.js';

const MIB = 1 << 20;

/** Fails unless `bad` throws an error of this kind, whose message is one line, this one. */
function throws(
  bad: () => unknown,
  Kind: abstract new (...args: never[]) => Error,
  line: string | RegExp,
): void {
  let error: unknown;
  try {
    bad();
  } catch (thrown) {
    error = thrown;
  }
  assert.instance(error, Kind, `expected ${Kind.name} with ${line}, got ${error}`);
  const { message } = error as Error;
  assert.not.match(message, /\n/);
  if (typeof line === 'string') assert.is(message, line);
  else assert.match(message, line);
}

/** Whether the backend computes. */
const works = (): boolean => tf.tidy(() => tf.add(tf.tensor1d([1, 2]), 3).dataSync()[1] === 5);

test('options that make no sense are refused at once', () => {
  const wrong = [{ thread: 2 }, { threads: 0 }, { simd: 'fast' }, { maximumMemory: 5000 }, 3];
  const lines = [
    "configure: there is no option 'thread' (did you mean 'threads'?); there are threads, simd, revectorize, maximumMemory, wasm",
    "configure: threads must be a whole number from 1 to 64 or 'auto', not 0",
    /^configure: simd must be 'auto', 'strict' or 'relaxed'/,
    /^configure: maximumMemory must be a number from 1 to 4096, not 5000$/,
    /^configure: expected an options object, such as \{ threads: … \}, not 3$/,
  ];
  wrong.forEach((given, i) => {
    throws(() => configure(given as never), ValueError, lines[i]);
  });
});

test('packages of another major version are named', () => {
  checkVersions({ 'tfjs-core': '4.0.0', 'tfjs-backend-cpu': '4.22.0' });
  throws(
    () => checkVersions({ 'tfjs-core': '3.21.0' }),
    EngineError,
    'wasmgrad/tfjs needs version 4 of @tensorflow/tfjs-core, not 3.21.0: npm install @tensorflow/tfjs-core@4 @tensorflow/tfjs-backend-cpu@4',
  );
  throws(
    () => checkVersions({ 'tfjs-backend-cpu': undefined }),
    EngineError,
    /tfjs-backend-cpu, not one that says none: npm install/,
  );
});

test('a start that fails says why in one line, and another may follow', async () => {
  dispose();
  configure({ ...options, wasm: new Uint8Array([0, 97, 115, 109]) });
  let isSet: boolean | undefined;
  const lines = await warnings(async () => {
    isSet = await tf.setBackend('wasmgrad');
  });
  assert.is(isSet, false);
  assert.is(lines.length, 2, lines.join('\n'));
  assert.match(lines[1], /^EngineError: [^\n]*$/);
  // An op starts it too, without waiting for it.
  await warnings(async () => {
    throws(() => tf.add(1, 2), Error, /^The highest priority backend 'wasmgrad'.*await tf\.ready/);
    await tf.ready();
  });
});

test('where wasmgrad runs with other options than were asked for, the start says so', async () => {
  await init({ ...options, maximumMemory: 128 });
  configure({ ...options, maximumMemory: 64 });
  const lines = await warnings(() => tf.setBackend('wasmgrad'));
  assert.match(
    lines[1],
    /^StateError: init: already running with other options \(maximumMemory: 128, not 64\); call dispose\(\) first$/,
  );
  dispose();
});

test('TF.js says it where setBackend is not awaited', async () => {
  configure({ ...options, maximumMemory: 64 });
  const isSet = tf.setBackend('wasmgrad');
  const early = /^Backend 'wasmgrad' has not yet been initialized.*await tf\.setBackend/;
  throws(() => tf.tensor1d([1]), Error, early);
  throws(() => tf.add(1, 2), Error, early);
  assert.ok(await isSet);
  assert.ok(works());
});

test('options that come after the start are refused', () => {
  throws(
    () => configure({ threads: 1 }),
    StateError,
    "configure: the backend has started already: call it before tf.setBackend('wasmgrad') and tf.ready()",
  );
  assert.ok(works());
});

test('more tensors than linear memory has room for lie in the memory of JavaScript', () => {
  const count = 12;
  const length = (8 * MIB) / 4;
  const all = Array.from({ length: count }, (_, i) =>
    tf.tidy(() => tf.add(tf.fill([length], i), 1)),
  );
  assert.ok(memory().bytes <= 64 * MIB);
  const means = all.map((tensor) => tf.tidy(() => tf.mean(tensor).dataSync()[0]));
  assert.equal(
    means,
    Array.from({ length: count }, (_, i) => i + 1),
  );
  tf.dispose(all);
});

test('what does not fit at all is said, and the backend works on', () => {
  const before = tf.memory().numTensors;
  const line =
    /^a tensor of shape \[5000, 5000\] needs 95\.4 MiB; 64\.0 MiB is the limit and [\d.]+ MiB of it in use: use a smaller batch or model, or dispose what is no longer needed; or raise configure\(\{ maximumMemory \}\)$/;
  throws(
    () => tf.tidy(() => tf.matMul(tf.ones([5000, 1]), tf.ones([1, 5000]))),
    OutOfMemoryError,
    line,
  );
  throws(
    () => tf.tidy(() => tf.square(tf.ones([5000, 5000]))),
    OutOfMemoryError,
    /^a tensor of shape \[25000000\] needs/,
  );
  assert.is(tf.memory().numTensors, before);
  assert.ok(works());
});

test('tensors of before dispose() are gone, and new ones work after init()', async () => {
  const before = tf.tidy(() => tf.add(tf.tensor1d([1, 2]), 3));
  dispose();
  throws(works, StateError, 'wasmgrad is not running: `await init()` first');
  await init({ ...options });
  assert.ok(works());
  const gone = 'a tensor of shape [2] was used after dispose';
  throws(() => before.dataSync(), StateError, gone);
  throws(() => tf.add(before, 1), StateError, gone);
  before.dispose();
  assert.ok(works());
});

test('without configure it takes wasmgrad as it runs', () => {
  assert.is(backendInfo().threads, options.threads);
});

test.run();
