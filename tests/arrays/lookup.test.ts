// Rows by their numbers, sums of segments, running sums, and where the largest is: against their definitions in f64.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Shape, sizeOf } from '../../src/base/shape.js';
import { useArrays } from '../../src/operators/arrays/index.js';
import {
  argumentOf,
  cumulate,
  type GatherSizes,
  gatherRows,
  sumSegments,
} from '../../src/operators/arrays/lookup.emit.js';
import { close } from '../helpers/close.js';
import { asIntegers, type Given, guardedRun } from '../helpers/emitted.js';
import { at, nd } from '../helpers/layers.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

await useArrays();

const SEEDS = [1, 2, 3];

const drawn = (shape: Shape, seed: number): Given => ({
  shape,
  data: numbers(sizeOf(shape), seed),
});

/** Whole numbers, from `begin` up to `end` without it. */
const whole = (count: number, begin: number, end: number, seed: number): Int32Array =>
  Int32Array.from(numbers(count, seed), (v) => begin + Math.floor(((v + 1) / 2) * (end - begin)));

/** Bits of any kind: NaN with a load, subnormals, −0. */
const anyBits = (count: number, seed: number): Int32Array =>
  whole(count, -(2 ** 31), 2 ** 31, seed).map((v, i) => (i % 5 === 0 ? 0x7fa00001 : v));

const sizes: readonly GatherSizes[] = [
  { batch: 1, outer: 1, n: 1, count: 1, slice: 1 },
  { batch: 1, outer: 1, n: 7, count: 9, slice: 1 },
  { batch: 3, outer: 2, n: 5, count: 4, slice: 1 },
  { batch: 1, outer: 3, n: 6, count: 2, slice: 5 },
  { batch: 2, outer: 3, n: 4, count: 7, slice: 3 },
  { batch: 4, outer: 1, n: 3, count: 5, slice: 16 },
  // Several tasks, that begin amid the indices of a batch; and rows longer than a task.
  { batch: 3, outer: 2, n: 50, count: 6001, slice: 1 },
  { batch: 2, outer: 3, n: 11, count: 301, slice: 37 },
  { batch: 1, outer: 2, n: 3, count: 3, slice: 16389 },
];

test('gather moves bits as they are', () => {
  for (const { batch, outer, n, count, slice } of sizes) {
    for (const seed of SEEDS) {
      const x = { shape: [batch, outer, n, slice], data: anyBits(batch * outer * n * slice, seed) };
      const indices = { shape: [batch, count], data: whole(batch * count, 0, n, seed + 7) };
      const how = { batch, outer, n, count, slice };
      const shape = [batch, outer, count, slice];
      const name = `gather ${JSON.stringify(how)}`;
      const y = guardedRun({
        ...{ name, shape, inputs: [x, indices] },
        emit: (e, to, [from, which]) => gatherRows(e, to, from, which, how),
      });
      const bits = asIntegers(y);
      let wrong = 0;
      for (let row = 0; row < batch * outer * count; row++) {
        const [array, i] = [Math.floor(row / count), row % count];
        const chosen = indices.data[Math.floor(array / outer) * count + i];
        for (let s = 0; s < slice; s++)
          if (bits[row * slice + s] !== x.data[(array * n + chosen) * slice + s]) wrong++;
      }
      assert.is(wrong, 0, name);
    }
  }
});

test('sums of segments; rows of no segment are left out, and segments of no rows are 0', () => {
  for (const [count, segments, inner] of [
    [1, 1, 1],
    [9, 4, 1],
    [5, 3, 7],
    [40, 7, 64],
    [33, 50, 65],
    [301, 5, 131],
    [17, 2, 4099],
    [20000, 3, 3],
  ]) {
    for (const seed of SEEDS) {
      const x = drawn([count, inner], seed);
      const data = whole(count, -2, segments + 2, seed + 3);
      data[0] = seed === 1 ? -(2 ** 31) : 0;
      const expected = new Float64Array(segments * inner);
      const sizesOf = new Float64Array(segments);
      data.forEach((segment, i) => {
        if (segment < 0 || segment >= segments) return;
        sizesOf[segment]++;
        for (let c = 0; c < inner; c++) expected[segment * inner + c] += x.data[i * inner + c];
      });
      const name = `segments ${[count, segments, inner]}`;
      const y = guardedRun({
        ...{ name, shape: [segments, inner], inputs: [x, { shape: [count], data }] },
        emit: (e, to, [from, which]) => sumSegments(e, to, from, which),
      });
      // Each addition rounds a sum of usual size √size.
      const most = Math.max(...sizesOf);
      close(y, expected, { atol: 1e-6 * Math.max(1, most / 8) }, name);
    }
  }
});

const cumulated: readonly (readonly [Shape, number])[] = [
  [[1], 0],
  [[7], 0],
  [[4, 9], 1],
  [[9, 4], 0],
  [[3, 17, 5], 1],
  [[2, 3, 33, 1], 2],
  [[300, 129], 1],
  [[5, 3, 4097], 1],
  [[20011], 0],
];

test('running sums, with themselves and without, from either end', () => {
  for (const [shape, axis] of cumulated) {
    for (const how of [0, 1, 2, 3]) {
      const [excludes, reverse] = [how % 2 === 1, how > 1];
      const seed = SEEDS[how % SEEDS.length];
      const x = drawn(shape, seed);
      const n = shape[axis];
      const inner = sizeOf(shape.slice(axis + 1));
      const expected = new Float64Array(x.data.length);
      for (let line = 0; line < x.data.length / n; line++) {
        const first = Math.floor(line / inner) * n * inner + (line % inner);
        let sum = 0;
        for (let k = 0; k < n; k++) {
          const i = first + (reverse ? n - 1 - k : k) * inner;
          expected[i] = excludes ? sum : sum + x.data[i];
          sum += x.data[i];
        }
      }
      const name = `cumulate [${shape}] along ${axis}, ${how}`;
      const y = guardedRun({
        ...{ name, shape, inputs: [x] },
        emit: (e, to, [from]) => cumulate(e, to, from, axis, { excludes, reverse }),
      });
      const largest = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      close(y, expected, { atol: 2 ** -23 * Math.sqrt(n) * largest }, name);
    }
  }
});

test('a running sum is NaN from the first on, infinite from the first on, and begins with 0', () => {
  const data = Float32Array.of(1, Infinity, 2, -Infinity, 3, 1e-42, Number.NaN, 5);
  const run = (excludes: boolean, reverse: boolean) => [
    ...guardedRun({
      ...{ name: 'edges', shape: [8], inputs: [{ shape: [8], data }] },
      emit: (e, to, [from]) => cumulate(e, to, from, 0, { excludes, reverse }),
    }),
  ];
  const none = Number.NaN;
  assert.equal(run(false, false), [1, Infinity, Infinity, none, none, none, none, none]);
  assert.equal(run(true, false), [0, 1, Infinity, Infinity, none, none, none, none]);
  assert.equal(run(true, true), [none, none, none, none, none, none, 5, 0]);
});

test('the largest and the least of rows: the first of equals; NaN is passed over unless it is the first', () => {
  for (const [shape, axis] of cumulated) {
    for (const least of [false, true]) {
      for (const seed of SEEDS) {
        const n = shape[axis];
        const data = numbers(sizeOf(shape), seed).map((v, i) => {
          const coarse = Math.round(v * 6);
          return (i + seed) % 11 === 0 ? Number.NaN : coarse === 5 ? -Infinity : coarse;
        });
        const x = { shape, data: Float64Array.from(data) };
        const left = shape.filter((_, i) => i !== axis);
        const expected = nd(left, (index) => {
          const value = (k: number) => at(x, [...index.slice(0, axis), k, ...index.slice(axis)]);
          let best = 0;
          for (let k = 1; k < n; k++)
            if (least ? value(k) < value(best) : value(k) > value(best)) best = k;
          return best;
        });
        const name = `${least ? 'least' : 'largest'} of [${shape}] along ${axis}`;
        const y = guardedRun({
          ...{ name, shape: left, inputs: [{ shape, data }] },
          emit: (e, to, [from]) => argumentOf(e, to, from, axis, least),
        });
        close(y, expected.data, {}, name);
      }
    }
  }
});

test.run();
