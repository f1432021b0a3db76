// What TF.js says of memory on our backend is what it says on cpu, numbers live as long as somebody holds them, and no
// step of a training leaves anything behind.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memory } from '../../src/index.js';
import { configure } from '../../src/tfjs/index.js';
import { numbers } from '../helpers/random.js';
import { options } from '../helpers/start.js';
import { makeTraining, trainedHash } from '../helpers/tfjstraining.js';

configure(options);
const ours = () => tf.setBackend('wasmgrad');
const cpu = () => tf.setBackend('cpu');

const counts = () => {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  return { numTensors, numDataBuffers, numBytes };
};

const drawn = (shape: number[], seed: number) =>
  tf.tensor(
    numbers(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    shape,
  );

/** Filters for three channels, as a variable. */
function filter(count: number): tf.Variable<tf.Rank.R4> {
  const begun = drawn([3, 3, 3, count], 2);
  const variable = tf.variable(begun);
  begun.dispose();
  return variable as tf.Variable<tf.Rank.R4>;
}

/** Does steps on a backend. @returns what TF.js counts more after each than before all, by its name */
async function traced(
  backend: string,
  steps: Readonly<Record<string, () => unknown>>,
): Promise<Record<string, object>> {
  await tf.setBackend(backend);
  const before = counts();
  const seen: Record<string, object> = {};
  for (const [name, step] of Object.entries(steps)) {
    await step();
    const now = counts();
    seen[name] = {
      tensors: now.numTensors - before.numTensors,
      buffers: now.numDataBuffers - before.numDataBuffers,
      bytes: now.numBytes - before.numBytes,
    };
  }
  return seen;
}

/** That both count alike, and that nothing is left after the last step. */
async function sameCounts(make: () => Record<string, () => unknown>): Promise<void> {
  const expected = await traced('cpu', make());
  await ours();
  const before = memory().tensors;
  const found = await traced('wasmgrad', make());
  assert.equal(found, expected);
  assert.equal(Object.values(found).at(-1), { tensors: 0, buffers: 0, bytes: 0 });
  assert.is(memory().tensors, before);
}

test('tensors of all types, clones, shapes and parts are counted as on cpu', () =>
  sameCounts(() => {
    const held: tf.Tensor[] = [];
    const hold = (x: tf.Tensor) => held.push(x);
    return {
      tensor: () => hold(drawn([4, 6], 1)),
      clone: () => hold(held[0].clone()),
      reshape: () => hold(tf.reshape(held[0], [24])),
      kernel: () => hold(tf.relu(held[0])),
      'its clone': () => hold(held[3].clone()),
      cast: () => hold(tf.cast(held[3], 'int32')),
      'no cast': () => hold(tf.cast(held[3], 'float32')),
      bool: () => hold(tf.greater(held[0], 0)),
      slice: () => hold(tf.slice(held[3], [1, 2], [2, 3])),
      'all of it': () => hold(tf.stridedSlice(held[3], [0, 0], [4, 6], [1, 1])),
      'windows of one pixel': () => {
        const image = tf.reshape(held[3], [1, 2, 3, 4]) as tf.Tensor4D;
        for (const stride of [1, 2]) {
          hold(tf.maxPool(image, 1, stride, 'valid'));
          hold(tf.avgPool(image, 1, stride, 'valid'));
        }
        hold(image);
      },
      gather: () => hold(tf.tidy(() => tf.gather(held[3], tf.tensor1d([1, 0], 'int32')))),
      complex: () => hold(tf.complex(held[0], held[3])),
      strings: () => hold(tf.tensor(['a', 'bcd'])),
      read: () => held.map((x) => x.dataSync()),
      'the first goes': () => held.splice(0, 1)[0].dispose(),
      'all go': () => tf.dispose(held),
    };
  }));

test('a cast is of the type it says, whoever computes with it', async () => {
  const compute = () => {
    const labels = tf.oneHot([0, 2, 1], 3);
    const flags = tf.greater(drawn([3, 3], 1), 0);
    return [
      tf.mul(tf.cast(labels, 'float32'), drawn([3, 3], 2)),
      tf.mul(tf.cast(flags, 'float32'), drawn([3, 3], 2)),
      tf.add(tf.cast(flags, 'int32'), labels),
      tf.sum(tf.cast(tf.cast(flags, 'int32'), 'float32'), 0),
    ].map((x) => [...x.dataSync()]);
  };
  await cpu();
  const expected = tf.tidy(compute as never);
  await ours();
  assert.equal(tf.tidy(compute as never), expected);
});

test('tidy, keep, variables and gradients are counted as on cpu', () =>
  sameCounts(() => {
    let kept: tf.Tensor;
    let made: tf.Tensor;
    let variable: tf.Variable;
    let x: tf.Tensor4D;
    let w: tf.Variable<tf.Rank.R4>;
    let optimizer: tf.Optimizer;
    const convolved = (y: tf.Tensor) => tf.conv2d(y as tf.Tensor4D, w, 1, 'same');
    const loss = (): tf.Scalar => tf.mean(tf.square(tf.relu(convolved(x))));
    return {
      begin() {
        optimizer = tf.train.sgd(0.1);
        x = drawn([2, 8, 8, 3], 1) as tf.Tensor4D;
        w = filter(4);
      },
      tidy() {
        made = tf.tidy(() => {
          kept = tf.keep(tf.exp(x));
          return tf.softmax(tf.add(tf.exp(kept), tf.sum(x)));
        });
      },
      nested: () => tf.tidy(() => tf.tidy(() => tf.neg(x)).dataSync()),
      variable() {
        variable = tf.variable(made);
      },
      assign: () => tf.tidy(() => variable.assign(tf.square(variable as unknown as tf.Tensor))),
      'assign what stays': () => variable.assign(made),
      gradient: () => tf.tidy(() => void tf.variableGrads(loss)),
      'gradient of images': () => tf.grad(convolved)(x).dispose(),
      minimize: () => optimizer.minimize(loss),
      'all go'() {
        optimizer.dispose();
        tf.dispose([kept, made, x]);
        tf.disposeVariables();
      },
    };
  }));

test('what is read is a copy, which outlives the tensor and growing memory', async () => {
  await ours();
  const x = tf.tidy(() => tf.add(drawn([1000], 1), 0));
  const [first, second] = [x.dataSync(), await x.data()];
  first.fill(7);
  assert.equal(second, numbers(1000, 1));
  assert.equal(x.dataSync(), numbers(1000, 1));
  const y = tf.relu(x);
  const before = y.dataSync();
  const { bytes } = memory();
  const large = tf.add(tf.ones([bytes / 4]), 1);
  assert.ok(memory().bytes > bytes, 'linear memory has grown');
  assert.equal(second, numbers(1000, 1));
  assert.equal(y.dataSync(), before);
  assert.equal(await tf.neg(tf.neg(y)).array(), y.arraySync());
  tf.dispose([x, y, large]);
  assert.equal(second, numbers(1000, 1));
});

test('given arrays stay as they are, and belong to whom they belong', async () => {
  await ours();
  const values = numbers(100, 1);
  const x = tf.tensor1d(values);
  const y = tf.relu(x);
  assert.equal(values, numbers(100, 1));
  assert.equal(x.dataSync(), values);
  tf.dispose([x, y]);
});

test('tensors of one backend are used on the other, and back', async () => {
  await cpu();
  const a = drawn([5, 7], 1);
  const view = tf.reshape(a, [35]);
  await ours();
  const begun = { ...counts(), bytes: memory().tensors };
  const b = tf.square(view);
  a.dispose();
  // What shared the numbers has them still.
  const squares = numbers(35, 1).map((x) => Math.fround(x * x));
  assert.equal(b.dataSync(), squares);
  assert.equal(view.dataSync(), numbers(35, 1));
  await cpu();
  const c = tf.add(b, view);
  assert.equal(
    c.dataSync(),
    squares.map((x, i) => Math.fround(x + numbers(35, 1)[i])),
  );
  await ours();
  const d = tf.sub(c, b);
  const flags = tf.greater(d, 0);
  await cpu();
  const some = tf.where(flags, d, tf.zerosLike(d));
  assert.equal(
    some.dataSync(),
    d.dataSync().map((x) => Math.max(0, x)),
  );
  assert.is(counts().numTensors, begun.numTensors + 5);
  tf.dispose([view, b, c, d, flags, some]);
  await ours();
  assert.is(memory().tensors, begun.bytes);
});

test('reading and disposing on the other backend', async () => {
  await ours();
  const before = memory().tensors;
  const x = tf.tidy(() => tf.add(drawn([50], 1), 1));
  const expected = numbers(50, 1).map((value) => Math.fround(value + 1));
  await cpu();
  assert.equal(x.dataSync(), expected);
  assert.equal(await x.data(), expected);
  x.dispose();
  assert.is(memory().tensors, before);
  assert.throws(() => x.dataSync(), /disposed/);
});

test('a gradient that is computed when it is read is the one of the time when it was asked for', async () => {
  const gradientOf = (change: (w: tf.Variable<tf.Rank.R4>) => void) => {
    const x = drawn([2, 9, 9, 3], 1) as tf.Tensor4D;
    const w = filter(8);
    const dy = drawn([2, 9, 9, 8], 3) as tf.Tensor4D;
    const dx = tf.grad((y: tf.Tensor) => tf.conv2d(y as tf.Tensor4D, w, 1, 'same'))(x, dy);
    tf.dispose([x, dy]);
    change(w);
    return dx;
  };
  const changes: Record<string, (w: tf.Variable<tf.Rank.R4>) => void> = {
    nothing: () => undefined,
    'the filter is disposed of': (w) => w.dispose(),
    'the filter is assigned': (w) => w.assign(tf.zerosLike(w)),
    'an optimizer changes the filter': (w) =>
      tf.train.adam(0.1).applyGradients([{ name: w.name, tensor: tf.onesLike(w) }]),
    'memory is used by others': () => {
      for (let i = 0; i < 20; i++) tf.tidy(() => tf.square(tf.fill([648], i)));
    },
  };
  await cpu();
  const expected = gradientOf(() => undefined).dataSync() as Float32Array;
  await ours();
  const before = memory().tensors;
  for (const [name, change] of Object.entries(changes)) {
    tf.engine().startScope();
    const dx = gradientOf(change);
    const found = dx.dataSync() as Float32Array;
    const apart = found.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - expected[i])),
      0,
    );
    assert.ok(apart < 1e-5, `${name}: ${apart} apart`);
    tf.engine().endScope();
    tf.disposeVariables();
  }
  assert.is(memory().tensors, before, 'what it was computed of is given back');
  gradientOf((w) => w.dispose()).dispose();
  assert.is(memory().tensors, before, 'nor does one stay that nobody reads');
});

test('100 steps of training leave nothing behind', async () => {
  await ours();
  const { tensors } = memory();
  const nothing = counts();
  const training = makeTraining(12, 8);
  for (let i = 0; i < 20; i++) await training.step();
  const [early, ourEarly] = [counts(), memory()];
  for (let i = 0; i < 100; i++) await training.step();
  assert.equal(counts(), early);
  assert.equal(memory(), ourEarly);
  training.dispose();
  assert.equal(counts(), nothing);
  assert.is(memory().tensors, tensors);
});

/** Runs a program of the helpers. @returns what it prints */
function run(name: string, env: Readonly<Record<string, string>> = {}): string {
  const program = fileURLToPath(new URL(`../helpers/${name}.ts`, import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', program], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  assert.is(status, 0, stderr);
  return stdout.trim();
}

test('two threads train to the same bits as one', async () => {
  await ours();
  const own = await trainedHash();
  assert.match(own, /^[0-9a-f]{64}$/);
  // This process runs on one or on several.
  const WASMGRAD_THREADS = options.threads === 1 ? '2' : '1';
  assert.is(run('tfjstraining', { WASMGRAD_THREADS }), own);
});

test('where memory is short, tensors leave it and come back', () => {
  const { limit, whole, message, survived, left, ...checks } = JSON.parse(run('tfjsshort'));
  assert.ok(whole <= limit, `${whole} bytes of ${limit}`);
  for (const [name, isRight] of Object.entries(checks)) assert.ok(isRight, name);
  assert.is(survived, 120);
  assert.match(message, /^OutOfMemoryError: .*17\.0 MiB.*16\.0 MiB is the limit/);
  assert.not.match(message, /\n/);
  assert.ok(left <= limit);
});

test.run();
