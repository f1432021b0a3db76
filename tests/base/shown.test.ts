// How messages show what was received: as code would write it, short, and without failing whatever it is.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { shown } from '../../src/base/shown.js';

const cases: [value: unknown, text: string][] = [
  [3, '3'],
  ['3', "'3'"],
  ["it's\n", "'it\\'s\\n'"],
  ['\0\x1b[2J\u202e\u2028é', "'\\u0000\\u001b[2J\\u{202e}\\u{2028}é'"],
  [{ 'a\n': 1, b_$: 2 }, "{ 'a\\n': 1, b_$: 2 }"],
  [-0, '-0'],
  [NaN, 'NaN'],
  [1e300, '1e+300'],
  [7n, '7n'],
  [undefined, 'undefined'],
  [null, 'null'],
  [true, 'true'],
  [Symbol('a'), 'Symbol(a)'],
  [[1, '2', [3, [4]]], "[1, '2', [3, a list of 1]]"],
  [new Array(1e6).fill(0), '[0, 0, 0, 0, 0, 0, … 1000000 in all]'],
  [{ a: 1, b: { c: { d: 1 } } }, '{ a: 1, b: { c: an object } }'],
  [{}, '{}'],
  [Object.create(null), '{}'],
  [new Float32Array(784), 'a Float32Array of 784'],
  [new DataView(new ArrayBuffer(3)), 'a DataView'],
  [new Date(0), 'a Date'],
  [new Error('e'), 'an Error'],
  [Math.max, 'a function'],
  ['x'.repeat(1000), `'${'x'.repeat(60)}…'`],
];

for (const [value, text] of cases) test(`shows ${text}`, () => assert.is(shown(value), text));

test('hostile values are shown too', () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const list = Proxy.revocable([], {});
  list.revoke();
  const circular: unknown[] = [];
  circular.push(circular, { circular });
  const fails = () => {
    throw new Error('no');
  };
  const getter = Object.defineProperty({ a: 1 }, 'b', { get: fails, enumerable: true });
  class Odd {
    static toString = fails;
    get [Symbol.toStringTag](): string {
      return fails();
    }
  }
  const nameless = new (class {})();
  Object.defineProperty(nameless, 'constructor', { get: fails });
  const hostile = [
    proxy,
    list.proxy,
    circular,
    getter,
    new Odd(),
    nameless,
    [proxy],
    Object.assign(() => {}, { toString: fails }),
    { toString: fails, valueOf: null },
    { constructor: { name: 5 } },
    new Proxy({}, { ownKeys: fails, get: fails, getPrototypeOf: fails }),
  ];
  for (const value of hostile) assert.type(shown(value), 'string');
  assert.is(shown(proxy), 'something that cannot be shown');
  assert.is(shown(getter), '{ a: 1, b: … }');
  assert.is(shown([list.proxy, 2]), '[…, 2]');
});

test('where a minifier has renamed classes, the name that one keeps', () => {
  class t {
    static readonly name: string = 'Layer';
    readonly type = 't';
  }
  class e extends t {
    static override readonly name: string = 'e';
  }
  class a {}
  for (const [value, expected] of [
    [new t(), 'a Layer'],
    [new e(), 'a Layer'],
    [new a(), 'an a'],
  ] as const)
    assert.is(shown(value), expected);
});

test.run();
