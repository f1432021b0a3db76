// Checks the playground in a long training: how often it draws, and whether its memory grows.

import assert from 'node:assert/strict';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { open, PATIENCE, say, trainUntil } from './page.js';

/** Sends a command of Chromium's developer tools to the page or a worker. */
type Send = (method: 'HeapProfiler.collectGarbage' | 'Runtime.getHeapUsage') => Promise<unknown>;

/** Bytes. */
interface Sample {
  page: number;
  worker: number;
  wasm: number;
}

/** What the page has done since it was opened, counted. */
interface Counts {
  frames: number;
  looks: number;
  asked: number;
  charts: number;
  pictures: number;
}

/** Bytes that memory may grow between the samples, as caches of the engine fill late. */
const MOST_GROWTH = 2 * 2 ** 20;
/** Epochs in the first room, before another one is opened. */
const EARLY = 3;

/** Heaps after collection, of the page and of its worker, and the wasm memory. */
async function sample(tab: Page, session: CDPSession, workers: Send[]): Promise<Sample> {
  const heap = async (send: Send): Promise<number> => {
    await send('HeapProfiler.collectGarbage');
    return ((await send('Runtime.getHeapUsage')) as { usedSize: number }).usedSize;
  };
  const page = await heap((method) => session.send(method));
  const inWorkers: number[] = [];
  for (const send of workers) inWorkers.push(await heap(send));
  const wasm = await tab.evaluate(() =>
    Number(document.querySelector<HTMLElement>('#memory')?.dataset.bytes),
  );
  return { page, worker: inWorkers.reduce((a, b) => a + b, 0), wasm };
}

/** Functions that send commands to the page's workers, through the page's session. */
async function attachWorkers(session: CDPSession): Promise<Send[]> {
  const workers: Send[] = [];
  const waiting = new Map<number, (result: unknown) => void>();
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
      const answer = new Promise<unknown>((resolve) => waiting.set(id, resolve));
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

/** Runs in the page before its own scripts: counts messages from the training, requests to it, and drawings. */
function countWork(): void {
  const counts: Counts = { frames: 0, looks: 0, asked: 0, charts: 0, pictures: 0 };
  Object.assign(globalThis, { counts });
  const frame = () => {
    counts.frames++;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const heard = new WeakSet<Worker>();
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (message, transfer) {
    if (!heard.has(this))
      this.addEventListener('message', ({ data: { event } }) => {
        if (event === 'progress' || event === 'epoch') counts.looks++;
      });
    heard.add(this);
    if (message.call === 'activations' || message.call === 'judge') counts.asked++;
    return postMessage.call(this, message, transfer as StructuredSerializeOptions);
  };
  const { clearRect, putImageData } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...area) {
    if (this.canvas.closest('.uplot')) counts.charts++;
    return clearRect.apply(this, area);
  };
  CanvasRenderingContext2D.prototype.putImageData = function (...given: unknown[]) {
    counts.pictures++;
    return putImageData.apply(this, given as Parameters<typeof putImageData>);
  };
}

const countsOf = (tab: Page): Promise<Counts> =>
  tab.evaluate(() => ({ ...(globalThis as unknown as { counts: Counts }).counts }));

/** The page must not draw more than needed. */
async function checkDrawn(tab: Page, room: 'train' | 'look', before: Counts): Promise<void> {
  const after = await countsOf(tab);
  const canvases = await tab.locator('#look canvas').count();
  const since = (what: keyof Counts): number => after[what] - before[what];
  const [frames, looks, asked] = [since('frames'), since('looks'), since('asked')];
  const [charts, pictures] = [since('charts'), since('pictures')];
  say(
    `${room}: ${looks} looks at the training, ${asked} questions, ${pictures} pictures, ${charts} charts in ${frames} frames`,
  );
  assert(looks > 0 && asked > 0, 'something is asked');
  // One may have waited for the answer before when the count began.
  assert(asked <= looks + 1, 'one question for each look');
  if (room === 'train') {
    assert(charts > 0 && charts <= 2 * (frames + 1), 'charts are drawn once a frame');
    assert.equal(pictures, 0, 'pictures that stay are not drawn again');
  } else {
    assert(pictures > 0 && pictures <= (asked + 1) * canvases, 'one picture for each answer');
    assert(charts <= 2, 'charts that are not shown are not drawn');
  }
}

/** Trains with the panel that draws most, and compares an early sample with a late one. */
export async function checkLong(browser: Browser, address: string, epochs: number): Promise<void> {
  const { tab, close } = await open(browser, address, {}, (page) => page.addInitScript(countWork));
  const session = await tab.context().newCDPSession(tab);
  const workers = await attachWorkers(session);
  await tab.waitForSelector('#start:enabled');
  await tab.fill('#epochs', '100000');
  await tab.fill('#learning-rate', '0.001');
  await tab.click('#start');
  // Each epoch may take as long as anything else.
  const until = (wanted: number) => trainUntil(tab, wanted, wanted * PATIENCE);
  await until(1);
  const begun = await countsOf(tab);
  await until(EARLY);
  await checkDrawn(tab, 'train', begun);
  await tab.click('#tab-look');
  await until(EARLY + 1);
  const early = await sample(tab, session, workers);
  const counts = await countsOf(tab);
  await until(EARLY + 1 + epochs);
  await checkDrawn(tab, 'look', counts);
  const late = await sample(tab, session, workers);
  assert.equal(workers.length, 1, 'the worker was found');
  for (const what of ['page', 'worker', 'wasm'] as const) {
    const [before, after] = [early[what], late[what]].map((bytes) => bytes / 2 ** 20);
    say(`${what}: ${before.toFixed(2)} → ${after.toFixed(2)} MiB`);
    assert(after - before <= (what === 'wasm' ? 0 : MOST_GROWTH / 2 ** 20), `${what} grows`);
  }
  assert.equal(await tab.textContent('#start'), 'Pause', 'it still trains');
  await close();
}
