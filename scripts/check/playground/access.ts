// Checks with axe-core that each room, in both themes and on a phone, can be used by keyboard and with a screen reader;
// and that colours which say something stay where the system has its own.

import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { addAxe, findings } from '../axe.js';
import { open, say, says, untilDrawn } from './page.js';

/** What each room has once all that it loads and asks for is there. */
const contents: Readonly<Record<string, string>> = {
  train: '.sample .answer',
  network: '#layers li',
  look: '#journey figcaption',
  mistakes: '#confusion td.right',
  convolve: '#kernel input',
  teach: '#classes li',
  compare: '#compare-sides li',
  speed: '#measure',
  files: '#snippet',
};

/** Lines have the colours of their legends where the system has colours of its own, and bars have any. */
async function checkForcedColours(browser: Browser, address: string): Promise<void> {
  const { tab, close } = await open(browser, `${address}#room=compare`, { forcedColors: 'active' });
  await tab.waitForSelector('#compare:not([inert])');
  // Bars of other rooms have the lines' colours, these have their own.
  await tab.waitForSelector('#probabilities .length', { state: 'attached' });
  const colours = await tab.$$eval('#compare-sides .swatch, body, #probabilities .length', (all) =>
    all.map((one) => getComputedStyle(one).backgroundColor),
  );
  const [page, ...shown] = new Set(colours);
  assert(shown.length >= 3, `two lines and the bars stand out from ${page}: ${shown}`);
  await close();
}

/** See the top of this file. */
export async function checkAccess(browser: Browser, address: string): Promise<void> {
  const found: string[] = [];
  const views = [
    { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
    { colorScheme: 'dark', viewport: { width: 390, height: 844 } },
  ] as const;
  for (const view of views) {
    const { tab, close } = await open(browser, address, view);
    await addAxe(tab);
    await says(tab, '#samples-message', /are right/);
    const rooms = await tab.$$eval('[role=tab]', (tabs) => tabs.map(({ id }) => id.slice(4)));
    for (const room of rooms) {
      await tab.click(`#tab-${room}`);
      assert(contents[room], `what ${room} has`);
      await tab.waitForSelector(`#${room}:not([inert]) ${contents[room]}`);
      await untilDrawn(tab);
      for (const line of await findings(tab)) found.push(`${room}, ${view.colorScheme}: ${line}`);
    }
    await close();
  }
  assert.deepEqual([...new Set(found)], []);
  await checkForcedColours(browser, address);
  say('axe-core finds nothing in any room; forced colours leave what colours say');
}
