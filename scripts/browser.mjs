// Chromium and a server for it: what the checks that run in pages share. $CHROMIUM names another browser than
// /usr/bin/chromium.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { chromium } from 'playwright-core';

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

const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.map': 'application/json',
  '.wasm': 'application/wasm',
};

/** The two headers that threads need. */
export const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * Serves a directory while `use` runs.
 *
 * @param headers those of each answer, given its path
 * @param made texts that are no files, by their paths
 * @param use gets the origin
 */
export async function serving({ directory, headers = () => isolation, made = {} }, use) {
  const server = createServer(({ url }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    const send = (name, body) =>
      response
        .writeHead(200, {
          'Content-Type': types[extname(name)] ?? 'application/octet-stream',
          ...headers(pathname),
        })
        .end(body);
    const name = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
    if (made[name] !== undefined) return send(name, made[name]);
    const file = join(directory, name);
    const inside = file.startsWith(join(directory, '/')) && existsSync(file);
    if (inside && statSync(file).isFile()) return send(name, readFileSync(file));
    return response.writeHead(404, headers(pathname)).end();
  });
  await new Promise((resolve) => server.listen(0, resolve));
  try {
    return await use(`http://localhost:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Starts Chromium for `use`, which gets `visit`. */
export async function browsing(use) {
  const browser = await chromium.launch({ executablePath, args });
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
