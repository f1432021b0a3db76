// Runs what check-docs.mjs has written: programs in Node and in Chromium, pages of HTML in Chromium.

import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { name, exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const PATIENCE = 120_000;

/** In a page without a bundler, the package's entries are addresses. */
const addresses = {
  name: 'addresses',
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^${name}(/|$)`) }, ({ path }) => {
      const entry = exports[`.${path.slice(name.length)}`];
      if (!entry) return { errors: [{ text: `the package has no entry ${path}` }] };
      return { path: join(`/node_modules/${name}`, entry.default ?? entry), external: true };
    });
  },
};

/** Makes JavaScript of a file, which tells the lines of the page. */
export async function compile(from, to, place) {
  await build({
    entryPoints: [from],
    outfile: to,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    sourcemap: 'inline',
    logLevel: 'silent',
    ...(place === 'node'
      ? { packages: 'external', platform: 'node' }
      : { plugins: [addresses], platform: 'browser' }),
  });
}

/** Runs a program in Node, in its own folder; what it printed. */
export async function runInNode(file) {
  const options = { cwd: dirname(file), timeout: PATIENCE };
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--enable-source-maps', file],
    options,
  );
  return `${stdout}\n${stderr}`;
}

const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript' };

/** Serves the folder, and the package as if it were installed there, with what threads need. */
function serve(folder) {
  const server = createServer(({ url }, response) => {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    const own = `/node_modules/${name}/`;
    const file = path.startsWith(own) ? join(root, path.slice(own.length)) : join(folder, path);
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    if (path === '/favicon.ico') return response.writeHead(204).end();
    if (!file.startsWith(root) || !existsSync(file)) return response.writeHead(404).end();
    const type = types[extname(file)] ?? 'application/octet-stream';
    return response.writeHead(200, { 'Content-Type': type }).end(readFileSync(file));
  });
  return new Promise((resolve) => server.listen(0, () => resolve(server)));
}

/** A browser over a folder: `visit` opens a page of it and waits until it has printed something. */
export async function openBrowser(folder) {
  const server = await serve(folder);
  const origin = `http://localhost:${server.address().port}`;
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  const visit = async (path, awaited) => {
    const tab = await browser.newPage();
    const printed = [];
    const failed = new Promise((_, reject) => {
      tab.on('pageerror', (error) => reject(new Error(error.stack ?? String(error))));
      tab.on('console', (line) => {
        printed.push(line.text());
        if (line.type() === 'error') reject(new Error(line.text()));
      });
    });
    const seen = async () => {
      await tab.goto(origin + path);
      const end = Date.now() + PATIENCE;
      while (!awaited.every((text) => printed.join('\n').includes(text))) {
        if (Date.now() > end) throw new Error(`it printed only: ${printed.join('\n')}`);
        await tab.waitForTimeout(50);
      }
    };
    try {
      await Promise.race([seen(), failed]);
      return printed.join('\n');
    } finally {
      await tab.close();
    }
  };
  const close = async () => {
    await browser.close();
    server.close();
  };
  return { visit, close };
}
