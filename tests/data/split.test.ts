// Splitting samples by chance: nothing is lost or doubled, classes give alike, in every form that data have.

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  data,
  layers,
  optimizers,
  Sequential,
  ShapeError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import { rejects } from '../helpers/models.js';
import '../helpers/start.js';

// biome-ignore lint/suspicious/noExplicitAny: what plain JavaScript may pass
const any = (value: unknown): any => value;

const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const ascending = (a: number, b: number) => a - b;

/** How often each value is there. */
const counts = (list: Iterable<number>) => {
  const found: Record<number, number> = {};
  for (const one of list) found[one] = (found[one] ?? 0) + 1;
  return found;
};

test('a sorted set: each class gives its share, samples keep their labels', () => {
  const y = Int32Array.from(range(100), (i) => Math.floor(i / 50));
  const x = Float32Array.from(range(200), (i) => Math.floor(i / 2));
  const { train, validation } = data.split(x, y, { validationSplit: 0.29, seed: 3 });
  assert.equal([train[0].length, train[1].length], [142, 71]);
  assert.equal([validation[0].length, validation[1].length], [58, 29]);
  assert.instance(train[0], Float32Array);
  assert.instance(train[1], Int32Array);
  const { 0: first, 1: second } = counts(validation[1]);
  assert.equal([first, second].sort(), [14, 15]);
  const seen: number[] = [];
  for (const [images, labels] of [train, validation]) {
    labels.forEach((label, i) => {
      assert.is(images[2 * i], images[2 * i + 1]);
      assert.is(Math.floor(images[2 * i] / 50), label);
      seen.push(images[2 * i]);
    });
  }
  assert.equal(seen.sort(ascending), range(100));
  // In no order, the same for the same seed.
  assert.not.equal([...validation[0]], [...validation[0]].sort(ascending));
  assert.equal(data.split(x, y, { validationSplit: 0.29, seed: 3 }).validation, validation);
  assert.not.equal(data.split(x, y, { validationSplit: 0.29, seed: 4 }).validation, validation);
});

test('any classes: shares within one sample, one of each class stays for training', () => {
  const some = fc.nat(6);
  // Many of one class, and few of others.
  const skewed = fc.oneof(
    { weight: 9, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.nat(9) },
  );
  const classes = fc.oneof(
    fc.array(some, { minLength: 2, maxLength: 200 }),
    fc.array(skewed, { minLength: 2, maxLength: 40 }),
  );
  const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
  fc.assert(
    fc.property(classes, share, fc.nat(), (y, validationSplit, seed) => {
      const all = counts(y);
      fc.pre(Object.values(all).some((count) => count > 1));
      const { train, validation } = data.split(range(y.length), y, { validationSplit, seed });
      const samples = [...train[0], ...validation[0]];
      assert.equal(samples.sort(ascending), range(y.length));
      const total = Math.max(1, Math.round(y.length * validationSplit));
      const most = y.length - Object.keys(all).length;
      assert.is(validation[1].length, Math.min(total, most));
      assert.equal(Object.keys(counts(train[1])), Object.keys(all));
      const shares = Object.entries(all).map(
        ([label, n]) => [label, n, (n * total) / y.length] as const,
      );
      if (shares.some(([, n, share]) => Math.ceil(share) > n - 1)) return;
      const given = counts(validation[1]);
      for (const [label, , share] of shares) {
        const count = given[Number(label)] ?? 0;
        assert.ok(count === Math.floor(share) || count === Math.ceil(share), `${label}: ${count}`);
      }
    }),
    { numRuns: 200, seed: 1 },
  );
});

test('every form: tensors, one-hot rows, nested arrays, flat arrays, lists and records', () => {
  const labels = range(12).map((i) => i % 3);
  const options = { validationSplit: 0.25, seed: 5 };
  const expected = data.split(range(12), labels, options);
  const order = [...expected.train[0], ...expected.validation[0]];
  const same = (x: unknown, y: unknown, value: (part: unknown) => number[]) => {
    const { train, validation } = data.split(any(x), any(y), options);
    assert.equal([...value(train[0]), ...value(validation[0])], order);
    return { train, validation };
  };
  const rows = range(12).map((i) => [i, -i]);
  const firsts = (part: unknown) => (part as number[][]).map(([first]) => first);
  const numbers = Float32Array.from(rows.flat());
  same(rows, labels, firsts);
  same(
    rows.map((row) => Float64Array.from(row)),
    Uint8Array.from(labels),
    firsts,
  );
  const oneHot = labels.map((label) => [0, 1, 2].map((k) => Number(k === label)));
  same(rows, oneHot, firsts);
  same(rows.flat(), labels, (part) => (part as number[]).filter((_, i) => i % 2 === 0));
  const x = Tensor.from(numbers, [12, 1, 2]);
  const [y, hot] = [Tensor.from(Int32Array.from(labels)), Tensor.from(oneHot)];
  const tensor = (part: unknown) => firsts((part as Tensor).reshape([-1, 2]).toArray());
  for (const targets of [y, hot, labels]) {
    const { train, validation } = same(x, targets, tensor);
    assert.equal(
      [train[0].shape, validation[0].shape],
      [
        [9, 1, 2],
        [3, 1, 2],
      ],
    );
    assert.is(validation[0].dtype, 'float32');
  }
  assert.is(data.split(x, y).train[1].dtype, 'int32');
  same([x, x], y, (part) => tensor((part as Tensor[])[1]));
  // A view of the library's memory, which moves when tensors are made.
  const big = Tensor.zeros([12, 2 ** 20]);
  same({ big, view: x.data }, { y }, (part) => [...any(part).view].filter((_, i) => i % 2 === 0));
  const bytes = Buffer.from(range(12));
  const { train } = same(bytes, labels, (part) => [...(part as Uint8Array)]);
  assert.is(train[0].constructor, Uint8Array);
  for (const one of [x, y, hot, big]) one.dispose();
});

test('what loaders return: two of the same kind', () => {
  const set = {
    images: Uint8Array.from(range(10 * 12), (i) => Math.floor(i / 12)),
    shape: [10, 2, 2, 3],
    labels: Int32Array.from(range(10), (i) => Number(i > 4)),
    classes: ['cats', 'dogs'],
    files: range(10).map((i) => `${i}.png`),
  };
  const { train, validation } = data.split(set, { validationSplit: 0.4, seed: 2 });
  assert.equal(
    [train.shape, validation.shape],
    [
      [6, 2, 2, 3],
      [4, 2, 2, 3],
    ],
  );
  assert.equal(counts(validation.labels), { 0: 2, 1: 2 });
  for (const { images, labels, classes, files } of [train, validation]) {
    assert.equal(classes, set.classes);
    files.forEach((file, i) => {
      assert.is(file, `${images[12 * i]}.png`);
      assert.is(labels[i], Number(images[12 * i + 11] > 4));
    });
  }
  assert.is(new Set([...train.files, ...validation.files]).size, 10);
});

test('the parts go to fit', async () => {
  const x = Float32Array.from(range(80), (i) => Math.sin(i * i));
  const y = Int32Array.from(range(20), (i) => Math.floor(i / 10));
  const model = new Sequential([layers.dense({ units: 2 })], { inputShape: [4] });
  model.compile({ optimizer: optimizers.adam(), loss: 'softmaxCrossEntropy' });
  const { train, validation } = data.split(x, y);
  const { history } = await model.fit(...train, { validationData: validation });
  assert.is(history.val_loss.length, 1);
  model.dispose();
});

test('what cannot be split', async () => {
  const [x, y] = [range(10), range(10).map((i) => i % 2)];
  const rows = range(10).map((i) => [i]);
  const bad: [() => unknown, typeof ValueError | typeof ShapeError, ...string[]][] = [
    [() => data.split(rows, y.slice(1)), ShapeError, 'y has 9', '10 samples', 'x has as many'],
    [() => data.split(rows, rows.slice(1)), ShapeError, 'x has 10', 'y has 9'],
    [() => data.split(range(15), y), ShapeError, 'x has 15', '10 samples', 'class index'],
    [() => data.split({ a: rows, b: rows.slice(2) }, y), ShapeError, "x 'a' has 10", "x 'b' has 8"],
    [() => data.split([1], [0]), ValueError, '1 samples'],
    [() => data.split([], []), ValueError, '0 samples'],
    [() => data.split(x, x), ValueError, 'no class has two samples', 'stratify: false'],
    [
      () =>
        data.split(
          x,
          x.map((v) => v / 3),
        ),
      ValueError,
      'sample 1',
      '0.33',
      'stratify: false',
    ],
    [
      () =>
        data.split(
          x,
          rows.map(([v]) => [v, 0.5]),
        ),
      ValueError,
      'sample 0',
      'stratify: false',
    ],
    [() => data.split(x, { a: y, b: y }), ValueError, '2 outputs', 'stratify: false'],
    [() => data.split(x, any(null)), ValueError, 'y must be a tensor', 'null'],
    [() => data.split(any('x'), y), ValueError, 'x must be', 'string'],
    [() => data.split(x, y, any({ share: 0.2 })), ValueError, "'share'", 'validationSplit'],
    [() => data.split(x, y, any({ stratify: 1 })), ValueError, 'stratify'],
  ];
  for (const validationSplit of [0, 1, -0.2, Number.NaN, '0.2', null, Symbol('s')]) {
    const options = any({ validationSplit });
    bad.push([() => data.split(x, y, options), ValueError, 'validationSplit', '0.2']);
  }
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, 'data.split', ...parts);
  await rejects(() => data.split(x, y, { seed: -1 }), ValueError, 'seed', '-1');
  const free = data.split(
    x,
    x.map((v) => v / 3),
    { stratify: false },
  );
  assert.is(free.validation[0].length, 2);
  assert.equal(
    free.validation[1],
    free.validation[0].map((v) => v / 3),
  );
});

test.run();
