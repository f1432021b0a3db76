// What the module arrays computes of pairs, and no layer has: against f64, to so many ulp; numbers at the edges; whole
// numbers bit by bit.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { CombineFn } from '../../bindings/arrays.js';
import { type Shape, sizeOf } from '../../src/base/shape.js';
import { combineArrays } from '../../src/operators/arrays/combine.emit.js';
import { useArrays } from '../../src/operators/arrays/index.js';
import { ulp } from '../helpers/cases.js';
import { close } from '../helpers/close.js';
import { asIntegers, type Given, guardedRun, guardedRunInPlace } from '../helpers/emitted.js';
import { at, nd } from '../helpers/layers.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

await useArrays();

const SPECIAL = [
  ...[0, -0, 1, -1, 1e-42, -1e-42, 0.5, 3e38, -3e38],
  ...[Infinity, -Infinity, Number.NaN],
];

/** Shapes that are broadcast: rows around vectors and tasks, either operand repeated, along rows and across. */
const pairs: readonly (readonly [Shape, Shape, Shape])[] = [
  [[1], [1], [1]],
  [[7], [7], [7]],
  [[7, 9], [1], [7, 9]],
  [[1], [7, 9], [9]],
  [
    [5, 1],
    [1, 6],
    [5, 6],
  ],
  [[2, 3, 33], [33], [3, 1]],
  [
    [2, 1, 5],
    [4, 1],
    [2, 4, 5],
  ],
  [
    [3, 5, 1, 2, 1],
    [5, 4, 1, 7],
    [3, 1, 1, 2, 7],
  ],
  [[16389], [16389], [1]],
  [[2, 16389], [2, 1], [16389]],
];

function combined(
  fn: keyof typeof CombineFn,
  inputs: readonly Given[],
  shape: Shape,
  scale = 1,
): Float32Array {
  return guardedRun({
    ...{ name: `${fn} of ${inputs.map(({ shape: own }) => `[${own}]`)}`, inputs, shape },
    emit: (e, y, [a, b, c]) => combineArrays(e, fn, y, a, b, { c, scale }),
  });
}

const shapeOf = (shapes: readonly Shape[]): Shape => {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, i) =>
    Math.max(...shapes.map((shape) => shape[i - rank + shape.length] ?? 1)),
  );
};
const broadcastAt = ({ shape, data }: Given, index: readonly number[]): number =>
  at(
    { shape, data: data as never },
    index.slice(index.length - shape.length).map((i, d) => (shape[d] === 1 ? 0 : i)),
  );

type Pairwise = (a: number, b: number, c: number) => number;

/** Calls `use` with operands of many shapes, their result and what it should be. */
function eachPair(
  fn: keyof typeof CombineFn,
  draw: (count: number, seed: number) => Float32Array | Int32Array,
  f: Pairwise,
  use: (y: Float32Array, expected: Float64Array, name: string) => void,
  scale = 1,
): void {
  pairs.forEach((shapes, k) => {
    const inputs = shapes.map((shape, i) => ({
      shape,
      data: draw(sizeOf(shape), 10 * k + i),
    }));
    const shape = shapeOf(fn === 'Select' ? shapes : shapes.slice(0, 2));
    const given = fn === 'Select' ? inputs : inputs.slice(0, 2);
    const { data } = nd(shape, (index) => {
      const [a, b, c] = given.map((each) => broadcastAt(each, index));
      return f(a, b, c);
    });
    use(combined(fn, given, shape, scale), data, `${fn} of ${shapes.join(' and ')}`);
  });
}

/** Few numbers, so that some are equal, and those at the edges. */
const coarse = (count: number, seed: number): Float32Array =>
  numbers(count, seed).map((v, i) =>
    (i + seed) % 4 === 0
      ? SPECIAL[Math.floor((i + 7 * seed) / 4) % SPECIAL.length]
      : Math.round(2 * v),
  );

const one = (isSo: boolean): number => (isSo ? 1 : 0);

test('comparisons, NaN among them; scaled too', () => {
  const rules: readonly (readonly [keyof typeof CombineFn, Pairwise])[] = [
    ['NotEqual', (a, b) => one(a !== b)],
    ['GreaterEqual', (a, b) => one(a >= b)],
    ['LessEqual', (a, b) => one(a <= b)],
  ];
  for (const [fn, f] of rules)
    for (const scale of [1, 2.5])
      eachPair(
        ...([fn, coarse, (a: number, b: number, c: number) => scale * f(a, b, c)] as const),
        (y, expected, name) => close(y, Float32Array.from(expected), {}, name),
        scale,
      );
});

test('squares of differences, as f32 rounds them', () => {
  const f: Pairwise = (a, b) => Math.fround(a - b) ** 2;
  for (const scale of [1, 0.5])
    eachPair(
      ...([
        'SquaredDifference',
        coarse,
        (a: number, b: number, c: number) => scale * Math.fround(f(a, b, c)),
      ] as const),
      (y, expected, name) => close(y, Float32Array.from(expected), {}, name),
      scale,
    );
  eachPair('SquaredDifference', numbers, f, (y, expected, name) =>
    close(y, Float32Array.from(expected), {}, name),
  );
});

test('angles of points, to 3 ulp; as JavaScript has them at the edges', () => {
  const compare = (y: Float32Array, expected: Float64Array, name: string): void =>
    expected.forEach((angle, i) => {
      if (Object.is(y[i], Math.fround(angle))) return;
      const error = Math.abs(y[i] - angle) / ulp(angle);
      assert.ok(error <= 3, `${name}: ${i} is ${y[i]}, not ${angle}: ${error} ulp`);
    });
  eachPair('Atan2', coarse, Math.atan2, compare);
  for (const seed of [1, 2, 3]) {
    const spread = (count: number, i: number) =>
      numbers(count, seed + i).map((v, k) => v * 10 ** ((k % 7) - 3));
    eachPair('Atan2', spread, Math.atan2, compare);
  }
  // Zeros keep their sign.
  const [zero, minus] = [0, -0];
  for (const a of [zero, minus])
    for (const b of [zero, minus, 1, -1]) {
      const [y] = combined(
        'Atan2',
        [a, b].map((v) => ({ shape: [1], data: Float32Array.of(v) })),
        [1],
      );
      assert.ok(Object.is(y, Math.fround(Math.atan2(a, b))), `${a}, ${b}: ${y}`);
    }
});

test('select takes bits as they are, of b where c is not 0', () => {
  const bits = (count: number, seed: number): Int32Array => {
    if (seed % 10 === 2) return asIntegers(coarse(count, seed));
    return Int32Array.from(numbers(count, seed), (v, i) =>
      i % 3 === 0 ? 0x7fa00000 + i : Math.floor(v * 2 ** 31),
    );
  };
  const isChosen = (c: number): boolean => c !== 0 && c !== -(2 ** 31);
  const f: Pairwise = (a, b, c) => (isChosen(c) ? b : a);
  // Another scale changes nothing.
  for (const scale of [1, 3])
    eachPair(
      ...(['Select', bits, f] as const),
      (y, expected, name) => assert.equal(asIntegers(y), Int32Array.from(expected), name),
      scale,
    );
});

test('whole numbers are added, subtracted and multiplied with 32 bits', () => {
  const rules: readonly (readonly [keyof typeof CombineFn, Pairwise])[] = [
    ['AddIntegers', (a, b) => (a + b) | 0],
    ['SubtractIntegers', (a, b) => (a - b) | 0],
    ['MultiplyIntegers', Math.imul],
  ];
  for (const [fn, f] of rules) {
    for (const size of [1000, 2 ** 31])
      eachPair(
        fn,
        (count, seed) => Int32Array.from(numbers(count, seed), (v) => Math.floor(v * size)),
        f,
        (y, expected, name) => assert.equal(asIntegers(y), Int32Array.from(expected), name),
      );
  }
});

test('a result may take the place of its first operand', () => {
  for (const fn of ['SquaredDifference', 'Atan2', 'Select', 'AddIntegers'] as const) {
    const shape = [3, 5501];
    const [a, b, c] = [1, 2, 3].map((seed) => numbers(3 * 5501, seed));
    const inputs = [a, b, c.map((v) => Math.round(v))].map((data) => ({ shape, data }));
    const emit: Parameters<typeof guardedRun>[0]['emit'] = (e, y, [p, q, r]) =>
      combineArrays(e, fn, y, p, q, { c: r });
    const run = { name: fn, inputs, shape, emit };
    assert.equal(asIntegers(guardedRunInPlace(run)), asIntegers(guardedRun(run)), fn);
  }
});

test.run();
