// Builds the package: four wasm targets, bundles for Node, which reads its wasm from files, and for browsers,
// which get it in modules, each with its workers, and the types. `npm run build` does all; `setup.mjs` calls it when something changed.

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

/** Bundles that share what they have in common, for Node or for browsers. */
async function bundle(entries, { external, plugins = [] }) {
  const entryPoints = Object.fromEntries(
    Object.entries(entries).map(([name, file]) => [name, `${root}src/${file}`]),
  );
  await build({
    entryPoints,
    outdir: `${root}dist`,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    external: ['sharp', 'node:*', ...external],
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
  const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  await buildWasm();
  rmSync(`${root}dist`, { recursive: true, force: true });
  await Promise.all([
    bundle(
      {
        node: 'index.ts',
        'worker.node': 'worker/index.ts',
        'training-worker': 'training-worker.ts',
        'augment-worker': 'augment-worker.ts',
      },
      { external: Object.keys(dependencies) },
    ),
    bundle(
      {
        index: 'index.ts',
        worker: 'worker/index.ts',
        'training-worker.browser': 'training-worker.browser.ts',
        'augment-worker.browser': 'augment-worker.browser.ts',
      },
      // A browser finds no packages by their names, least of all in a worker.
      { external: [], plugins: [forBrowsers] },
    ),
    run('typescript/bin/tsc', '-p', 'tsconfig.build.json'),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await (process.argv.includes('--wasm') ? buildWasm() : buildAll());
}
