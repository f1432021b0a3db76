// Functions of single numbers: against f64, to a few ulp; their gradients; numbers at the edges.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type MapOptions, map, useArrays } from '../../src/operators/arrays/index.js';
import { ulp } from '../helpers/cases.js';
import { close } from '../helpers/close.js';
import { checkLayer, nd, runLayer } from '../helpers/layers.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';
import { input } from '../../src/index.js';

await useArrays();

/** erf by its series, or 1 − a continued fraction. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a > 3) {
    let f = a;
    for (let k = 60; k > 0; k--) f = a + k / 2 / f;
    return Math.sign(x) * (1 - Math.exp(-a * a) / (f * Math.sqrt(Math.PI)));
  }
  let [term, sum] = [x, x];
  for (let n = 1; n < 120; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const roundEven = (x: number): number => {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
};
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

type Fn = MapOptions['fn'];

interface Row {
  readonly f: (x: number) => number;
  /** Options besides fn. */
  readonly options?: Omit<MapOptions, 'fn'>;
  /** Most ulp of the result, where it is no more than rounded by 1e-7 of x's own size. */
  readonly ulps?: number;
  /** Where it may be asked: all numbers by default; from a number on, or between −`within` and `within`. */
  readonly from?: number;
  readonly within?: number;
  readonly smooth?: boolean;
}

const rows: readonly (readonly [Fn, Row])[] = [
  ['exp', { f: Math.exp, ulps: 2 }],
  ['log', { f: Math.log, ulps: 2, from: 0.01 }],
  ['sqrt', { f: Math.sqrt, ulps: 0.5, from: 0.01 }],
  ['negate', { f: (x) => -x, ulps: 0 }],
  ['abs', { f: Math.abs, ulps: 0 }],
  ['reciprocal', { f: (x) => 1 / x, ulps: 0.5, from: 0.1 }],
  ['erf', { f: erf, ulps: 3 }],
  ['sign', { f: Math.sign, ulps: 0, smooth: false }],
  ['floor', { f: Math.floor, ulps: 0, smooth: false }],
  ['ceil', { f: Math.ceil, ulps: 0, smooth: false }],
  ['round', { f: roundEven, ulps: 0, smooth: false }],
  ['sin', { f: Math.sin, ulps: 3 }],
  ['cos', { f: Math.cos, ulps: 3 }],
  ['tan', { f: Math.tan, ulps: 4, within: 1.4 }],
  ['asin', { f: Math.asin, ulps: 3, within: 1 }],
  ['acos', { f: Math.acos, ulps: 3, within: 1 }],
  ['atan', { f: Math.atan, ulps: 3 }],
  ['sinh', { f: Math.sinh, ulps: 6 }],
  ['cosh', { f: Math.cosh, ulps: 6 }],
  ['asinh', { f: Math.asinh, ulps: 7 }],
  ['acosh', { f: Math.acosh, ulps: 7, from: 1 }],
  ['atanh', { f: Math.atanh, ulps: 7, within: 1 }],
  ['softsign', { f: (x) => x / (1 + Math.abs(x)), ulps: 2 }],
  ['mish', { f: (x) => x * Math.tanh(softplus(x)), ulps: 4 }],
  [
    'geluTanh',
    { f: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))) },
  ],
  ['elu', { f: (x) => (x > 0 ? x : -0.3 * Math.expm1(x)), options: { alpha: -0.3 }, ulps: 3 }],
  ['celu', { f: (x) => (x > 0 ? x : 0.7 * Math.expm1(x / 0.7)), options: { alpha: 0.7 }, ulps: 4 }],
  [
    'selu',
    {
      f: (x) => 1.3 * (x > 0 ? x : 1.7 * Math.expm1(x)),
      ...{ options: { alpha: 1.7, beta: 1.3 }, ulps: 4 },
    },
  ],
  ['leakyRelu', { f: (x) => (x > 0 ? x : -0.4 * x), options: { alpha: -0.4 }, ulps: 1 }],
  ['leakyRelu', { f: (x) => (x > 0 ? x : 0), options: { alpha: 0 }, ulps: 0 }],
  [
    'thresholdedRelu',
    { f: (x) => (x > 0.3 ? x : 0), options: { alpha: 0.3 }, ulps: 0, smooth: false },
  ],
  [
    'hardSigmoid',
    {
      f: (x) => Math.max(0, Math.min(1, 0.3 * x + 0.4)),
      ...{ options: { alpha: 0.3, beta: 0.4 } },
    },
  ],
  ['affine', { f: (x) => 1.5 * x - 0.25, options: { alpha: 1.5, beta: -0.25 } }],
  ['power', { f: (x) => x ** 2, options: { alpha: 2 }, ulps: 0.51 }],
  ['power', { f: (x) => x ** 3, options: { alpha: 3 }, ulps: 0.51 }],
  ['power', { f: (x) => x ** Math.fround(0.37), options: { alpha: 0.37 }, ulps: 0.51, from: 0.01 }],
  ['power', { f: (x) => x ** -1.5, options: { alpha: -1.5 }, ulps: 0.51, from: 0.1 }],
  ['power', { f: (x) => Math.sqrt(x), options: { alpha: 0.5 }, ulps: 0.5, from: 0.01 }],
  ['power', { f: (x) => 1 / x, options: { alpha: -1 }, ulps: 0.5, from: 0.1 }],
  ['clip', { f: (x) => Math.max(-0.5, Math.min(0.6, x)), options: { alpha: -0.5, beta: 0.6 } }],
  ['clip', { f: (x) => Math.min(0.6, x), options: { beta: 0.6 } }],
];

/** A layer's result for some numbers. */
function resultOf(options: MapOptions, x: readonly number[]): Float32Array {
  const layer = map(options);
  layer.apply(input([x.length]));
  const given = { shape: [1, x.length], data: Float32Array.from(x) };
  return runLayer(layer, [given], {}, (count) => new Float32Array(count), 'map').y;
}

const shown = (fn: Fn, options?: object): string => `${fn} ${JSON.stringify(options ?? {})}`;

/** Numbers where a function may be asked. */
const placed = ({ from, within }: Row, v: number): number => {
  if (within !== undefined) return (within * v) / (0.1 + Math.abs(v));
  return from === undefined ? v : Math.abs(v) + from;
};

for (const [fn, row] of rows) {
  const { f, options, ulps, smooth } = row;
  test(`${shown(fn, options)}: the result and its gradient`, () => {
    for (const count of [1, 3, 7, 33]) {
      const spread = (seed: number) =>
        numbers(2 * count, seed).map((v) => 3 * v + (v > 0 ? 0.02 : -0.02));
      checkLayer(shown(fn, options), {
        layer: map({ ...options, fn } as MapOptions),
        inputs: [[count]],
        reference: ([x]) => nd(x.shape, (index) => f(x.data[index[0] * x.shape[1] + index[1]])),
        draw: (_, i) => spread(i).map((v) => placed(row, v)),
        smooth,
      });
    }
  });

  if (ulps !== undefined) {
    test(`${shown(fn, options)}: to ${ulps} ulp`, () => {
      const x = [1e-3, 0.1, 1, 2.5, 5, 9].flatMap((scale, i) => [
        ...numbers(3000, i).map((v) => v * scale),
      ]);
      const given = x.map((v) => placed(row, v));
      const y = resultOf({ ...options, fn } as MapOptions, given);
      given.forEach((v, i) => {
        const expected = f(Math.fround(v));
        const error = Math.abs(y[i] - expected) / ulp(expected);
        // Sine and cosine near their zeros, and floats that are no result of rounding x alone.
        const slack = fn === 'sin' || fn === 'cos' ? 2 ** -25 / ulp(expected) : 0;
        assert.ok(
          error <= ulps + 0.01 + slack,
          `${fn}(${v}) is ${y[i]}, not ${expected}: ${error} ulp`,
        );
      });
    });
  }
}

test('NaN stays NaN, and infinities take the limit', () => {
  for (const [fn, { options }] of rows) {
    if (fn === 'sin' || fn === 'cos') continue;
    const [none] = resultOf({ ...options, fn } as MapOptions, [Number.NaN]);
    assert.ok(Number.isNaN(none), `${fn} of NaN is ${none}`);
  }
  const limits: [MapOptions, number, number][] = [
    [{ fn: 'mish' }, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    [{ fn: 'geluTanh' }, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ];
  for (const [options, high, low] of limits) {
    const [above, below] = resultOf(options, [high, low]);
    assert.is(above, high);
    assert.ok(Math.abs(below) < 1e-30, `${options.fn} of −∞ is ${below}`);
  }
  assert.equal([...resultOf({ fn: 'log' }, [0, -1, Infinity])], [-Infinity, Number.NaN, Infinity]);
  assert.equal([...resultOf({ fn: 'erf' }, [Infinity, -Infinity])], [1, -1]);
  const tiny = 1e-42;
  assert.ok(Math.abs(resultOf({ fn: 'log' }, [tiny])[0] - Math.log(Math.fround(tiny))) < 1e-5);
});

test('inverses at the ends of where they are: infinite, and no number beyond; zeros with their signs', () => {
  const cases: readonly (readonly [Fn, readonly number[], readonly number[]])[] = [
    ['asin', [1, -1, 1.5, -0], [Math.PI / 2, -Math.PI / 2, Number.NaN, -0]],
    ['acos', [1, -1, -1.5], [0, Math.PI, Number.NaN]],
    ['atan', [Infinity, -Infinity], [Math.PI / 2, -Math.PI / 2]],
    ['sinh', [Infinity, -Infinity, 0], [Infinity, -Infinity, 0]],
    ['cosh', [Infinity, -Infinity, 0], [Infinity, Infinity, 1]],
    ['asinh', [Infinity, -Infinity, 0, 1e-30, 1e30], [Infinity, -Infinity, 0, 1e-30, 69.7706997]],
    ['acosh', [Infinity, 1, 0.5, -2, 1e30], [Infinity, 0, Number.NaN, Number.NaN, 69.7706997]],
    ['atanh', [1, -1, 1.5, -Infinity, 1e-30], [Infinity, -Infinity, Number.NaN, Number.NaN, 1e-30]],
    ['tan', [0, Infinity], [0, Number.NaN]],
  ];
  for (const [fn, x, expected] of cases)
    close(resultOf({ fn }, x), Float32Array.from(expected), { rtol: 1e-6 }, fn);
});

test('what is no number, infinite, not zero: 1, else 0; no gradient', () => {
  const x = [0, -0, 1, 1e-42, Infinity, -Infinity, Number.NaN, -2.5, 3];
  assert.equal([...resultOf({ fn: 'isNaN' }, x)], [0, 0, 0, 0, 0, 0, 1, 0, 0]);
  assert.equal([...resultOf({ fn: 'isInfinite' }, x)], [0, 0, 0, 0, 1, 1, 0, 0, 0]);
  assert.equal([...resultOf({ fn: 'isNotZero' }, x)], [0, 0, 1, 1, 1, 1, 1, 1, 1]);
  for (const fn of ['isNaN', 'isInfinite', 'isNotZero'] as const) {
    const layer = map({ fn });
    layer.apply(input([3]));
    const given = { shape: [1, 3], data: Float32Array.of(1, 2, 3) };
    const { dxs } = runLayer(layer, [given], {}, (count) => new Float32Array(count).fill(1), fn);
    assert.equal(dxs[0], new Float32Array(3));
  }
});

test('sine of large numbers', () => {
  const x = [1e3, -12345.678, 1e5, 999999.5].map(Math.fround);
  const y = resultOf({ fn: 'sin' }, x);
  x.forEach((v, i) => {
    assert.ok(Math.abs(y[i] - Math.sin(v)) < 2e-7, `sin(${v}) is ${y[i]}, not ${Math.sin(v)}`);
  });
});

test('sine and cosine beyond: none is above 1, and infinities have none', () => {
  const x = [1e9, -1e13, 5.4e19, -1e20, 1e30, -3e38];
  for (const fn of ['sin', 'cos'] as const) {
    const y = resultOf({ fn }, x);
    x.forEach((v, i) => {
      assert.ok(Math.abs(y[i]) <= 1, `${fn}(${v}) is ${y[i]}`);
    });
    assert.equal([...resultOf({ fn }, [Infinity, -Infinity])], [Number.NaN, Number.NaN]);
  }
});

test('what is negated has the other sign, zeros too', () => {
  const y = resultOf({ fn: 'negate' }, [0, -0, 1, Infinity]);
  assert.ok([...y].every((v, i) => Object.is(v, [-0, 0, -1, -Infinity][i])));
});

test('powers as IEEE 754 has them', () => {
  const cases: [number, number][] = [
    ...[0, -0, 1, -1, 2, -2, 0.5, Infinity, -Infinity].flatMap((x): [number, number][] =>
      [3, 2, -3, -2, 0, 1.5, -1.5].map((a) => [x, a]),
    ),
  ];
  for (const [x, a] of cases) {
    const [y] = resultOf({ fn: 'power', alpha: a }, [x]);
    assert.ok(
      Object.is(y, Math.fround(x ** a)) || y === x ** a,
      `${x} to the power of ${a} is ${y}`,
    );
  }
});

test.run();
