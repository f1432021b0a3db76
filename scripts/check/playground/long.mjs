// The playground while it trains for minutes: its frames, and its memory.

import assert from 'node:assert/strict';
import { open, say } from './page.mjs';

/** Milliseconds between frames: 60 a second are 16.7. The processor is shared with as many threads as it has cores. */
const MOST_MEDIAN = 17.5;
const MOST_95TH = 34;
/** What may be added between the samples: caches of the engine that fill late. */
const MOST_GROWTH = 2 * 2 ** 20;
/** Seconds of training before the first sample. */
const EARLY = 15;

/** Heaps after collection, of the page and of its worker, and the wasm memory. */
async function sample(tab, session, workers) {
  const heap = async (send) => {
    await send('HeapProfiler.collectGarbage');
    return (await send('Runtime.getHeapUsage')).usedSize;
  };
  const page = await heap((method) => session.send(method));
  const inWorkers = [];
  for (const send of workers) inWorkers.push(await heap(send));
  const wasm = await tab.evaluate(() => Number(document.querySelector('#memory').dataset.bytes));
  return { page, worker: inWorkers.reduce((a, b) => a + b, 0), wasm };
}

/** What sends to the page's workers, by way of the page's session. */
async function attachWorkers(session) {
  const workers = [];
  const waiting = new Map();
  let id = 0;
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result } = JSON.parse(message);
    waiting.get(id)?.(result);
  });
  session.on('Target.attachedToTarget', ({ sessionId, targetInfo: { url } }) => {
    // Threads of the library's own run wasm only, and answer nobody.
    if (!url.endsWith('/worker.js')) return;
    workers.push((method) => {
      const message = JSON.stringify({ id: ++id, method });
      const answer = new Promise((resolve) => waiting.set(id, resolve));
      return session.send('Target.sendMessageToTarget', { sessionId, message }).then(() => answer);
    });
  });
  await session.send('Target.setAutoAttach', {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: false,
  });
  return workers;
}

/** Frames that the browser had for the page, for some seconds. */
async function checkFrames(tab) {
  const intervals = await tab.evaluate(
    () =>
      new Promise((resolve) => {
        const times = [];
        const frame = (time) => {
          times.push(time);
          if (times.length <= 600) requestAnimationFrame(frame);
          else resolve(times.slice(1).map((time, i) => time - times[i]));
        };
        requestAnimationFrame(frame);
      }),
  );
  intervals.sort((a, b) => a - b);
  const at = (share) => intervals[Math.floor(share * intervals.length)];
  say(
    `frames: median ${at(0.5).toFixed(1)} ms, 95 % within ${at(0.95).toFixed(1)}, 99 % within ${at(0.99).toFixed(1)}`,
  );
  assert(at(0.5) <= MOST_MEDIAN, 'the median frame');
  assert(at(0.95) <= MOST_95TH, '95 % of the frames');
}

/** Trains for minutes, with the panel that draws most, and compares an early sample with a late one. */
export async function checkLong(browser, address, minutes) {
  const { tab, close } = await open(browser, address);
  const session = await tab.context().newCDPSession(tab);
  const workers = await attachWorkers(session);
  await tab.waitForSelector('#start:enabled');
  await tab.fill('#epochs', '100000');
  await tab.fill('#learning-rate', '0.001');
  await tab.click('#start');
  await tab.click('#tab-activations');
  await checkFrames(tab);
  await tab.waitForTimeout(EARLY * 1000);
  const early = await sample(tab, session, workers);
  await tab.waitForTimeout(Math.max(10, minutes * 60 - EARLY) * 1000);
  const late = await sample(tab, session, workers);
  assert.equal(workers.length, 1, 'the worker was found');
  for (const what of ['page', 'worker', 'wasm']) {
    const [before, after] = [early[what], late[what]].map((bytes) => bytes / 2 ** 20);
    say(`${what}: ${before.toFixed(2)} → ${after.toFixed(2)} MiB`);
    assert(after - before <= (what === 'wasm' ? 0 : MOST_GROWTH / 2 ** 20), `${what} grows`);
  }
  assert.equal(await tab.textContent('#start'), 'Pause', 'it still trains');
  await close();
}
