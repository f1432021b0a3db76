// What is chosen by a condition, running sums, and rows of a weight by their numbers, as layers.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  input,
  loadModel,
  Sequential,
  type Shape,
  ShapeError,
  ValueError,
} from '../../src/index.js';
import { cumSum, embedding, select, useArrays } from '../../src/operators/arrays/index.js';
import { at, checkLayer, type Nd, nd, runLayer } from '../helpers/layers.js';
import { rejects } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

await useArrays();

/** At an index of the shape that it is broadcast to, whose batch comes first. */
const broadcast = (x: Nd, [n, ...index]: readonly number[]): number => {
  const sample = x.shape.slice(1);
  const own = index.slice(index.length - sample.length);
  return at(x, [n, ...own.map((i, d) => (sample[d] === 1 ? 0 : i))]);
};

const broadcastShape = (shapes: readonly Shape[]): number[] => {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, i) =>
    Math.max(...shapes.map((shape) => shape[i - rank + shape.length] ?? 1)),
  );
};

/** −1, 0 or 1. */
const conditions = (count: number, seed: number) => numbers(count, seed).map((v) => Math.round(v));

test('select: any of the three is broadcast; the gradient goes to what was chosen', () => {
  const all: readonly (readonly [Shape, Shape, Shape])[] = [
    [[7], [7], [7]],
    [[1], [7], [7]],
    [[4, 5], [1], [5]],
    [[5], [4, 1], [4, 5]],
    [
      [3, 1, 5],
      [4, 1],
      [3, 4, 5],
    ],
    [[1], [1], [2, 3]],
    [[130, 33], [33], [130, 1]],
  ];
  for (const shapes of all)
    checkLayer(`select of ${shapes.join(' and ')}`, {
      ...{ layer: select(), inputs: shapes, smooth: shapes[0].length < 2 || shapes[0][0] < 100 },
      draw: (count, i) => (i === 0 ? conditions(count, 3) : numbers(count, i)),
      reference: ([c, a, b]) =>
        nd([c.shape[0], ...broadcastShape(shapes)], (index) =>
          // Central differences move conditions too, a little.
          Math.abs(broadcast(c, index)) > 0.5 ? broadcast(a, index) : broadcast(b, index),
        ),
    });
});

test('select: NaN and infinities that are not chosen do no harm, forward and backward', () => {
  const layer = select();
  layer.apply([input([4]), input([4]), input([1])]);
  const given = [
    { shape: [1, 4], data: Float32Array.of(1, 0, Number.NaN, -0) },
    { shape: [1, 4], data: Float32Array.of(5, Number.NaN, 7, Infinity) },
    { shape: [1, 1], data: Float32Array.of(-Infinity) },
  ];
  const results = runLayer(layer, given, {}, (count) => new Float32Array(count).fill(2), 'select');
  assert.equal([...results.y], [5, -Infinity, 7, -Infinity]);
  assert.equal(
    results.dxs.map((dx) => [...(dx ?? [])]),
    [[0, 0, 0, 0], [2, 0, 2, 0], [4]],
  );
});

test('cumSum: along any axis, with the number itself or without, from either end', () => {
  for (const [shape, axis] of [
    [[7], 0],
    [[4, 9], 0],
    [[4, 9], -1],
    [[3, 17, 5], 1],
    [[2, 3, 33, 1], 2],
  ] as const)
    for (const exclusive of [false, true])
      for (const reverse of [false, true]) {
        const own = axis < 0 ? axis + shape.length : axis;
        checkLayer(`cumSum of [${shape}] along ${axis}, ${exclusive}, ${reverse}`, {
          ...{ layer: cumSum({ axis, exclusive, reverse }), inputs: [shape] },
          reference: ([x]) =>
            nd(x.shape, (index) => {
              let sum = 0;
              const place = index[own + 1];
              for (let k = 0; k < shape[own]; k++) {
                const isBefore = reverse ? k > place : k < place;
                if (isBefore || (k === place && !exclusive))
                  sum += at(
                    x,
                    index.map((i, d) => (d === own + 1 ? k : i)),
                  );
              }
              return sum;
            }),
        });
      }
});

test('embedding: rows by their numbers, and the sum of the gradients of each', () => {
  for (const [count, shape, sample] of [
    [1, [1], [1]],
    [5, [3], [4]],
    [7, [2, 3], [2, 3]],
    [3, [], [5]],
    [40, [65], [9]],
    [2, [131], [300]],
  ] as [number, Shape, Shape][])
    checkLayer(`embedding of ${count} rows [${shape}] for [${sample}]`, {
      ...{ layer: embedding({ count, shape }), inputs: [sample], smooth: shape[0] !== 131 },
      // From the last row backwards too.
      draw: (size, i) => numbers(size, i).map((v) => (i < 10 ? Math.floor(v * count) : v)),
      reference: ([x], { table }) =>
        nd([x.shape[0], ...sample, ...shape], (index) => {
          const row = Math.round(at(x, index.slice(0, sample.length + 1)));
          return at(table, [row < 0 ? row + count : row, ...index.slice(sample.length + 1)]);
        }),
    });
});

test('embedding: of rows that there are not, the nearest, and nothing beside the table is read', () => {
  const layer = embedding({ count: 3, shape: [1] });
  const x = [3, 1e30, Infinity, -4, -1e30, -Infinity, Number.NaN, 2 ** 31, -(2 ** 31), 1, -1];
  layer.apply(input([x.length]));
  const given = { shape: [1, x.length], data: Float32Array.from(x) };
  const table = Float32Array.of(10, 11, 12);
  const dyOf = (count: number) => new Float32Array(count).fill(1);
  const { y, dxs, dweights } = runLayer(layer, [given], { table }, dyOf, 'embedding');
  assert.equal([...y], [12, 12, 12, 10, 10, 10, 10, 12, 10, 11, 12]);
  assert.equal([...dweights.table], [5, 1, 5]);
  assert.equal(dxs[0], new Float32Array(x.length));
});

test('an embedding learns its rows, and a file has it', async () => {
  const model = new Sequential(
    [embedding({ count: 4, shape: [3], name: 'words' }), cumSum({ axis: 0, reverse: true })],
    { inputShape: [2] },
  );
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
  const x = Float32Array.of(0, 3, 3, 1);
  const y = numbers(12, 5);
  const [{ loss: before }] = [await model.trainOnBatch(x, y)];
  for (let i = 0; i < 30; i++) await model.trainOnBatch(x, y);
  const { loss: after } = await model.trainOnBatch(x, y);
  assert.ok(after < before, `${before}, then ${after}`);
  const again = await loadModel(model.toBytes());
  const [a, b] = [model, again].map((one) => {
    const made = one.predict(x);
    const data = [...made.numbers];
    made.dispose();
    return data;
  });
  assert.equal(a, b);
  for (const one of [model, again]) one.dispose();
});

test('shapes and options that do not fit', async () => {
  const [a, b] = [input([3, 4]), input([2, 4])];
  const bad: [() => unknown, typeof ShapeError | typeof ValueError, ...string[]][] = [
    [() => select().apply([a, a]), ShapeError, 'select', 'three inputs'],
    [() => select().apply([a, a, b]), ShapeError, 'select', '[2, 4]', 'broadcast'],
    [() => cumSum({ axis: 2 }).apply(a), ShapeError, 'cumSum', '2'],
    [() => cumSum({} as never), ValueError, 'cumSum', 'axis'],
    [() => embedding({ count: 2 ** 24 + 1, shape: [1] }), ValueError, 'embedding', '16777216'],
    [() => embedding({ count: 3, shape: 4 as never }), ShapeError, 'embedding', '[4]'],
  ];
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
});

test.run();
