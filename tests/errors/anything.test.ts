// Every public function and method, called with what it does not expect, gives a result or an error of this library:
// nothing raw, nothing that hangs. The exports are walked, so that a new one is tried without being named here.

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as wasmgrad from '../../src/index.js';
import { compiled } from '../helpers/models.js';
import '../helpers/start.js';

const { Tensor, WasmgradError, layers, data } = wasmgrad;

type Call = (...args: unknown[]) => unknown;

/** What is tried on something made anew for each call, as it may be disposed of by it. */
const makers: Record<string, () => object> = {
  Tensor: () => Tensor.zeros([2, 3]),
  Model: () => model,
  Layer: () => layers.dense({ units: 2 }),
  Augmenter: () =>
    new data.Augmenter(new Float32Array(12), [2, 2, 1], data.augment({}), { worker: false }),
};

const excluded = new Set([
  // These end what other calls need.
  ...['dispose', 'Model.dispose', 'Model[Symbol.dispose]'],
  // Internal: no declaration file has them.
  ...['Tensor.create', 'Tensor.over', 'Tensor.keep', 'Tensor.formAt', 'Tensor.askForm'],
  ...['Model.engine', 'emit'],
  // What a layer does for the network, which calls it with what it has checked; `emit` is its means.
  ...['Layer', 'Layer.shapeFor', 'Layer.parametersFor', 'Layer.emitForward', 'Layer.emitBackward'],
  ...['Layer.multiplyAdds', 'Layer.window', 'Layer.fold'],
]);

const model = compiled();
const tensors = [[], [3], [4, 4], [2, 3], [1, 4, 4, 2], [2, 6, 6, 1], [3, 3, 2, 4], [0, 3]].map(
  (shape) => Tensor.zeros(shape),
);
tensors.push(Tensor.from(new Int32Array([0, 1, 2])));
const gone = Tensor.zeros([3]);
gone.dispose();

const circular: unknown[] = [];
circular.push(circular);
const ring: Record<string, unknown> = {};
ring.name = ring;

const numbers = [0, 1, 2, 3, 0.5, -1, -0, 2 ** 31 - 1, 2 ** 31, 2 ** 53, 1e300, NaN, Infinity];
const odd = fc.constantFrom<unknown>(
  ...[undefined, null, true, '', '3', 'same', 'SAME', 'toString', '__proto__', 7n, Symbol('s')],
  ...[[], {}, [[]], [NaN], [1, 2], ['a', 'b'], [3, 3, 1], [1e9, 1e9], [-1, 2], new Array(3)],
  ...[circular, ring, Object.create(null), new Date(NaN), /x/, new Map(), () => 1],
  ...[new Float32Array(9), new Uint8Array(3), new BigInt64Array(2), new ArrayBuffer(8)],
  ...[gone, new AbortController().signal, Promise.resolve(1), { length: -1 }, { shape: [2] }],
  ...[layers.flatten(), wasmgrad.input([4]), data.augment({}), wasmgrad.optimizers.sgd()],
);
const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>(...tensors) },
  { weight: 3, arbitrary: fc.constantFrom<unknown>(...numbers) },
  { weight: 5, arbitrary: odd },
);

/** Options of words that are known, and now and then of one that is not. */
const optionsOf = (words: readonly string[]): fc.Arbitrary<unknown> =>
  fc.dictionary(fc.constantFrom(...words, 'lorem'), value, { maxKeys: 4, noNullPrototype: true });

interface Target {
  readonly name: string;
  readonly call: Call;
  readonly most: number;
}

/** All functions below an object, by their paths. */
function* functionsOf(where: object, path: string): Generator<Target> {
  for (const [name, part] of Object.entries(where)) {
    const full = path ? `${path}.${name}` : name;
    if (excluded.has(full) || (part as Call)?.prototype instanceof Error) continue;
    if (typeof part === 'function') {
      const isClass = /^class\b/.test(Function.prototype.toString.call(part));
      const call: Call = isClass ? (...args) => new part(...args) : part;
      yield { name: full, call, most: Math.max(3, part.length + 1) };
      if (isClass) yield* functionsOf(Object.fromEntries(staticsOf(part)), full);
    } else if (typeof part === 'object' && part !== null) yield* functionsOf(part, full);
  }
}

const staticsOf = (Kind: object): [string, unknown][] =>
  Object.getOwnPropertyNames(Kind)
    .filter((name) => name !== 'prototype')
    .map((name) => [name, (Kind as Record<string, Call>)[name]] as [string, unknown])
    .filter(([, part]) => typeof part === 'function')
    .map(([name, part]) => [name, (part as Call).bind(Kind)]);

/** Methods and accessors of what a maker makes, down to Object. */
function* methodsOf(kind: string, make: () => object): Generator<Target> {
  const seen = new Set([`${kind}.constructor`]);
  for (
    let prototype = Object.getPrototypeOf(make());
    prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    for (const key of Reflect.ownKeys(prototype)) {
      const name = typeof key === 'symbol' ? `${kind}[${key.description}]` : `${kind}.${key}`;
      if (seen.has(name) || excluded.has(name)) continue;
      seen.add(name);
      const { get, set, value: own } = Object.getOwnPropertyDescriptor(prototype, key) ?? {};
      if (typeof own === 'function')
        yield { name, call: (...args) => own.apply(make(), args), most: own.length + 2 };
      if (get) yield { name: `get ${name}`, call: () => get.call(make()), most: 0 };
      if (set) yield { name: `set ${name}`, call: (to) => set.call(make(), to), most: 1 };
    }
  }
}

/** What a call came to: undefined for a result or an error of ours. */
async function outcome(call: Call, args: readonly unknown[]): Promise<unknown> {
  try {
    const result = await call(...args);
    for (const one of Array.isArray(result) ? result : [result])
      if (one instanceof Tensor) one.dispose();
    return undefined;
  } catch (error) {
    return error instanceof WasmgradError ? undefined : error;
  }
}

/** The words that a function's message lists, where it takes options at one of its places. */
async function wordsOf({ call, most }: Target): Promise<string[]> {
  const words = new Set<string>();
  for (let place = 0; place < most; place++) {
    const args: unknown[] = tensors.slice(0, place);
    try {
      await call(...args, { lorem: 1 });
    } catch (error) {
      const listed = /there are (.*)$/.exec((error as Error).message)?.[1] ?? '';
      for (const word of listed.split(', ')) if (/^\w+$/.test(word)) words.add(word);
    }
  }
  return [...words, 'name', 'seed', 'batchSize'];
}

const targets: Target[] = [
  ...functionsOf(wasmgrad, ''),
  ...Object.entries(makers).flatMap(([kind, make]) => [...methodsOf(kind, make)]),
];

const CALLS = 20_000;

test(`${CALLS} calls of all ${targets.length} functions`, async () => {
  const { log, warn } = console;
  const raw = new Map<string, string>();
  console.log = console.warn = () => {};
  const each = Math.ceil(CALLS / targets.length);
  let calls = 0;
  try {
    for (const [index, target] of targets.entries()) {
      const words = await wordsOf(target);
      const args = fc.array(fc.oneof({ weight: 3, arbitrary: value }, optionsOf(words)), {
        maxLength: target.most,
      });
      for (const given of fc.sample(args, {
        numRuns: each,
        seed: 13 * index + Number(process.env.SEED ?? 1),
      })) {
        calls++;
        const error = await outcome(target.call, given);
        if (error) raw.set(target.name, (error as Error)?.stack ?? String(error));
      }
    }
  } finally {
    Object.assign(console, { log, warn });
  }
  assert.ok(calls >= CALLS);
  assert.equal(
    [...raw].map(([name, error]) => `${name}: ${error.split('\n').slice(0, 3).join(' ')}`),
    [],
  );
});

test.run();
