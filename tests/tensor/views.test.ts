// Arrays over linear memory: a tensor's `data` handed in as data, memory that grows under it, and
// tensors that were forgotten while their data is still held.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backend } from '../../bindings/backend.js';
import { layers, memory, optimizers, Sequential, Tensor, ValueError } from '../../src/index.js';
import { compiled, rejects, samples } from '../helpers/models.js';
import '../helpers/start.js';

const count = 200;
const inputs = Float32Array.from({ length: 6 * count }, (_, i) => Math.sin(i * i));
const classes = Int32Array.from({ length: count }, (_, i) => i % 3);

function wide(): Sequential {
  // Wide enough that each new batch size makes the memory grow.
  const model = new Sequential([layers.dense({ units: 3000 }), layers.dense({ units: 3 })], {
    inputShape: [6],
    seed: 1,
  });
  model.compile({
    optimizer: optimizers.sgd(),
    loss: 'softmaxCrossEntropy',
    metrics: ['accuracy'],
  });
  return model;
}

test('tensor.data as x and y is the tensor, however the memory grows meanwhile', async () => {
  const model = wide();
  const x = Tensor.from(inputs);
  const y = Tensor.from(classes);
  const expected = await model.evaluate(inputs, classes, { batchSize: 100 });
  const given = [x.data, y.data] as const;
  assert.equal(await model.evaluate(given[0], given[1], { batchSize: 100 }), expected);
  // Takes what other tests have left free.
  const held: Tensor[] = [];
  const before = memory().bytes;
  while (memory().bytes === before) held.push(Tensor.zeros([2 ** 16]));
  const { bytes } = memory();
  const again = [x.data, y.data] as const;
  const same = await model.evaluate(again[0], again[1], { batchSize: count });
  assert.ok(memory().bytes > bytes, 'the memory did grow');
  assert.ok(Math.abs(same.loss - expected.loss) < 1e-5);
  assert.is(same.accuracy, expected.accuracy);
  for (const tensor of [x, y, ...held]) tensor.dispose();
  model.dispose();
});

test('Tensor.from(other.data) copies it, also where that makes the memory grow', () => {
  const first = Tensor.from(Float32Array.from({ length: 1000 }, (_, i) => i));
  let copies = 0;
  const { bytes } = memory();
  const held: Tensor[] = [];
  while (memory().bytes === bytes) {
    held.push(Tensor.from(first.data));
    copies++;
  }
  for (const tensor of held) assert.is(tensor.data[999], 999);
  assert.ok(copies > 0);
  for (const tensor of [first, ...held]) tensor.dispose();
});

test('data is kept alive by whoever holds it', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const wait = () => new Promise((resolve) => setTimeout(resolve, 20));
  const used = () => backend().memory.used('tensors');
  const before = used();
  const made = Array.from({ length: 64 }, (_, i) => i);
  // What this function itself has seen, WebKit keeps as long as it runs.
  const held = (() => made.map((i) => Tensor.from(new Float32Array(5000).fill(i)).data))();
  for (let round = 0; round < 3; round++) {
    collect();
    await wait();
  }
  const others = made.map(() => Tensor.from(new Float32Array(5000).fill(-1)));
  assert.ok(made.every((i) => held[i]?.length === 5000 && held[i].every((value) => value === i)));
  for (const tensor of others) tensor.dispose();
  // Emptied, as the list itself may be kept.
  held.length = 0;
  // WebKit keeps what any word of its stack looks like an address of, and collects when it likes: most may stay there for
  // long, not all. In V8 all come back; what others had forgotten before may be gone too.
  const some = 'gc' in globalThis ? 0 : (made.length - 1) * 20_000;
  for (let round = 0; round < 200 && used() > before + some; round++) {
    collect();
    await wait();
  }
  assert.ok(used() <= before + some, 'and given back when nobody does');
});

test('labels that change under a running fit are checked again', async () => {
  const model = compiled();
  const { x, y } = samples(64);
  const changing = Int32Array.from(y);
  const onProgress = () => {
    changing.fill(1_000_000);
  };
  const options = { epochs: 3, batchSize: 8, onProgress };
  await rejects(() => model.fit(x, changing, options), ValueError, '1000000', 'the output has');
  await model.fit(x, y);
  model.dispose();
});

test('compile waits for evaluate', async () => {
  const model = wide();
  const measured = model.evaluate(inputs, classes, { batchSize: 1 });
  const { compile } = model;
  const again = () =>
    compile.call(model, { optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
  assert.throws(again, /being evaluated/);
  await measured;
  again();
  model.dispose();
});

test('rows may be typed arrays', () => {
  const rows = [Float32Array.of(1, 2), Uint8Array.of(3, 4)];
  const tensor = Tensor.from(rows);
  assert.equal(tensor.toArray(), [
    [1, 2],
    [3, 4],
  ]);
  assert.throws(() => Tensor.from([Float32Array.of(1, 2), Float32Array.of(3)]), /ragged/);
  tensor.dispose();
});

test.run();
