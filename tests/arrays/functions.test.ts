// What the module arrays computes of single numbers and of pairs, and no layer has: against f64, to so many ulp; numbers
// at the edges; whole numbers bit by bit.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CombineFn, MapFn } from '../../bindings/arrays.js';
import type { Shape } from '../../src/base/shape.js';
import { combineArrays } from '../../src/operators/arrays/combine.emit.js';
import { useArrays } from '../../src/operators/arrays/index.js';
import { type MapFormula, mapForward } from '../../src/operators/arrays/map.emit.js';
import { ulp } from '../helpers/cases.js';
import { close } from '../helpers/close.js';
import { asIntegers, type Given, guardedRun, guardedRunInPlace } from '../helpers/emitted.js';
import { at, nd } from '../helpers/layers.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

await useArrays();

/** Around vectors, and longer than a task. */
const COUNTS = [1, 3, 4, 7, 16, 33, 16389];

const mapped = (formula: MapFormula, data: Float32Array | Int32Array): Float32Array => {
  const name = `${formula.fn} of ${data.length}`;
  const shape = [data.length];
  const run = {
    ...{ name, shape, inputs: [{ shape, data }] },
    emit: mapOf(formula),
  };
  const y = guardedRun(run);
  assert.equal(asIntegers(guardedRunInPlace(run)), asIntegers(y), `${name}: in place`);
  return y;
};
const mapOf =
  (formula: MapFormula) =>
  (...[e, y, [x]]: Parameters<Parameters<typeof guardedRun>[0]['emit']>): void =>
    mapForward(e, y, x, formula);

interface Row {
  readonly fn: keyof typeof MapFn;
  readonly f: (x: number) => number;
  /** Most ulp of the result. */
  readonly ulps: number;
  /** Where numbers are drawn: so far around 0. */
  readonly spans: readonly number[];
  /** Numbers and what comes of them; NaN stays NaN everywhere. */
  readonly edges: readonly (readonly [x: number, y: number])[];
}

const TINY = 1e-42;
const HALF_PI = Math.fround(Math.PI / 2);

const rows: readonly Row[] = [
  {
    ...{ fn: 'Sigmoid', f: (x) => 1 / (1 + Math.exp(-x)), ulps: 3, spans: [1e-3, 1, 10, 87] },
    edges: [
      [0, 0.5],
      [-0, 0.5],
      [Infinity, 1],
      [-Infinity, 0],
      [TINY, 0.5],
      [1e30, 1],
      [-1e30, 0],
    ],
  },
  {
    ...{ fn: 'Elu', f: (x) => (x > 0 ? x : Math.expm1(x)), ulps: 3, spans: [1e-4, 0.1, 1, 20] },
    edges: [
      [0, 0],
      [Infinity, Infinity],
      [-Infinity, -1],
      [-TINY, Math.fround(-TINY)],
      [-1e30, -1],
    ],
  },
  {
    ...{ fn: 'Expm1', f: Math.expm1, ulps: 3, spans: [1e-6, 1e-3, 0.1, 1, 3, 88] },
    edges: [
      [0, 0],
      [Infinity, Infinity],
      [-Infinity, -1],
      [TINY, Math.fround(TINY)],
      [-TINY, Math.fround(-TINY)],
      [100, Infinity],
      [-100, -1],
    ],
  },
  {
    ...{ fn: 'Log1p', f: Math.log1p, ulps: 3, spans: [1e-6, 1e-3, 0.1, 0.999, 30, 1e6, 1e30] },
    edges: [
      [0, 0],
      [-0, -0],
      [-1, -Infinity],
      [-1.5, Number.NaN],
      [-Infinity, Number.NaN],
      [Infinity, Infinity],
      [TINY, Math.fround(TINY)],
    ],
  },
  {
    ...{ fn: 'Asin', f: Math.asin, ulps: 3, spans: [1e-6, 1e-3, 0.1, 0.6, 1] },
    edges: [
      [0, 0],
      [-0, -0],
      [1, HALF_PI],
      [-1, -HALF_PI],
      [1.0000001, Number.NaN],
      [-Infinity, Number.NaN],
      [TINY, Math.fround(TINY)],
    ],
  },
  {
    ...{ fn: 'Acos', f: Math.acos, ulps: 3, spans: [1e-3, 0.1, 0.6, 1] },
    edges: [
      [0, HALF_PI],
      [-0, HALF_PI],
      [1, 0],
      [-1, 2 * HALF_PI],
      [1.0000001, Number.NaN],
      [Infinity, Number.NaN],
    ],
  },
  {
    ...{ fn: 'Atan', f: Math.atan, ulps: 3, spans: [1e-6, 1e-3, 0.1, 0.5, 1, 3, 50, 1e6, 1e30] },
    edges: [
      [0, 0],
      [-0, -0],
      [Infinity, HALF_PI],
      [-Infinity, -HALF_PI],
      [TINY, Math.fround(TINY)],
    ],
  },
  {
    ...{ fn: 'Sinh', f: Math.sinh, ulps: 6, spans: [1e-6, 1e-3, 0.1, 1, 11, 40, 89.4] },
    edges: [
      [0, 0],
      [-0, -0],
      [Infinity, Infinity],
      [-Infinity, -Infinity],
      [90, Infinity],
      [-90, -Infinity],
      [TINY, Math.fround(TINY)],
    ],
  },
  {
    ...{ fn: 'Cosh', f: Math.cosh, ulps: 6, spans: [1e-3, 0.1, 1, 11, 40, 89.4] },
    edges: [
      [0, 1],
      [-0, 1],
      [Infinity, Infinity],
      [-Infinity, Infinity],
      [-90, Infinity],
      [TINY, 1],
    ],
  },
];

/** Where a function is defined at all. */
const isAsked = (fn: Row['fn'], x: number): boolean => fn !== 'Log1p' || x > -1;

for (const { fn, f, ulps, spans, edges } of rows) {
  const formula = { fn, ...(fn === 'Elu' && { alpha: 1, beta: 1 }) };

  test(`${fn}: to ${ulps} ulp`, () => {
    const draws = spans.flatMap((span, i) =>
      [1, 2, 3].flatMap((seed) => [...numbers(1500, seed + 3 * i).map((v) => v * span)]),
    );
    const x = Float32Array.from(draws.filter((v) => isAsked(fn, Math.fround(v))));
    const y = mapped(formula, x);
    let [worst, where] = [0, 0];
    x.forEach((v, i) => {
      const error = Math.abs(y[i] - f(v)) / ulp(f(v));
      if (!(error <= worst)) [worst, where] = [error, i];
    });
    assert.ok(worst <= ulps, `${fn}(${x[where]}) is ${y[where]}, not ${f(x[where])}: ${worst} ulp`);
  });

  test(`${fn}: counts around vectors, and edges`, () => {
    const given = Float32Array.from(edges, ([x]) => x);
    const y = mapped(formula, given);
    edges.forEach(([x, expected], i) => {
      assert.ok(Object.is(y[i], Math.fround(expected)), `${fn}(${x}) is ${y[i]}, not ${expected}`);
    });
    for (const count of COUNTS) {
      const x = numbers(count, count).map((v) => 0.9 * v);
      x[count - 1] = Number.NaN;
      const found = mapped(formula, x);
      assert.ok(Number.isNaN(found[count - 1]), `${fn} of NaN`);
      for (let i = 0; i < count - 1; i++) {
        const error = Math.abs(found[i] - f(x[i])) / ulp(f(x[i]));
        assert.ok(error <= ulps, `${fn}: ${i} of ${count} is ${found[i]}, not ${f(x[i])}`);
      }
    }
  });
}

const SPECIAL = Float32Array.of(
  ...[0, -0, 1, -1, TINY, -TINY, 0.5, 3e38, -3e38],
  ...[Infinity, -Infinity, Number.NaN],
);

test('what asks a number, and steps', () => {
  const one = (isSo: boolean): number => (isSo ? 1 : 0);
  const rules: readonly (readonly [MapFormula, (x: number) => number])[] = [
    [{ fn: 'IsNaN' }, (x) => one(Number.isNaN(x))],
    [{ fn: 'IsFinite' }, (x) => one(Number.isFinite(x))],
    [{ fn: 'IsInfinite' }, (x) => one(Math.abs(x) === Infinity)],
    // NaN is not 0.
    [{ fn: 'IsNotZero' }, (x) => one(x !== 0)],
    [{ fn: 'Step' }, (x) => (Number.isNaN(x) ? x : one(x > 0))],
    [{ fn: 'Step', alpha: -2.5 }, (x) => (Number.isNaN(x) ? x : x > 0 ? 1 : -2.5)],
  ];
  for (const [formula, f] of rules) {
    for (const count of COUNTS) {
      const x = Float32Array.from({ length: count }, (_, i) => SPECIAL[(i * 5) % SPECIAL.length]);
      close(mapped(formula, x), x.map(f), {}, `${formula.fn} of ${count}`);
    }
  }
});

test('floats to whole numbers as JavaScript makes them, and back', () => {
  const wild = Float32Array.of(
    ...SPECIAL,
    ...[1.9, -1.9, 2 ** 24 + 2, 2147483520, -2147483520, 2 ** 31, -(2 ** 31), 2 ** 31 + 256],
    ...[
      3e9,
      -3e9,
      2 ** 32,
      5 * 2 ** 31,
      -(2 ** 33) - 1024,
      2 ** 40 + 2 ** 18,
      -(2 ** 54) - 2 ** 31,
    ],
    ...[2 ** 55 + 2 ** 32, 2 ** 62, 9.1e18, 2 ** 63, -(2 ** 63), 2 ** 64, 1e30],
  );
  for (const count of COUNTS) {
    for (const first of [0, 5, 11]) {
      const x = Float32Array.from({ length: count }, (_, i) => wild[(first + i * 7) % wild.length]);
      const y = asIntegers(mapped({ fn: 'ToInteger' }, x));
      assert.equal(
        y,
        Int32Array.from(x, (v) => v | 0),
        `${count} from ${first}`,
      );
      const back = mapped({ fn: 'FromInteger' }, y);
      assert.equal(back, Float32Array.from(y), `back: ${count} from ${first}`);
    }
  }
  const exact = Int32Array.of(2 ** 24 + 1, -(2 ** 31), 2 ** 31 - 1, -7);
  assert.equal(mapped({ fn: 'FromInteger' }, exact), Float32Array.from(exact));
});

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
      data: draw(nd(shape, () => 0).data.length, 10 * k + i),
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
        ...([fn, coarse, (a, b, c) => scale * f(a, b, c)] as const),
        (y, expected, name) => close(y, Float32Array.from(expected), {}, name),
        scale,
      );
});

test('squares of differences, as f32 rounds them', () => {
  const f: Pairwise = (a, b) => Math.fround(a - b) ** 2;
  for (const scale of [1, 0.5])
    eachPair(
      ...(['SquaredDifference', coarse, (a, b, c) => scale * Math.fround(f(a, b, c))] as const),
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

test('every function that has no gradient here is among these', () => {
  const tested = new Set<string>([
    ...rows.map(({ fn }) => fn),
    ...['Step', 'IsNaN', 'IsFinite', 'IsInfinite', 'IsNotZero', 'ToInteger', 'FromInteger'],
  ]);
  const own = Object.entries(MapFn).flatMap(([fn, number]) => (number >= MapFn.Step ? [fn] : []));
  assert.equal(
    own.filter((fn) => !tested.has(fn)),
    [],
  );
});

test.run();
