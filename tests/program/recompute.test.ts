// Ops of forward that run once more in backward: what backward reads is the same, whatever is kept.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backend } from '../../bindings/backend.js';
import { activationForward } from '../../src/operators/activation/activation.emit.js';
import {
  maxPoolBackward,
  maxPoolForward,
  poolGeometry,
} from '../../src/operators/pool/pool.emit.js';
import { Emitter, type Value } from '../../src/program/emitter.js';
import { planMemory, withProgram } from '../../src/program/plan.js';
import { recompute } from '../../src/program/recompute.js';
import { opOf, Replay } from '../../src/program/replay.js';
import { sameBits } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

/** A program that is being made: its input, its result, and where its backward pass begins. */
interface Draft {
  readonly e: Emitter;
  readonly x: Value;
  readonly y: Value;
  readonly start: number;
}

/** What it computes. */
function resultOf({ e, x, y }: Draft): Float32Array {
  return withProgram(backend(), e, 'a test', (program) => {
    const { float32 } = backend().memory.views;
    float32.set(numbers(x.size, 1), x.resolve() / 4);
    program.run();
    return float32.slice(y.resolve() / 4, y.resolve() / 4 + y.size);
  });
}

/** A draft that keeps only some of what forward makes; and that nothing is kept which has no need to be. */
function replayed(draft: Draft, kept: (replay: Replay) => Iterable<Value>): Draft {
  const replay = new Replay(draft.e, draft.start);
  const ops = replay.steps(new Set(kept(replay))).map(opOf);
  draft.e.ops.splice(draft.start, draft.e.ops.length, ...ops);
  return draft;
}

const names = ({ e, start }: Draft): string[] => e.ops.slice(start).map(({ layer }) => layer);

/** tanh of tanh of x …, each by a layer of its own; backward adds them up from the last to the first. */
function chain(length: number): Draft {
  const e = new Emitter();
  const x = e.input([64]);
  const all: Value[] = [];
  for (let i = 0; i < length; i++) {
    e.layer = `tanh ${i}`;
    all.push(e.value(x.shape));
    activationForward(e, 'tanh', all[i], all[i - 1] ?? x);
  }
  const start = e.ops.length;
  e.layer = 'sum';
  const y = e.output(e.value(x.shape));
  e.emit('add', { y, a: x, b: x, count: x.size });
  for (const value of all.reverse()) e.emit('add', { y, a: y, b: value, count: x.size });
  return { e, x, y, start };
}

test('what is missing is made once, when it is first read, from what is there', () => {
  const plain = resultOf(chain(4));
  const nothing = replayed(chain(4), () => []);
  assert.equal(names(nothing), [
    'sum',
    'tanh 0',
    'tanh 1',
    'tanh 2',
    'tanh 3',
    ...Array(4).fill('sum'),
  ]);
  sameBits(resultOf(nothing), plain, 'nothing kept');
  const second = replayed(chain(4), ({ made }) => [[...made][1].value]);
  const expected = ['sum', 'tanh 2', 'tanh 3', 'sum', 'sum', 'sum', 'tanh 0', 'sum'];
  assert.equal(names(second), expected);
  sameBits(resultOf(second), plain, 'the second kept');
});

test('a long chain takes a fraction of the memory, and each op runs at most twice', () => {
  const [plain, thrifty] = [chain(64), chain(64)];
  recompute(thrifty.e, thrifty.start);
  const [all, some] = [plain, thrifty].map(({ e }) => planMemory(e).bytes);
  // About 2·√64 of 64.
  assert.ok(some < 0.35 * all, `${some} of ${all} bytes`);
  assert.ok(thrifty.e.ops.length <= 64 + plain.e.ops.length);
  sameBits(resultOf(thrifty), resultOf(plain), 'sum');
});

test('a program that takes no less memory so stays as it is', () => {
  const [plain, same] = [chain(2), chain(2)];
  recompute(same.e, same.start);
  assert.equal(names(same), names(plain));
});

test('where there is nothing to make again: backward alone, and nothing that backward reads', () => {
  for (const length of [0, 1]) {
    const draft = chain(length);
    recompute(draft.e, draft.start);
    assert.equal(names(draft), Array(1 + length).fill('sum'));
  }
});

/** a = tanh(x), b = tanh(a); then a is overwritten by tanh(a). Backward adds both. */
function overwritten(): Draft {
  const e = new Emitter();
  const x = e.input([16]);
  const [a, b] = [e.value(x.shape), e.value(x.shape)];
  activationForward(e, 'tanh', a, x);
  activationForward(e, 'tanh', b, a);
  activationForward(e, 'relu', a, a);
  const start = e.ops.length;
  const y = e.output(e.value(x.shape));
  e.emit('add', { y, a, b, count: x.size });
  return { e, x, y, start };
}

test('what was made of numbers that are gone is kept', () => {
  const plain = resultOf(overwritten());
  sameBits(resultOf(replayed(overwritten(), ({ unrepeatable }) => unrepeatable)), plain, 'kept');
  // The kept a is relu(a): b must not be made of it.
  const replay = new Replay(overwritten().e, 3);
  const [a, b] = [...replay.made].map(({ value }) => value);
  assert.equal(replay.unrepeatable, [b]);
  assert.is(replay.steps(new Set([a, b])).length, 1);
});

test('of two results of an op, one is kept: the other is made again beside it', () => {
  const pooled = (): Draft => {
    const e = new Emitter();
    const x = e.input([1, 4, 4, 4]);
    const g = poolGeometry(x.shape, {});
    const [large, argmax] = [e.value([1, 2, 2, 4]), e.value([1, 2, 2, 4], 'uint8')];
    maxPoolForward(e, large, argmax, x, g);
    const start = e.ops.length;
    const y = e.output(e.value(x.shape));
    maxPoolBackward(e, y, large, argmax, g);
    return { e, x, y, start };
  };
  const plain = resultOf(pooled());
  const made = ({ e, start }: Draft) => [...new Replay(e, start).made].map(({ value }) => value);
  for (const which of [0, 1]) {
    const draft = pooled();
    const kept = made(draft)[which];
    replayed(draft, () => [kept]);
    assert.is(draft.e.ops.length, 3);
    sameBits(resultOf(draft), plain, `result ${which} kept`);
  }
  const draft = pooled();
  assert.equal(new Replay(draft.e, draft.start).smallerThan(1 / 16), [made(draft)[1]]);
});

test.run();
