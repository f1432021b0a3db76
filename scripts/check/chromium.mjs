// Chromium: what the checks that run in pages share. $CHROMIUM names another browser than /usr/bin/chromium.

import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { serve, within } from '../playground/serve.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Some tests collect garbage.
  '--js-flags=--expose-gc',
];

export const launch = () => chromium.launch({ executablePath, args });

/** Serves a directory while `use` runs, which gets the origin: see `serve`. */
export async function serving({ directory, ...options }, use) {
  const { origin, close } = await serve({ fileOf: within(directory), ...options });
  try {
    return await use(origin);
  } finally {
    close();
  }
}

/** Starts Chromium for `use`, which gets `visit`. */
export async function browsing(use) {
  const browser = await launch();
  console.log(`Chromium ${browser.version()}`);
  /**
   * Opens a page, has `look` use it, and fails on what the console calls an error.
   *
   * @param allowed matches errors that are meant to be
   * @returns what `look` returns, and the warnings of the console
   */
  const visit = async (url, look, allowed = /favicon/) => {
    const tab = await browser.newPage();
    const [warnings, errors] = [[], []];
    const failed = (text) => allowed.test(text) || errors.push(text);
    tab.on('console', (line) => {
      if (line.type() === 'warning') warnings.push(line.text());
      if (line.type() === 'error') failed(`${line.text()} ${line.location().url}`);
    });
    tab.on('pageerror', (error) => failed(String(error)));
    try {
      await tab.goto(url);
      const result = await look(tab);
      assert.deepEqual(errors, [], `errors on the console of ${url}`);
      return { result, warnings };
    } catch (error) {
      // What the console says explains it.
      throw errors.length ? new Error(`${url}: ${errors.join('\n')}`, { cause: error }) : error;
    } finally {
      await tab.close();
    }
  };
  try {
    return await use(visit);
  } finally {
    await browser.close();
  }
}
