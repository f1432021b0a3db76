// Builds the package: four wasm targets, two bundles (Node reads its wasm from files, browsers
// from modules), each with its worker, and the types. `npm run build` does all; `setup.mjs` calls it when something changed.

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

/** In the browser's bundle the wasm comes in modules, and other files stand for what only Node has. */
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
    entryPoints: { [outfile]: `${root}src/${entry}` },
    outdir: `${root}dist`,
    chunkNames: 'kernels/[name]',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    external: ['@assemblyscript/loader', 'wasm-feature-detect', 'sharp', 'node:*'],
    loader: { '.wasm': 'binary' },
    sourcemap: true,
    // The package has the sources, once.
    sourcesContent: false,
    keepNames: true,
    plugins,
  });
}

/** Compiles everything to build/ and dist/. */
export async function buildAll() {
  await buildWasm();
  rmSync(`${root}dist`, { recursive: true, force: true });
  await Promise.all([
    bundle('index.ts', 'node'),
    bundle('index.ts', 'index', [forBrowsers]),
    bundle('data/augment-worker.ts', 'augment-worker'),
    bundle('data/augment-worker.browser.ts', 'augment-worker.browser'),
    run('typescript/bin/tsc', '-p', 'tsconfig.build.json'),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await (process.argv.includes('--wasm') ? buildWasm() : buildAll());
}
