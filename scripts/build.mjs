// Builds the package: four wasm targets, two bundles (Node reads its wasm from files, browsers have
// it inlined), each with its worker, and the types. `npm run build` does all; `setup.mjs` calls it when something changed.

import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a program of node_modules; its output is shown only where it fails. */
async function run(script, ...args) {
  try {
    await promisify(execFile)(process.execPath, [`${root}node_modules/${script}`, ...args], {
      cwd: root,
    });
  } catch (error) {
    console.error(error.stdout, error.stderr);
    process.exit(1);
  }
}

/** Compiles assembly/ to build/. */
export async function buildWasm() {
  const { targets } = JSON.parse(readFileSync(`${root}asconfig.json`, 'utf8'));
  const compile = (target) =>
    run('assemblyscript/bin/asc.js', '--config', 'asconfig.json', '--target', target);
  await Promise.all(Object.keys(targets).map(compile));
}

/** In the browser's bundle the wasm comes inlined, and other files stand for what only Node has. */
const forBrowsers = {
  name: 'for-browsers',
  setup({ onResolve }) {
    onResolve({ filter: /\/bytes\.js$/ }, () => ({ path: `${root}bindings/bytes.inline.ts` }));
    onResolve({ filter: /\/(folder|spawn)\.js$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace(/\.js$/, '.browser.ts')),
    }));
  },
};

async function bundle(entry, outfile, plugins = []) {
  await build({
    entryPoints: [`${root}src/${entry}`],
    outfile: `${root}dist/${outfile}`,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    external: ['@assemblyscript/loader', 'wasm-feature-detect', 'sharp', 'node:*'],
    loader: { '.wasm': 'binary' },
    sourcemap: true,
    keepNames: true,
    plugins,
  });
}

/** Compiles everything to build/ and dist/. */
export async function buildAll() {
  await buildWasm();
  rmSync(`${root}dist`, { recursive: true, force: true });
  await Promise.all([
    bundle('index.ts', 'node.js'),
    bundle('index.ts', 'index.js', [forBrowsers]),
    bundle('data/augment-worker.ts', 'augment-worker.js'),
    bundle('data/augment-worker.browser.ts', 'augment-worker.browser.js'),
    run('typescript/bin/tsc', '-p', 'tsconfig.build.json'),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await (process.argv.includes('--wasm') ? buildWasm() : buildAll());
}
