// Programs of eager ops that are kept: calls like an earlier one give the bits of a first one, look at their own
// tensors and at every option, and what is kept has bounds and gives way.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backend } from '../../bindings/backend.js';
import {
  dispose,
  init,
  memory,
  ops,
  ShapeError,
  StateError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import { dropSpare } from '../../src/program/spare.js';
import { random } from '../helpers/random.js';
import { options } from '../helpers/start.js';

/** The numbers of an op's results, which are disposed. */
function numbers(results: Tensor | Record<string, Tensor | number> | Tensor[]): unknown[] {
  const all = results instanceof Tensor ? [results] : Object.values(results);
  return all.map((result) => {
    if (!(result instanceof Tensor)) return result;
    const own = { shape: result.shape, data: result.data.slice() };
    result.dispose();
    return own;
  });
}

/** What an op gives where nothing is kept. */
function fresh(op: () => Parameters<typeof numbers>[0]): unknown[] {
  dropSpare();
  return numbers(op());
}

const image = (seed: number): Tensor => random([2, 8, 8, 8], seed);

/** One op of each kind, on tensors of a seed. */
const kinds: Record<string, (seed: number) => Parameters<typeof numbers>[0]> = {
  conv2d: (s) => ops.conv2d(image(s), random([3, 3, 8, 8], s), { padding: 'same' }),
  'conv2d with all': (s) =>
    ops.conv2d(image(s), random([3, 3, 8, 8], s), {
      padding: 1,
      bias: random([8], s),
      residual: image(s + 1),
      activation: 'gelu',
    }),
  depthwise: (s) => ops.conv2d(image(s), random([3, 3, 1, 8], s), { groups: 8 }),
  conv2dBackwardInput: (s) =>
    ops.conv2dBackwardInput(random([2, 4, 4, 8], s), random([3, 3, 8, 8], s), [2, 8, 8, 8], {
      strides: 2,
      padding: 'same',
    }),
  conv2dBackwardFilter: (s) =>
    ops.conv2dBackwardFilter(image(s), random([2, 6, 6, 8], s), [3, 3, 8, 8]),
  conv2dTranspose: (s) => ops.conv2dTranspose(image(s), random([3, 3, 4, 8], s), { strides: 2 }),
  matMul: (s) => ops.matMul(random([5, 6], s), random([7, 6], s), { transposeB: true }),
  batchNormTraining: (s) =>
    ops.batchNormTraining(image(s), { gamma: random([8], s), beta: random([8], s + 1) }),
  maxPool2dBackward: (s) =>
    ops.maxPool2dBackward(random([2, 4, 4, 8], s), image(s), { poolSize: 2 }),
  lpPool2d: (s) => ops.lpPool2d(image(s), { poolSize: 2, p: 3 }),
  concatBackward: (s) => ops.concatBackward(image(s), [3, 5]),
  softmaxCrossEntropy: (s) =>
    ops.softmaxCrossEntropy(random([4, 3], s), Tensor.from([s % 3, 1, 2, 0])),
  convolve: (s) => ops.convolve(random([9, 9], s), random([3, 3], s)),
  sobelMagnitude: (s) => ops.sobelMagnitude(random([9, 9], s)),
  multiplyBackward: (s) => ops.multiplyBackward(image(s), random([2, 8], s), image(s + 1)),
};

for (const [name, op] of Object.entries(kinds)) {
  test(`${name}: the fifth call has the bits of a first one`, () => {
    for (let seed = 1; seed < 5; seed++) numbers(op(seed));
    const fifth = numbers(op(5));
    assert.equal(
      fifth,
      fresh(() => op(5)),
    );
  });
}

test('every option tells calls apart', () => {
  const [x, w, b] = [image(1), random([3, 3, 8, 8], 2), random([8], 3)];
  const gate = random([8, 8], 4);
  const calls: (() => Tensor)[] = [
    ...[{}, { padding: 'same' }, { padding: 1, paddingMode: 'reflect' }, { strides: [1, 5] }].map(
      (own) => () => ops.conv2d(x, w, own as Parameters<typeof ops.conv2d>[2]),
    ),
    () => ops.conv2d(x, w, { bias: b }),
    () => ops.conv2d(x, w, { activation: 'relu' }),
    () => ops.conv2d(x, w, { algorithm: 'direct' }),
    () => ops.conv2d(x, w, { strides: [5, 1] }),
    ...[0.1, 0.25, 1e-5, undefined].map((alpha) => () => ops.elu(x, { alpha })),
    () => ops.matMul(gate, gate),
    () => ops.matMul(gate, gate, { transposeA: true }),
    () => ops.matMul(gate, gate, { transposeB: true }),
    () => ops.avgPool2d(x, { poolSize: 3 }),
    () => ops.maxPool2d(x, { poolSize: 3 }),
    () => ops.minPool2d(x, { poolSize: 3 }),
    () => ops.avgPool2d(x, { poolSize: 3, strides: 1 }),
  ];
  const first = calls.map(fresh);
  for (let round = 0; round < 3; round++)
    assert.equal(
      calls.map((op) => numbers(op())),
      first,
    );
});

test('one tensor twice is another call than two tensors', () => {
  const [a, b] = [random([4, 4], 1), random([4, 4], 2)];
  for (const [one, other] of [
    [a, a],
    [a, b],
    [b, a],
    [b, b],
  ])
    assert.equal(
      numbers(ops.matMul(one, other)),
      fresh(() => ops.matMul(one, other)),
    );
});

test('which of two tensors comes again tells calls apart', () => {
  const [a, b] = [random([4, 4], 1), random([4, 4], 2)];
  const call = (dy: Tensor) => ops.multiplyBackward(a, b, dy);
  const expected = [a, b].map((dy) => fresh(() => call(dy)));
  assert.equal([numbers(call(a)), numbers(call(b))], expected);
});

// The hash takes a fraction times 0x9e3779b1, modulo 2³²: these two have the same.
const collisions = [2.5, 2.5 + 2 ** 32 / 0x9e3779b1];

test('calls of one hash are told apart, and take no more memory than one', () => {
  const x = image(1);
  const call = (p: number) => ops.lpPool2d(x, { poolSize: 2, p });
  const expected = collisions.map((p) => fresh(() => call(p)));
  assert.not.equal(expected[0], expected[1]);
  dropSpare();
  const { scratch } = memory();
  numbers(call(collisions[0]));
  const one = memory().scratch;
  for (let i = 0; i < 6; i++) {
    const which = i % 2;
    assert.equal(numbers(call(collisions[which])), expected[which]);
  }
  assert.is(memory().scratch, one);
  dropSpare();
  assert.is(memory().scratch, scratch);
});

test('a call that was right before does not make a wrong one pass', () => {
  const x = image(1);
  const w = random([3, 3, 8, 8], 2);
  const bias = random([8], 3);
  for (let again = 0; again < 3; again++) ops.conv2d(x, w, { bias }).dispose();
  const wrong = (more: object) => () => ops.conv2d(x, w, more);
  assert.throws(wrong({ bias, strides: '1' }), (e: Error) => e instanceof ValueError);
  assert.throws(wrong({ bias, stride: 1 }), (e: Error) => e instanceof ValueError);
  assert.throws(wrong({ bias: random([7], 3) }), (e: Error) => e instanceof ShapeError);
  const ints = Tensor.from(new Int32Array(8));
  assert.throws(wrong({ bias: ints }), (e: Error) => e instanceof ValueError);
  const gone = bias.clone();
  gone.dispose();
  assert.throws(wrong({ bias: gone }), (e: Error) => e instanceof StateError);
  assert.throws(
    wrong(Object.assign(Object.create({ strides: 2 }), { bias: null, padding: 7.5 })),
    (e: Error) => e instanceof ValueError,
  );
});

test('a repeated call allocates its result and nothing else', () => {
  const [x, w] = [image(1), random([3, 3, 8, 8], 2)];
  const op = () => ops.conv2d(x, w, { padding: 'same' }).dispose();
  for (let again = 0; again < 3; again++) op();
  const { memory: linear } = backend();
  const { allocate } = linear;
  let count = 0;
  linear.allocate = (...of) => {
    count++;
    return allocate.apply(linear, of);
  };
  const before = memory();
  for (let again = 0; again < 100; again++) op();
  linear.allocate = allocate;
  assert.is(count, 100);
  assert.equal(memory(), before);
});

test('filters in turns share what is kept, but for their forms', () => {
  const x = image(1);
  const turn = () => {
    for (let seed = 0; seed < 3; seed++) {
      const w = random([3, 3, 8, 8], seed);
      for (let again = 0; again < 3; again++) ops.conv2d(x, w, { padding: 'same' }).dispose();
      w.dispose();
    }
  };
  turn();
  const before = memory();
  for (let again = 0; again < 5; again++) turn();
  assert.equal(memory(), before);
});

test('what is kept has bounds', () => {
  dropSpare();
  const { scratch } = memory();
  for (let n = 1; n <= 1400; n++) {
    const x = Tensor.zeros([n]);
    ops.relu(x).dispose();
    x.dispose();
  }
  // 1024 programs of one record of 128 bytes each.
  assert.ok(memory().scratch - scratch <= 1024 * 128, `${memory().scratch - scratch} bytes`);
  dropSpare();
  assert.is(memory().scratch, scratch);
});

test('an op of much scratch keeps none of it', () => {
  dropSpare();
  const [a, b] = [Tensor.zeros([1, 2048]), Tensor.zeros([2048, 2200])];
  const before = memory();
  const c = ops.matMul(a, b);
  assert.is(memory().scratch, before.scratch);
  for (const tensor of [a, b, c]) tensor.dispose();
});

test('programs and packed weights that were made for another register tile are not used', () => {
  const { useTile, info } = backend();
  const [a, b] = [random([70, 40], 1), random([40, 48], 2)];
  const [x, filter] = [random([1, 9, 9, 8], 3), random([3, 3, 8, 24], 4)];
  const calls = [() => ops.matMul(a, b), () => ops.conv2d(x, filter, { algorithm: 'direct' })];
  try {
    for (const call of calls) {
      useTile(false);
      const expected = fresh(call);
      // Packed weights are kept from the second call on.
      for (const wide of [false, false, true, true, true, false]) {
        useTile(wide);
        assert.equal(numbers(call()), expected, `${call}, ${wide ? 'wide' : 'narrow'}`);
      }
    }
  } finally {
    useTile(info.tile.endsWith('×16'));
    for (const tensor of [a, b, x, filter]) tensor.dispose();
  }
});

test('kept programs give way to whatever needs memory', async () => {
  dispose();
  await init({ ...options, threads: 1, maximumMemory: 16 });
  // Its packed operand is 5 MiB of scratch, which stays in the arena.
  const [a, b] = [Tensor.zeros([1, 1024]), Tensor.zeros([1024, 1280])];
  ops.matMul(a, b).dispose();
  assert.ok(memory().scratch > 5 << 20);
  const large = Tensor.zeros([1_500_000]);
  assert.ok(memory().scratch < 5 << 20);
  large.dispose();
  const again = ops.matMul(a, b);
  assert.is(again.data[7], 0);
  dispose();
  await init(options);
});

test('nothing of a backend that was ended is used by the next', async () => {
  const op = () => ops.conv2d(image(1), random([3, 3, 8, 8], 2), { padding: 'same' });
  const first = numbers(op());
  for (let again = 0; again < 3; again++) {
    numbers(op());
    dispose();
    await init(options);
    assert.equal(numbers(op()), first);
  }
});

test.run();
