// Randomness: Philox against its published vectors, the kernel's dropout against Philox, and what is
// made of it: initial weights, orders.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backend } from '../../bindings/backend.js';
import { keyOf, philox, purpose, Random } from '../../src/base/random.js';
import {
  data,
  input,
  layers,
  Model,
  optimizers,
  ResNet,
  Sequential,
  type Shape,
  Tensor,
  ValueError,
  zoo,
} from '../../src/index.js';
import { type InitializerName, initialize } from '../../src/network/initializers.js';
import { asValue } from '../../src/program/emitter.js';
import { compute } from '../../src/tensor/calls.js';
import { close } from '../helpers/close.js';
import { rejects, sameBits } from '../helpers/models.js';
import '../helpers/start.js';

test('Philox4x32-10: the known answers of Random123', () => {
  const ones = 0xffffffff;
  const known: [number[], number[], number[]][] = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [ones, ones, ones, ones],
      [ones, ones],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  for (const [counter, key, expected] of known) assert.equal(philox(counter, key), expected);
});

test('seeds are whole numbers up to 2⁵³', async () => {
  assert.equal(keyOf(2 ** 53 - 1), [0xffffffff, 0x1fffff]);
  const inputShape = [28, 28, 1];
  const flat = () => [layers.flatten()];
  for (const seed of [-1, 0.5, 2 ** 53, Number.NaN, '1' as unknown as number, null as never]) {
    const inputs = input([2]);
    for (const [where, make] of Object.entries({
      'new Sequential': () => new Sequential(flat(), { inputShape, seed }),
      'new Model': () => new Model({ inputs, outputs: layers.relu().apply(inputs), seed }),
      'new ResNet': () => new ResNet({ depth: 8, seed }),
      'zoo.lenet5': () => zoo.lenet5({ seed }),
      'data.augment': () => data.augment({ seed }),
      split: () => data.split([[1], [2]], [0, 0], { seed }),
    }))
      await rejects(make, ValueError, `${where}: seed must be a whole number`, `${seed}`);
  }
});

/** What dropout keeps, element by element, as assembly/core/elementwise.ts counts: 16 elements to four counters. */
function kept(count: number, key: number[], stream: number, step: number, keep: number): boolean[] {
  const blocks = Array.from({ length: Math.ceil(count / 16) * 4 }, (_, counter) =>
    philox([counter, stream, step, 0], key),
  );
  return Array.from(
    { length: count },
    (_, i) => blocks[(i >> 4) * 4 + (i & 3)][(i >> 2) & 3] < keep,
  );
}

/** The kernel's mask: 1 / share where it keeps. */
function dropped(
  count: number,
  key: number[],
  stream: number,
  step: number,
  share: number,
): Float32Array {
  const state = Tensor.from(Int32Array.from([...key, step]));
  const x = Tensor.from(new Float32Array(count).fill(1));
  const [y] = compute([[count]], (e, vy) =>
    e.emit('dropout', {
      y: vy,
      x: asValue(x),
      state: asValue(state),
      count,
      stream,
      keep: share * 2 ** 32,
      scale: 1 / share,
    }),
  );
  const copy = Float32Array.from(y.data);
  for (const tensor of [state, x, y]) tensor.dispose();
  return copy;
}

test('the dropout kernel keeps what Philox says', () => {
  for (const [count, seed, stream, step, share] of [
    [1, 0, 0, 0, 0.5],
    [15, 1, 2, 3, 0.25],
    [16, 2 ** 40 + 7, 5, 1, 0.5],
    [17, 2 ** 53 - 1, 0, 2 ** 31, 0.75],
    [2 * 16384 + 5, 9, 1, 100, 0.5],
  ]) {
    const mask = dropped(count, keyOf(seed), stream, step, share);
    const expected = kept(count, keyOf(seed), stream, step, share * 2 ** 32);
    const wrong = expected.findIndex(
      (keeps, i) => mask[i] !== (keeps ? Math.fround(1 / share) : 0),
    );
    assert.is(wrong, -1, `${count} elements`);
  }
});

test("a dropout layer draws from the model's seed, its place and the step", () => {
  const seed = 77;
  const model = new Sequential(
    [layers.flatten(), layers.dropout({ rate: 0.25 }), layers.dense({ units: 2, useBias: false })],
    { inputShape: [10, 10], seed },
  );
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss: 'meanSquaredError' });
  for (let step = 0; step < 3; step++) {
    const { loss } = model.trainOnBatch(new Float32Array(100).fill(1), [[5, -5]]);
    // dw = dropped xᵀ·dy: rows of what was dropped are 0.
    const { data } = model.weights[0].gradient as Tensor;
    const rows = Array.from({ length: 100 }, (_, i) => data[2 * i] !== 0);
    assert.equal(rows, kept(100, keyOf(seed), 1, step, 0.75 * 2 ** 32), `step ${step}`);
    // What is kept is scaled, so that the sum stays what it would be.
    const kernel = model.weights[0].tensor.data;
    const [a, b] = [0, 1].map((unit) =>
      rows.reduce((sum, keeps, i) => sum + (keeps ? kernel[2 * i + unit] / 0.75 : 0), 0),
    );
    close([loss], [((a - 5) ** 2 + (b + 5) ** 2) / 2], { rtol: 1e-5 });
  }
  model.dispose();
});

/** The kernel's mask of an image [batch, pixels, channels]. */
function droppedChannels(
  [batch, pixels, channels]: readonly [number, number, number],
  key: number[],
  stream: number,
  step: number,
  share: number,
): Float32Array {
  const state = Tensor.from(Int32Array.from([...key, step]));
  const x = Tensor.from(new Float32Array(batch * pixels * channels).fill(1));
  const [y] = compute([[batch, pixels, channels]], (e, vy) =>
    e.emit('spatialDropout', {
      y: vy,
      x: asValue(x),
      state: asValue(state),
      batch,
      pixels,
      channels,
      stream,
      keep: share * 2 ** 32,
      scale: 1 / share,
    }),
  );
  const copy = Float32Array.from(y.data);
  for (const tensor of [state, x, y]) tensor.dispose();
  return copy;
}

test('spatial dropout keeps the channels that Philox says, in all of an image', () => {
  // Around vectors, the generator's 16, lines and their blocks; tasks of 2¹⁵ numbers.
  for (const [batch, pixels, channels, seed, stream, step, share] of [
    ...[1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33].map((c) => [3, 5, c, c, 1, 2, 0.5]),
    [2, 3, 1020, 2 ** 40 + 7, 5, 1, 0.5],
    [3, 2, 2041, 2 ** 53 - 1, 0, 2 ** 31, 0.75],
    [2, 3, 4100, 9, 1, 100, 0.25],
    [2, 9000, 9, 4, 3, 2, 0.5],
  ]) {
    const mask = droppedChannels([batch, pixels, channels], keyOf(seed), stream, step, share);
    const expected = kept(batch * channels, keyOf(seed), stream, step, share * 2 ** 32);
    const scale = Math.fround(1 / share);
    const wrong = mask.findIndex((v, i) => {
      const image = Math.floor(i / (pixels * channels));
      return v !== (expected[image * channels + (i % channels)] ? scale : 0);
    });
    assert.is(wrong, -1, `${batch}×${pixels}×${channels}`);
  }
});

test("a spatial dropout layer draws from the model's seed, its place and the step", () => {
  const seed = 77;
  const model = new Sequential(
    [
      layers.activation({ activation: 'linear' }),
      layers.spatialDropout2d({ rate: 0.25 }),
      layers.flatten(),
      layers.dense({ units: 2, useBias: false }),
    ],
    { inputShape: [4, 5, 20], seed },
  );
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss: 'meanSquaredError' });
  for (let step = 0; step < 3; step++) {
    model.trainOnBatch(new Float32Array(400).fill(1), [[5, -5]]);
    // dw = dropped xᵀ·dy: the rows of dropped channels are 0.
    const { data } = model.weights[0].gradient as Tensor;
    const channels = kept(20, keyOf(seed), 1, step, 0.75 * 2 ** 32);
    const rows = Array.from({ length: 400 }, (_, i) => data[2 * i] !== 0);
    assert.ok(channels.includes(true) && channels.includes(false));
    assert.equal(
      rows,
      rows.map((_, i) => channels[i % 20]),
      `step ${step}`,
    );
  }
  model.dispose();
});

test('inference drops nothing', () => {
  for (const rate of [0, 0.5]) {
    const model = new Sequential([layers.spatialDropout2d({ rate })], { inputShape: [3, 3, 4] });
    const x = Float32Array.from({ length: 72 }, (_, i) => i);
    const y = model.predict(x);
    assert.equal([...y.data], [...x]);
    y.dispose();
    model.dispose();
  }
});

test('dropout keeps its share, each step and stream for itself', () => {
  const n = 200000;
  for (const share of [0.1, 0.5, 0.9]) {
    const masks = [
      [0, 0],
      [0, 1],
      [1, 0],
    ].map(([stream, step]) => dropped(n, [1, 2], stream, step, share).map((v) => (v > 0 ? 1 : 0)));
    const within = (frequency: number, p: number) =>
      Math.abs(frequency - p) < 5 * Math.sqrt((p * (1 - p)) / n);
    for (const mask of masks)
      assert.ok(within(mask.reduce((sum, v) => sum + v, 0) / n, share), `${share}`);
    for (const other of masks.slice(1)) {
      const both = other.reduce((sum, v, i) => sum + v * masks[0][i], 0) / n;
      assert.ok(within(both, share * share), `kept by both: ${both} for ${share * share}`);
    }
  }
});

/** Mean, variance and largest magnitude of an initial weight. */
function moments(name: InitializerName, shape: Shape) {
  const tensor = Tensor.zeros(shape);
  initialize(name, tensor, 3, 7);
  const to = Float32Array.from(tensor.data);
  tensor.dispose();
  const mean = to.reduce((sum, v) => sum + v, 0) / to.length;
  const variance = to.reduce((sum, v) => sum + (v - mean) ** 2, 0) / to.length;
  const largest = to.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  return { mean, variance, largest, count: to.length };
}

test('initializers: fans, mean, variance, limits', () => {
  // HWIO: 5·5·40 inputs to a unit, 5·5·60 outputs; a dense kernel; a bias-like vector.
  const cases: [Shape, number, number][] = [
    [[5, 5, 40, 60], 1000, 1500],
    [[300, 200], 300, 200],
  ];
  for (const [shape, fanIn, fanOut] of cases) {
    const variances = { he: 2 / fanIn, glorot: 2 / (fanIn + fanOut), lecun: 1 / fanIn };
    for (const [family, expected] of Object.entries(variances)) {
      for (const kind of ['Normal', 'Uniform'] as const) {
        const { mean, variance, largest, count } = moments(
          `${family}${kind}` as InitializerName,
          shape,
        );
        const what = `${family}${kind} [${shape}]`;
        // Five standard errors; a normal number's square varies by twice its variance squared, at most.
        assert.ok(Math.abs(mean) < 5 * Math.sqrt(expected / count), `${what}: mean ${mean}`);
        assert.ok(
          Math.abs(variance / expected - 1) < 5 * Math.sqrt(2 / count),
          `${what}: variance ${variance} for ${expected}`,
        );
        const limit =
          kind === 'Uniform' ? Math.sqrt(3 * expected) : (2 * Math.sqrt(expected)) / 0.87962566;
        assert.ok(
          largest <= limit * 1.000001 && largest > 0.99 * limit,
          `${what}: largest ${largest} of ${limit}`,
        );
      }
    }
  }
  assert.equal(moments('zeros', [7]), { mean: 0, variance: 0, largest: 0, count: 7 });
  assert.equal(moments('ones', [7]), { mean: 1, variance: 0, largest: 1, count: 7 });
  const tensor = Tensor.zeros([100, 100]);
  initialize('signs', tensor, 3, 1);
  const signs = Float32Array.from(tensor.data);
  tensor.dispose();
  assert.ok(signs.every((v) => Math.abs(v) === 1));
  // Half of them either way: five standard errors.
  assert.ok(Math.abs(signs.reduce((sum, v) => sum + v, 0)) < 5 * Math.sqrt(signs.length));
});

test("initial weights are the generator's numbers, to the bit, for any count", () => {
  for (const count of [0, 1, 2, 3, 4, 5, 15, 16, 17, 33, 200003]) {
    for (const seed of [0, 3, 2 ** 40 + 5]) {
      const [tensor, index] = [Tensor.zeros([count + 1, 1]), count % 5];
      tensor.data[count] = 9;
      const whole = tensor.reshape([-1]);
      const expected = new Float32Array(count + 1).fill(9);
      for (const name of ['heNormal', 'heUniform'] as const) {
        const part = Tensor.over(backend(), whole.address, [1, count]);
        initialize(name, part.tensor, seed, index);
        const random = new Random(seed, purpose.weights, index);
        const scale = name === 'heNormal' ? Math.SQRT2 / 0.87962566103423978 : Math.sqrt(6);
        for (let i = 0; i < count; i++) {
          const drawn = name === 'heNormal' ? random.truncatedNormal() : 2 * random.uniform() - 1;
          expected[i] = drawn * scale;
        }
        sameBits(whole.data, expected, `${name}, ${count} numbers, seed ${seed}`);
        part.revoke();
      }
      whole.dispose();
      tensor.dispose();
    }
  }
});

test('every weight has a stream of its own, and layers take the initializers they are told', () => {
  const dense = () =>
    layers.dense({ units: 8, kernelInitializer: 'heUniform', biasInitializer: 'ones' });
  const model = new Sequential([dense(), dense()], { inputShape: [8], seed: 5 });
  const [first, bias, second] = model.weights.map(({ tensor }) => [...tensor.data]);
  assert.equal(bias, new Array(8).fill(1));
  assert.ok(first.every((v, i) => v !== second[i]));
  assert.ok(first.every((v) => Math.abs(v) <= Math.fround(Math.sqrt(6 / 8))));
  model.dispose();
});

test('shuffle: a permutation, any as likely as another, the same for the same seed', () => {
  const shuffled = (count: number, seed: number, index = 0) => {
    const list = Int32Array.from({ length: count }, (_, i) => i);
    new Random(seed, 2, index).shuffle(list);
    return [...list];
  };
  for (const count of [0, 1, 2, 1000]) {
    assert.equal(
      shuffled(count, 1).sort((a, b) => a - b),
      Array.from({ length: count }, (_, i) => i),
    );
  }
  assert.equal(shuffled(50, 1), shuffled(50, 1));
  assert.not.equal(shuffled(50, 1), shuffled(50, 2));
  assert.not.equal(shuffled(50, 1), shuffled(50, 1, 1));
  const orders = new Map<string, number>();
  const n = 6000;
  for (let seed = 0; seed < n; seed++) {
    const order = shuffled(3, seed).join('');
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  assert.is(orders.size, 6);
  for (const times of orders.values())
    assert.ok(Math.abs(times - n / 6) < 5 * Math.sqrt(n / 6), `${[...orders]}`);
});

test.run();
