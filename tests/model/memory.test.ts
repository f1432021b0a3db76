// Memory: nothing grows with time, everything comes back, and the allocator does what a naive one does.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LinearMemory } from '../../bindings/memory.js';
import {
  memory,
  OutOfMemoryError,
  optimizers,
  StateError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import { picker } from '../helpers/cases.js';
import { compiled, predictions, rejects, samples } from '../helpers/models.js';
import '../helpers/start.js';

const { x, y } = samples(64);
const MIB = 1 << 20;

test('a thousand steps take what ten take', () => {
  const image = [x.subarray(0, 16 * 36), y.subarray(0, 16)] as const;
  for (const algorithm of ['direct', 'winograd'] as const) {
    const train = () => {
      const model = compiled({ optimizer: optimizers.adam(), algorithm });
      model.trainOnBatch(...image);
      return model;
    };
    // The kernels' scratch is made for the first program, grows to the largest, and stays.
    train().dispose();
    const before = memory();
    const model = train();
    for (let step = 1; step < 10; step++) model.trainOnBatch(...image);
    const early = memory();
    for (const use of ['parameters', 'gradients', 'optimizer', 'activations', 'scratch'] as const) {
      assert.ok(early[use] > before[use], use);
    }
    for (let step = 0; step < 1000; step++) model.trainOnBatch(...image);
    assert.equal(memory(), early, algorithm);
    model.dispose();
    assert.equal({ ...memory(), bytes: 0 }, { ...before, bytes: 0 }, algorithm);
  }
});

test('what a model holds is what it must: its vectors in whole lines', () => {
  const before = memory();
  const model = compiled({ optimizer: optimizers.adam() });
  model.trainOnBatch(x, y);
  // Lines of 16 floats: kernel 36 and 48, six vectors of 3 or 4, of which two are not trained.
  const trained = (48 + 16 + 16 + 16 + 48 + 16) * 4;
  const now = memory();
  assert.is(now.parameters - before.parameters, trained + 2 * 64);
  assert.is(now.gradients - before.gradients, trained);
  assert.is(now.optimizer - before.optimizer, 2 * trained);
  model.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
  model.trainOnBatch(x, y);
  assert.is(memory().optimizer, before.optimizer, 'plain descent keeps nothing');
  model.dispose();
});

test('a model that only predicts has no gradients', () => {
  const before = memory();
  const model = compiled();
  predictions(model, x);
  assert.equal([memory().gradients, memory().optimizer], [before.gradients, before.optimizer]);
  model.dispose();
});

test('predicting and evaluating in batches of all sizes, over and over, takes no more', async () => {
  const model = compiled();
  const round = async () => {
    for (let size = 1; size <= 20; size++) {
      predictions(model, x.subarray(0, 36 * (21 + size)), size);
      await model.evaluate(x, y, { batchSize: size });
      model.trainOnBatch(x.subarray(0, 36 * size), y.subarray(0, size));
    }
  };
  // In the first round the arena grows, and programs are made anew for that.
  await round();
  await round();
  const first = memory();
  for (let i = 0; i < 5; i++) await round();
  assert.equal(memory(), first);
  model.dispose();
});

test('only the programs used last are kept', () => {
  const model = compiled();
  predictions(model, x, 64);
  const one = memory().scratch;
  const after = (sizes: number[]) => {
    for (const size of sizes) predictions(model, x.subarray(0, 36 * size), size);
    return memory().scratch - one;
  };
  const program = after([1]);
  assert.ok(program > 0);
  assert.is(after([2, 3, 4, 5, 6, 7]), 7 * program);
  assert.is(after([8, 9, 10, 11, 12]), 7 * program);
  model.dispose();
});

test('models come and go; calls that fail leave nothing', async () => {
  const start = memory();
  for (let i = 0; i < 20; i++) {
    const model = compiled({ seed: i });
    model.trainOnBatch(x, y);
    await rejects(() => model.predict([Number.NaN, ...x.subarray(1)]), Error, 'shape');
    await rejects(
      () => model.predict(Float32Array.from(x).fill(Number.NaN, 70)),
      Error,
      'NaN in sample 1',
    );
    model.dispose();
    model.dispose();
  }
  assert.equal({ ...memory(), bytes: 0 }, { ...start, bytes: 0 });
});

test('a tensor is freed by dispose, with the last view of it', async () => {
  const before = memory().tensors;
  const tensor = Tensor.zeros([100, 10]);
  assert.is(memory().tensors - before, 4032);
  const view = tensor.reshape([10, -1]);
  tensor.dispose();
  tensor.dispose();
  assert.is(memory().tensors - before, 4032);
  assert.is(view.data.length, 1000);
  view.dispose();
  assert.is(memory().tensors, before);
  await rejects(() => view.data, StateError, '[10, 100]', 'dispose');
  {
    using scoped = Tensor.zeros([5]);
    assert.ok(memory().tensors > before, `${scoped.size}`);
  }
  assert.is(memory().tensors, before);
});

test('a live view survives growth by asking again', () => {
  const tensor = Tensor.from([1, 2, 3]);
  const old = tensor.data;
  const large = Tensor.zeros([memory().bytes / 4]);
  // Memory that threads share stays where it was.
  assert.is(old.length, old.buffer instanceof ArrayBuffer ? 0 : 3);
  assert.equal([...tensor.data], [1, 2, 3]);
  tensor.dispose();
  large.dispose();
});

test('the allocator against a naive one: first fit, aligned, neighbours joined', () => {
  for (let seed = 0; seed < 20; seed++) {
    const pick = picker(seed);
    const linear = new LinearMemory(64);
    const base = pick([0, 1, 1000, 70000]);
    linear.open(base);
    const first = Math.max(64, Math.ceil(base / 64) * 64);
    const live: { from: number; to: number; use: 'tensors' | 'scratch' }[] = [];
    for (let i = 0; i < 400; i++) {
      if (pick([0, 1, 1, 0, 1]) === 0 && live.length > 0) {
        const [gone] = live.splice(live.indexOf(pick(live)), 1);
        linear.free(gone.from);
        linear.free(gone.from);
        continue;
      }
      const bytes = pick([0, 1, 63, 64, 65, 128, 1000, 5000, 70000, 200000]);
      const size = Math.max(64, Math.ceil(bytes / 64) * 64);
      // The lowest gap that is wide enough.
      live.sort((a, b) => a.from - b.from);
      let expected = first;
      for (const { from, to } of live) {
        if (from - expected >= size) break;
        expected = to;
      }
      const use = pick(['tensors', 'scratch'] as const);
      assert.is(linear.allocate(bytes, use), expected, `seed ${seed}, step ${i}`);
      assert.ok(linear.bytes >= expected + size + 64, 'room for a vector behind the end');
      live.push({ from: expected, to: expected + size, use });
      for (const one of ['tensors', 'scratch'] as const) {
        const sum = live
          .filter((block) => block.use === one)
          .reduce((total, { from, to }) => total + to - from, 0);
        assert.is(linear.used(one), sum);
      }
    }
    for (const { from } of live.splice(0)) linear.free(from);
    const { bytes } = linear;
    assert.is(
      linear.allocate(bytes - first - 64, 'tensors'),
      first,
      'all of it is one block again',
    );
    assert.is(linear.bytes, bytes);
  }
});

test('views are of the memory as it is now', () => {
  const linear = new LinearMemory(8);
  linear.open(64);
  const address = linear.allocate(4, 'tensors');
  linear.views.float32[address / 4] = 1.5;
  const before = linear.views;
  assert.is(linear.views, before);
  linear.allocate(MIB, 'tensors');
  assert.is.not(linear.views, before);
  assert.is(linear.views.float32[address / 4], 1.5);
  assert.is(linear.views.int32[address / 4], 0x3fc00000);
});

test('no room: how much is needed, what the limit is, what is in use; nothing is lost by it', async () => {
  const linear = new LinearMemory(2);
  linear.open(1024);
  const half = linear.allocate(MIB, 'tensors');
  const say = [
    'the table needs 1.5 MiB',
    '2.0 MiB is the limit',
    '1.0 MiB of it in use',
    'smaller batch',
    'maximumMemory',
  ];
  await rejects(() => linear.allocate(1.5 * MIB, 'tensors', 'the table'), OutOfMemoryError, ...say);
  assert.is(linear.used('tensors'), MIB);
  const quarter = linear.allocate(MIB / 4, 'scratch');
  linear.free(half);
  linear.free(quarter);
  // A vector may be read behind the last block: there must be room for it.
  await rejects(() => linear.allocate(2 * MIB - 1024, 'tensors'), OutOfMemoryError, '2.0 MiB');
  assert.is(
    linear.allocate(2 * MIB - 1024 - 64, 'tensors'),
    1024,
    'all below the limit can be had',
  );
  assert.is(linear.bytes, 2 * MIB);
  linear.free(1024);
  linear.free(12345);
  for (const bad of [
    0,
    0.5,
    -1,
    4097,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '64' as unknown as number,
  ]) {
    await rejects(() => new LinearMemory(bad), ValueError, 'maximumMemory', '1 to 4096', `${bad}`);
  }
});

test.run();
