// Calls between threads, over a connection that the test holds: what is sent, in which order answers come, and how
// calls end.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as errors from '../../src/base/errors.js';
import { EngineError, ShapeError, StateError, ValueError } from '../../src/index.js';
import type { Connection } from '../../src/platform/connection.js';
import {
  Caller,
  type Handlers,
  type Message,
  type Reply,
  type Running,
  serve,
} from '../../src/platform/rpc.js';
import { rejects } from '../helpers/models.js';

interface Calls {
  double: { given: Float32Array<ArrayBuffer>; got: Float32Array<ArrayBuffer> };
  any: { given: unknown; got: unknown };
}

type Any = (given: unknown, call: Running) => unknown;

/** Turns in which all messages on their way arrive. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** A caller and what serves it; messages are cloned on their way, as between threads. */
function pair(any: Any = (given) => given) {
  const sent: Message[] = [];
  const held: boolean[] = [];
  let receive: (reply: Reply) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  let closed = 0;
  const port = {
    onmessage: (_event: { data: unknown }): unknown => undefined,
    onmessageerror: () => {},
    postMessage(reply: Reply, transfer: Transferable[]) {
      const arrived = structuredClone(reply, { transfer });
      setTimeout(() => receive(arrived));
    },
  };
  const connection: Connection<Message, Reply> = {
    post(message, transfer = []) {
      const data = structuredClone(message, { transfer });
      sent.push(data);
      setTimeout(() => port.onmessage({ data }));
    },
    listen(...heard) {
      [receive, fail] = heard;
    },
    hold: (on) => void held.push(on),
    close: () => void closed++,
  };
  const doubled: Float32Array[] = [];
  const double = (numbers: Float32Array<ArrayBuffer>) => {
    doubled.push(numbers.map((x) => 2 * x));
    return doubled.at(-1) as typeof numbers;
  };
  const handlers: Handlers<Calls> = { double, any };
  serve(port, handlers, (result) => (result instanceof Float32Array ? [result.buffer] : []));
  const caller = new Caller<Calls>(connection, 'the worker');
  return {
    caller,
    port,
    sent,
    held,
    doubled,
    reply: (reply: unknown) => receive(reply as Reply),
    fail: (error: unknown) => fail(error),
    closed: () => closed,
  };
}

test('results, in any order; the program is held while somebody waits', async () => {
  const open: ((value: unknown) => void)[] = [];
  const { caller, held } = pair(
    (given) => new Promise((resolve) => open.push(() => resolve(given))),
  );
  const ended: unknown[] = [];
  const [a, b] = ['a', 'b'].map((given) => caller.call('any', given));
  for (const call of [a, b]) call.then((result) => ended.push(result));
  await settled();
  assert.equal(held, [true, true]);
  open[1](0);
  assert.is(await b, 'b');
  assert.equal(held, [true, true]);
  open[0](0);
  assert.is(await a, 'a');
  assert.equal(ended, ['b', 'a']);
  assert.equal(held, [true, true, false]);
});

test('buffers are handed over, both ways', async () => {
  const { caller, doubled } = pair();
  const given = Float32Array.of(1, 2);
  const result = await caller.call('double', given, { transfer: [given.buffer] });
  assert.is(given.length, 0, 'gone here');
  assert.equal([...result], [2, 4]);
  assert.is(doubled[0].length, 0, 'gone there');
  const copied = Float32Array.of(3);
  assert.equal([...(await caller.call('double', copied))], [6]);
  assert.is(copied.length, 1);
});

test('errors keep their class, message and causes', async () => {
  const circle = new Error('round');
  circle.cause = circle;
  const thrown: unknown[] = [
    new ShapeError('no', { cause: new RangeError('why', { cause: 'text' }) }),
    Object.assign(new Error('other'), { name: 'Other' }),
    5n,
    circle,
  ];
  const { caller } = pair((given) => Promise.reject(thrown[given as number]));
  const caught = thrown.map((_, i) => caller.call('any', i).catch((error: unknown) => error));
  const [shape, other, bigint, round] = (await Promise.all(caught)) as (Error & { cause: Error })[];
  assert.instance(shape, ShapeError);
  assert.is(shape.message, 'no');
  assert.is(shape.cause.name, 'RangeError');
  assert.is((shape.cause.cause as Error).message, "'text'");
  assert.equal([other.name, other.message, other.cause], ['Other', 'other', undefined]);
  assert.is(bigint.message, '5n');
  assert.is(round.cause.message, 'round');
});

test('each class of errors that the package has arrives as itself', async () => {
  const kinds = Object.values(errors);
  const { caller } = pair((given) => Promise.reject(new kinds[given as number]('no')));
  for (const [i, Kind] of kinds.entries()) {
    const error = await caller.call('any', i).catch((error: unknown) => error);
    assert.is((error as Error).constructor, Kind);
  }
});

test('what cannot be cloned, there or back, is an error; all goes on', async () => {
  const { caller, held } = pair((given) => (given === 'bad' ? () => {} : given));
  await rejects(() => caller.call('any', () => {}), ValueError, 'any: not all of this can be sent');
  assert.equal(held, []);
  const error = (await caller.call('any', 'bad').catch((e) => e)) as Error;
  assert.is(error.name, 'DataCloneError');
  assert.is(await caller.call('any', 1), 1);
});

test('reports come one at a time, before the end, and are waited for', async () => {
  const log: unknown[] = [];
  const { caller } = pair(async (_, call) => {
    await call.report(1);
    log.push('1 was heard');
    call.report(2);
    call.report(3);
    return 'end';
  });
  const onReport = async (report: unknown) => {
    log.push(report);
    await settled();
    log.push(`${report} done`);
  };
  log.push(await caller.call('any', 0, { onReport }));
  assert.equal(log, [1, '1 done', '1 was heard', 2, '2 done', 3, '3 done', 'end']);
  assert.is(await caller.call('any', 0), 'end', 'nobody has to listen');
});

test('what is thrown at a report is what the call ends with', async () => {
  const mine = { not: 'an error' };
  const seen: unknown[] = [];
  const { caller } = pair(async (waits, call) => {
    const reported = call.report(1);
    if (!waits) return 'end';
    await reported.catch((error) => {
      seen.push(error === call.signal.reason, call.signal.aborted);
      throw error;
    });
  });
  const onReport = () => {
    throw mine;
  };
  for (const waits of [true, false]) {
    const caught = await caller.call('any', waits, { onReport }).catch((error) => error);
    assert.is(caught, mine);
  }
  assert.equal(seen, [true, true]);
});

test('messages go to the call that they are of, while it runs', async () => {
  const all: unknown[] = [];
  const { caller } = pair((_, call) => {
    const heard: unknown[] = [];
    return new Promise((resolve) => {
      call.onMessage = (message) => {
        heard.push(message);
        all.push(message);
        if (message === 'end') resolve(heard);
      };
    });
  });
  const [a, b] = [caller.call('any', 0), caller.call('any', 0)];
  b.send(1);
  a.send(2);
  a.send('end');
  b.send('end');
  assert.equal(
    [await a, await b],
    [
      [2, 'end'],
      [1, 'end'],
    ],
  );
  a.send('too late');
  await settled();
  assert.equal(all, [1, 2, 'end', 'end']);
  await rejects(() => Promise.resolve().then(() => b.send(() => {})), ValueError, 'any: not all');
});

test('a signal aborts its call alone, with its reason', async () => {
  const { caller, sent } = pair(
    (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  );
  const controllers = [new AbortController(), new AbortController()];
  const calls = controllers.map(({ signal }) => caller.call('any', 0, { signal }));
  controllers[1].abort('enough');
  assert.is(await calls[1].catch((reason) => reason), 'enough');
  controllers[0].abort();
  assert.is(await calls[0].catch((reason) => reason), controllers[0].signal.reason);
  const before = sent.length;
  const { signal } = controllers[1];
  assert.is(await caller.call('any', 0, { signal }).catch((reason) => reason), 'enough');
  assert.is(sent.length, before, 'one aborted before is not sent');
});

test('a call that does not look at its signal ends as it ends; nothing is sent of it afterwards', async () => {
  const { caller, sent } = pair(async (given) => {
    await settled();
    if (given === 'error') throw new ShapeError('its own');
    return given;
  });
  const controller = new AbortController();
  const { signal } = controller;
  const calls = ['result', 'error'].map((given) => caller.call('any', given, { signal }));
  controller.abort();
  const [result, error] = await Promise.allSettled(calls);
  assert.equal(result, { status: 'fulfilled', value: 'result' });
  assert.instance((error as PromiseRejectedResult).reason, ShapeError);
  const later = new AbortController();
  await caller.call('any', 1, { signal: later.signal });
  const before = sent.length;
  later.abort();
  assert.is(sent.length, before);
});

test('replies and messages of no call that there is are nobody’s', async () => {
  const { caller, port, reply } = pair();
  for (const stray of [{ id: 99, result: 1 }, { id: 99, report: 1 }, undefined, null, 'hello'])
    reply(stray);
  for (const data of [{ id: 99, heard: true }, { id: 99, abort: true }, null, 'hello'])
    await port.onmessage({ data });
  assert.is(await caller.call('any', 1), 1);
});

test('the end rejects all who wait and all who come', async () => {
  const { caller, held, closed } = pair(() => new Promise(() => {}));
  const calls = [caller.call('any', 0), caller.call('any', 0)];
  assert.is(caller.ended, false);
  caller.end(new StateError('it was ended'));
  caller.end(new StateError('again'));
  assert.is(caller.ended, true);
  for (const call of [...calls, caller.call('any', 0)])
    await rejects(() => call, StateError, 'it was ended');
  calls[0].send('nobody');
  assert.equal(held, [true, true, false]);
  assert.is(closed(), 1);
});

test('a worker that fails ends it', async () => {
  const { caller, fail, closed } = pair(() => new Promise(() => {}));
  const call = caller.call('any', 0);
  fail(new Error('not today'));
  await rejects(() => call, EngineError, 'the worker is gone (not today)');
  assert.is(closed(), 1);
});

test('a message that cannot be read is an error of the worker', () => {
  assert.throws(() => pair().port.onmessageerror(), 'a message could not be read');
});

test.run();
