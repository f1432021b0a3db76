// Chromium, by Playwright. $CHROMIUM names another program than /usr/bin/chromium.

import { type Browser, chromium } from 'playwright-core';
import { type Driver, programOf } from './driver.js';

const args = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Some tests collect garbage.
  '--js-flags=--expose-gc',
];

/** Milliseconds that it may take to start, and a page to load: Playwright's half a minute is not enough beside other work. */
const PATIENCE = 180_000;

/**
 * Chromium by Playwright's own interface, for checks that only run in Chromium.
 *
 * @param more switches
 * @param graphics whether it may use a graphics card
 */
export const launchChromium = (
  more: readonly string[] = [],
  { graphics = false } = {},
): Promise<Browser> =>
  chromium.launch({
    executablePath: programOf('CHROMIUM', '/usr/bin/chromium'),
    args: [...args, ...(graphics ? [] : ['--disable-gpu']), ...more],
    timeout: PATIENCE,
  });

/** Starts it. */
export async function launch(): Promise<Driver> {
  const browser = await launchChromium();
  return {
    name: `Chromium ${browser.version()}`,
    async open(url, hear) {
      const tab = await browser.newPage();
      tab.on('console', (line) => {
        const type = line.type();
        if (type === 'warning' || type === 'error')
          hear(type, `${line.text()} ${line.location().url}`);
      });
      tab.on('pageerror', (error) => hear('error', String(error)));
      await tab.goto(url, { timeout: PATIENCE });
      return {
        evaluate: (expression) => tab.evaluate(expression),
        close: () => tab.close(),
      };
    },
    close: () => browser.close(),
  };
}
