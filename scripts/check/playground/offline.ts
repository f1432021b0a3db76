// Checks that the page works without a network once it was visited, and that a newer build takes its place whole.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { folder } from '../../playground/build.js';
import { isolation, type Server, serve, within } from '../../serve.js';
import type { Visit } from '../browsers/index.js';
import { open, PATIENCE, say, says, untilDrawn } from './page.js';

const start = (headers: OutgoingHttpHeaders, port?: number, made?: Record<string, string>) =>
  serve({ fileOf: within(folder), headers: () => headers, port, made });

const portOf = ({ origin }: Server): number => Number(new URL(origin).port);

/** The version of the build in the folder. */
const versionOf = (page: string): string => /"(\w+)\/main\.js"/.exec(page)?.[1] ?? '';

/** Serves the build once more as if it were a newer one: its code under another name, its page with another title. */
function startNewer(port: number): Promise<Server> {
  const page = readFileSync(`${folder}index.html`, 'utf8');
  const version = versionOf(page);
  const renamed = (text: string): string => text.replaceAll(version, 'newer');
  return serve({
    fileOf: (path) =>
      path.includes(version) ? undefined : within(folder)(path.replace('newer', version)),
    made: {
      '/index.html': renamed(page).replace('<title>', '<title>Newer '),
      '/offline.js': renamed(readFileSync(`${folder}offline.js`, 'utf8')),
    },
    port,
  });
}

/** Trains, takes other images, opens every room, and teaches: what was never asked for before must be there too. */
async function useAll(tab: Page, threads: number): Promise<void> {
  await says(tab, '#engine', new RegExp(`^${threads} thread`));
  await tab.click('#tab-train');
  await tab.selectOption('#dataset', 'fashion');
  await tab.waitForSelector('#start:enabled');
  await tab.fill('#epochs', '1');
  await tab.click('#start');
  await says(tab, '#train-message', /^Done/);
  for (const name of await tab.$$eval('[role=tab]', (all) => all.map(({ id }) => id.slice(4)))) {
    await tab.click(`#tab-${name}`);
    await tab.waitForSelector(`#${name}:not([inert])`);
    await untilDrawn(tab);
  }
  await tab.click('#tab-look');
  await tab.waitForSelector('#journey canvas');
  await says(tab, '#reason-message', /The network says/);
  await tab.click('#tab-teach');
  await tab.click('#own-base');
  await says(tab, '#base-message', /describes an image by/);
}

/** Asks the page again and again, until it is so. */
const until = (tab: Page, isSo: () => Promise<boolean>): Promise<void> =>
  tab.evaluate(
    async ([source, patience]) => {
      const ask = new Function(`return (${source})()`);
      const end = performance.now() + patience;
      while (!(await ask())) {
        if (performance.now() > end) throw new Error(`never so: ${source}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    [`${isSo}`, PATIENCE] as const,
  );

/** What the service worker runs so that nothing kept can be read. As text: it has no helper for names of functions. */
const REFUSE = `for (const work of ['open', 'match', 'keys', 'delete'])
  caches[work] = () => Promise.reject(new DOMException('no storage', 'UnknownError'));`;

/** In Chromium, with a real reload: without a network, with other headers, with a newer build. */
export async function checkOffline(browser: Browser, threads: number): Promise<void> {
  let server = await start({});
  const port = portOf(server);
  const page = await open(browser, `${server.origin}/`, { serviceWorkers: 'allow' });
  const { tab } = page;
  const goOffline = async () => {
    await tab.context().setOffline(true);
    server.close();
  };
  const goOnline = async (next: Promise<Server>) => {
    server = await next;
    await tab.context().setOffline(false);
  };
  await tab.waitForSelector('#offline:not([hidden])');
  await goOffline();
  await tab.reload();
  await useAll(tab, 1);
  // The same build from a server with the headers for threads: what was kept has them from then on.
  await goOnline(start(isolation, port));
  await tab.reload();
  await says(tab, '#engine', new RegExp(`^${threads} thread`));
  await until(tab, async () => (await caches.match(location.origin)) !== undefined);
  await goOffline();
  await tab.reload();
  await useAll(tab, threads);
  await goOnline(startNewer(port));
  await tab.reload();
  assert.match(await tab.title(), /^Newer/, 'who has a network gets the newest page');
  await until(tab, async () => {
    const { installing, waiting } = await navigator.serviceWorker.ready;
    return (await caches.keys()).some((name) => /newer$/.test(name)) && !installing && !waiting;
  });
  await tab.reload();
  await says(tab, '#engine', new RegExp(`^${threads} thread`));
  await until(
    tab,
    async () => (await caches.keys()).filter((name) => /-build-/.test(name)).length === 1,
  );
  await goOffline();
  await tab.reload();
  assert.match(await tab.title(), /^Newer/);
  await useAll(tab, threads);
  // Storage that does not open, as on a full disk: what there is of a network is used.
  await goOnline(startNewer(port));
  for (const worker of tab.context().serviceWorkers()) await worker.evaluate(REFUSE);
  await tab.reload();
  await says(tab, '#engine', new RegExp(`^${threads} thread`));
  await tab.waitForSelector('#start:enabled');
  // The browser says itself that it did not reach the server: when it looks for a newer worker.
  assert.deepEqual(
    page.errors.filter((text) => !/Failed to load resource|offline\.js/.test(text)),
    [],
  );
  await page.close(false);
  server.close();
  say('without a network all rooms work, with the threads there were; a newer build replaces all');
}

/** Runs in the page: opens the page once more in a frame, and trains there. Stands alone. */
async function trainInFrame(patience: number): Promise<{ engine: string; message: string }> {
  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    const end = performance.now() + patience;
    while (!isSo()) {
      if (performance.now() > end) throw new Error(what);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const frame = document.createElement('iframe');
  frame.src = location.pathname;
  document.body.append(frame);
  const find = <E extends HTMLElement>(selector: string): E | null | undefined =>
    frame.contentDocument?.querySelector<E>(selector);
  await until('Start can be pressed', () => find<HTMLButtonElement>('#start')?.disabled === false);
  const epochs = find<HTMLInputElement>('#epochs');
  if (epochs) epochs.value = '1';
  find('#start')?.click();
  const message = () => find('#train-message')?.textContent ?? '';
  await until('the training is done', () => message().startsWith('Done'));
  return { engine: find('#engine')?.textContent ?? '', message: message() };
}

/** In any browser: a frame with the page, loaded and trained after the server is gone. */
export async function checkKept(visit: Visit, headers: OutgoingHttpHeaders): Promise<void> {
  const server = await start(headers);
  const { result } = await visit(`${server.origin}/`, async (tab) => {
    const engine = await tab.evaluate(async (patience) => {
      const end = performance.now() + patience;
      const isKept = () => document.querySelector('#offline:not([hidden])');
      while (!isKept() && performance.now() < end)
        await new Promise((resolve) => setTimeout(resolve, 20));
      return document.querySelector('#engine')?.textContent ?? '';
    }, PATIENCE);
    server.close();
    return { engine, again: await tab.evaluate(trainInFrame, PATIENCE) };
  });
  assert.equal(result.again.engine, result.engine, 'the same threads without a network');
  say(`without a network: ${result.again.engine}. ${result.again.message}`);
}
