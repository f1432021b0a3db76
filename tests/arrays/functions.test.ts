// What the module arrays computes of single numbers, and no layer has: against f64, to so many ulp; numbers at the edges;
// whole numbers bit by bit.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MapFn } from '../../bindings/arrays.js';
import { useArrays } from '../../src/operators/arrays/index.js';
import { type MapFormula, mapForward } from '../../src/operators/arrays/map.emit.js';
import { ulp } from '../helpers/cases.js';
import { close } from '../helpers/close.js';
import { asIntegers, guardedRun, guardedRunInPlace } from '../helpers/emitted.js';
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
    ...{ fn: 'Tan', f: Math.tan, ulps: 4, spans: [1e-6, 1e-3, 0.1, 0.785, 1.5, 100, 1e6, 2e9] },
    edges: [
      [0, 0],
      [Infinity, Number.NaN],
      [-Infinity, Number.NaN],
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

test('tan next to odd multiples of π/2, where the last bit of the argument decides', () => {
  for (const times of [1, -1, 3, 5, 101, 12345]) {
    const x = Math.fround((times * Math.PI) / 2);
    const [y] = mapped({ fn: 'Tan' }, Float32Array.of(x));
    close(Float32Array.of(y), Float32Array.of(Math.tan(x)), { rtol: 4 * 2 ** -24 });
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
