// Runs the files that docs.ts has written: programs in Node and in Chromium, pages of HTML in Chromium.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { type FileOf, serve, within } from '../../serve.js';
import { launchChromium } from '../browsers/chromium.js';
import type { Place } from './program.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { name, exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const PATIENCE = 600_000;

/** In a page without a bundler, the package's entries are addresses. */
const addresses: Plugin = {
  name: 'addresses',
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^${name}(/|$)`) }, ({ path }) => {
      const entry = exports[`.${path.slice(name.length)}`];
      if (!entry) return { errors: [{ text: `the package has no entry ${path}` }] };
      return { path: join(`/node_modules/${name}`, entry.default ?? entry), external: true };
    });
  },
};

/** Compiles a file to JavaScript; errors in it name the lines of the page. */
export async function compile(from: string, to: string, place: Place): Promise<void> {
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

/** Runs a program in Node, in its own folder. Returns what it printed. */
export async function runInNode(file: string): Promise<string> {
  const options = { cwd: dirname(file), timeout: PATIENCE };
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--enable-source-maps', file],
    options,
  );
  return `${stdout}\n${stderr}`;
}

/** Files of the folder, and the package as if it were installed there, with those that it is used beside. */
function fileOf(folder: string): FileOf {
  const own = `/node_modules/${name}`;
  const [ofPackage, others] = [within(root), within(folder)];
  return (path) => {
    if (path.startsWith(`${own}/`)) return ofPackage(path.slice(own.length));
    return path.startsWith('/node_modules/') ? ofPackage(path) : others(path);
  };
}

/** A browser with a server of a folder. */
export interface OpenBrowser {
  /** Opens a page and waits until it has printed the awaited lines. Returns all that it printed. */
  visit(path: string, awaited: string[]): Promise<string>;
  close(): Promise<void>;
}

/** Starts a browser, and a server of a folder. */
export async function openBrowser(folder: string): Promise<OpenBrowser> {
  const server = await serve({ fileOf: fileOf(folder), made: { '/favicon.ico': '' } });
  const browser = await launchChromium();
  const visit = async (path: string, awaited: string[]): Promise<string> => {
    const tab = await browser.newPage();
    const printed: string[] = [];
    const failed = new Promise<never>((_, reject) => {
      tab.on('pageerror', (error) => reject(new Error(error.stack ?? String(error))));
      tab.on('console', (line) => {
        printed.push(line.text());
        if (line.type() === 'error') reject(new Error(line.text()));
      });
    });
    const seen = async () => {
      await tab.goto(server.origin + path, { timeout: PATIENCE });
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
