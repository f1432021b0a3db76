// Prefetching: how far it pulls ahead, in what order, and how it ends, by itself, by errors, by
// consumers that stop and by aborts.

import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { data, ValueError } from '../../src/index.js';
import { rejects } from '../helpers/models.js';

// biome-ignore lint/suspicious/noExplicitAny: what plain JavaScript may pass
const any = (value: unknown): any => value;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Numbers from 0, which tells how far it has been pulled and whether it was ended. */
function counted(length: number, failsAt = Number.POSITIVE_INFINITY) {
  const state = { pulled: 0, ended: false, atOnce: 0, most: 0 };
  async function* generate() {
    try {
      for (let i = 0; i < length; i++) {
        state.pulled++;
        state.most = Math.max(state.most, ++state.atOnce);
        await wait(1);
        state.atOnce--;
        if (i === failsAt) throw new Error(`item ${i} is broken`);
        yield i;
      }
    } finally {
      await wait(1);
      state.ended = true;
    }
  }
  return { state, items: generate() };
}

/** Waits for something that must come, however slow the machine is; the test after it says what is missing. */
async function until(isThere: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000 && !isThere(); tries++) await wait(10);
}

test('everything, in order, whatever it comes from', async () => {
  const expected = [0, 1, 2, 3, 4, 5, 6];
  for (const depth of [1, 2, 5, 20]) {
    assert.equal(await all(data.prefetch(expected, { depth })), expected, 'an array');
    assert.equal(await all(data.prefetch(new Set(expected), { depth })), expected, 'a set');
    const promises = expected.map((i) => Promise.resolve(i));
    assert.equal(await all(data.prefetch(any(promises), { depth })), expected, 'promises');
    const { items, state } = counted(7);
    assert.equal(await all(data.prefetch(items, { depth })), expected, 'a generator');
    assert.equal([state.ended, state.most], [true, 1], 'one at a time');
  }
  assert.equal(await all(data.prefetch([])), []);
});

test('pulls as many ahead as the depth says, from the first call on', async () => {
  for (const depth of [1, 2, 4]) {
    const { items, state } = counted(100);
    const ahead = data.prefetch(items, { depth });
    await wait(10);
    assert.is(state.pulled, 0);
    for (let i = 0; i < 3; i++) {
      assert.is((await ahead.next()).value, i);
      await until(() => state.pulled >= i + 1 + depth);
      await wait(10);
      assert.is(state.pulled, i + 1 + depth, `depth ${depth}`);
    }
    await ahead.return(undefined);
  }
  const { items, state } = counted(100);
  const ahead = data.prefetch(items);
  await ahead.next();
  await until(() => state.pulled >= 3);
  await wait(10);
  assert.is(state.pulled, 3, 'two by default');
  await ahead.return(undefined);
});

test('waiting overlaps with what the consumer does', async () => {
  const events: string[] = [];
  async function* slow() {
    for (let i = 0; i < 5; i++) {
      events.push(`${i} begins`);
      await wait(1);
      yield i;
    }
  }
  for await (const i of data.prefetch(slow(), { depth: 1 })) {
    await wait(1);
    events.push(`${i} is used`);
  }
  for (let i = 1; i < 5; i++) {
    const began = events.indexOf(`${i} begins`);
    assert.ok(began >= 0 && began < events.indexOf(`${i - 1} is used`), events.join(', '));
  }
});

test("the source's errors come in their turn, and nothing more is pulled", async () => {
  const { items, state } = counted(10, 3);
  const ahead = data.prefetch(items, { depth: 5 });
  for (let i = 0; i < 3; i++) assert.is((await ahead.next()).value, i);
  await wait(20);
  await rejects(() => ahead.next(), Error, 'item 3 is broken');
  assert.equal([state.pulled, state.ended], [4, true]);
  assert.equal(await ahead.next(), { done: true, value: undefined });
});

test('a consumer that stops ends the source, and hears of errors in that', async () => {
  const { items, state } = counted(100);
  for await (const item of data.prefetch(items, { depth: 3 })) if (item === 2) break;
  assert.ok(state.ended, 'ended when the loop is left');
  assert.ok(state.pulled <= 5, `no further than it was: ${state.pulled}`);
  async function* careless() {
    try {
      for (;;) yield 1;
    } finally {
      await wait(1);
      // biome-ignore lint/correctness/noUnsafeFinally: what is tested
      throw new Error('cannot close');
    }
  }
  await rejects(
    async () => {
      for await (const _ of data.prefetch(careless())) break;
    },
    Error,
    'cannot close',
  );
});

test('an abort ends the waiting, even for a source that hangs', async () => {
  const controller = new AbortController();
  async function* hangs() {
    yield 1;
    await new Promise(() => {});
  }
  const ahead = data.prefetch(hangs(), { signal: controller.signal });
  assert.is((await ahead.next()).value, 1);
  const waiting = ahead.next();
  controller.abort(new Error('enough'));
  await rejects(() => waiting, Error, 'enough');
  const never = data.prefetch(hangs(), { signal: controller.signal });
  await rejects(() => never.next(), Error, 'enough');
});

test('a signal that is never used changes nothing', async () => {
  const { signal } = new AbortController();
  const { items } = counted(5);
  assert.equal(await all(data.prefetch(items, { signal })), [0, 1, 2, 3, 4]);
  const broken = counted(5, 1);
  await rejects(() => all(data.prefetch(broken.items, { signal })), Error, 'item 1');
});

test('what cannot be prefetched', async () => {
  const bad: [() => unknown, ...string[]][] = [
    [() => data.prefetch(any(5)), 'iterate', 'not 5'],
    [() => data.prefetch(any(null)), 'null'],
    [() => data.prefetch(any({})), 'not {}'],
    [() => data.prefetch(any(() => [])), 'function', 'call it'],
    [() => data.prefetch([], { depth: 0 }), 'depth', '0'],
    [() => data.prefetch([], { depth: 1.5 }), 'depth', '1.5'],
    [() => data.prefetch([], any({ size: 1 })), "'size'", 'depth'],
    [() => data.prefetch([], any(3)), 'options object', 'not 3'],
    [() => data.prefetch([], { signal: any({}) }), 'signal', 'AbortController'],
  ];
  for (const [call, ...parts] of bad) await rejects(call, ValueError, ...parts);
});

test.run();
