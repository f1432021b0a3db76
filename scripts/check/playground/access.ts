// Checks with axe-core that each room, in both themes and on a phone, can be used by keyboard and with a screen reader.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { open, say, says, untilDrawn } from './page.js';

const script = fileURLToPath(new URL('../../../node_modules/axe-core/axe.min.js', import.meta.url));

/** What axe-core finds in what is shown, as lines. */
const findings = (tab: Page): Promise<string[]> =>
  tab.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document);
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
    );
  });

/** What each room has once all that it loads and asks for is there. */
const contents: Readonly<Record<string, string>> = {
  train: '.sample .answer',
  network: '#layers li',
  look: '#activation-maps figcaption',
  mistakes: '#confusion td.right',
  convolve: '#kernel input',
  teach: '#classes li',
  compare: '#compare-sides li',
  speed: '#measure',
  files: '#snippet',
};

/** See the top of this file. */
export async function checkAccess(browser: Browser, address: string): Promise<void> {
  const found: string[] = [];
  const views = [
    { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
    { colorScheme: 'dark', viewport: { width: 390, height: 844 } },
  ] as const;
  for (const view of views) {
    const { tab, close } = await open(browser, address, view);
    await tab.addScriptTag({ path: script });
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
  say('axe-core finds nothing in any room');
}
