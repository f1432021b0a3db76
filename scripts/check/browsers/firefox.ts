// Firefox, by Puppeteer over WebDriver BiDi. $FIREFOX names another program than /usr/bin/firefox-esr.

import { launch as start } from 'puppeteer-core';
import { type Driver, programOf } from './driver.js';

/** Starts it. */
export async function launch(): Promise<Driver> {
  const browser = await start({
    browser: 'firefox',
    executablePath: programOf('FIREFOX', '/usr/bin/firefox-esr'),
    headless: true,
    // Some tests take minutes.
    protocolTimeout: 0,
  });
  return {
    name: (await browser.version()).replace('firefox/', 'Firefox '),
    async open(url, hear) {
      const page = await browser.newPage();
      page.on('console', (line) => {
        const type = line.type();
        if (type === 'warn') hear('warning', line.text());
        if (type === 'error') hear('error', line.text());
      });
      page.on('pageerror', (error) => hear('error', String(error)));
      await page.goto(url);
      return {
        evaluate: (expression) => page.evaluate(expression),
        close: () => page.close(),
      };
    },
    close: () => browser.close(),
  };
}
