// Builds the package: the wasm targets, bundles for Node, which reads its wasm from files, and for browsers, which get
// it in modules, each with its workers, and the types. `npm run build` does all; `setup.mjs` calls it when something
// changed.

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import zopfli from '@gfx/zopfli';
import { build } from 'esbuild';
import { newest, root } from './newest.mjs';

// zopfli throws a program's errors on, so that Node prints its whole source with them.
for (const event of ['uncaughtException', 'unhandledRejection']) process.removeAllListeners(event);

/** Runs a program of node_modules; shows its output only if it fails. */
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

/** How asc compiles a target of asconfig.json: those of the module arrays have an entry of their own. */
export const ascArguments = (target) => [
  `assembly/${target.startsWith('arrays') ? 'arrays/' : ''}index.ts`,
  ...['--config', 'asconfig.json', '--target', target],
];

/** Compiles the wasm targets that are older than assembly/, as many at a time as there are cores. */
async function buildWasm() {
  const { targets } = JSON.parse(readFileSync(`${root}asconfig.json`, 'utf8'));
  const sources = newest('assembly', 'asconfig.json');
  const waiting = Object.keys(targets).filter((name) => newest(targets[name].outFile) < sources);
  const work = async () => {
    for (let target = waiting.shift(); target; target = waiting.shift())
      await run('assemblyscript/bin/asc.js', ...ascArguments(target));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

/** The package's entries: names in dist/ and dist/browser/, and their sources. */
const entries = {
  index: 'index.ts',
  core: 'core.ts',
  data: 'data/index.ts',
  io: 'io/index.ts',
  vis: 'vis/index.ts',
  ops: 'operators/ops.ts',
  zoo: 'zoo/index.ts',
  tfjs: 'tfjs/index.ts',
  worker: 'worker/index.ts',
};

/**
 * The parts of `io`, in files of their own, by being entries: bundlers leave out files of which nothing is used, but not
 * much of a file.
 */
const parts = Object.fromEntries(
  Object.entries({
    ...{ images: 'images', numpy: 'npy', npz: 'npz', png: 'png', safetensors: 'safetensors' },
    ...{
      onnx: 'onnx/load',
      tfjs: 'tfjs/load',
      'to-onnx': 'onnx/write',
      'to-tfjs': 'tfjs/write/write',
    },
  }).map(([name, path]) => [`io-${name}`, `io/${path}.ts`]),
);

const common = { bundle: true, minify: true, format: 'esm', target: 'es2022' };
// The package has the sources, once.
const maps = { sourcemap: true, sourcesContent: false };

/** The script of a thread in browsers, as text. */
async function threadScript() {
  const entryPoints = [`${root}bindings/kernel-thread.browser.ts`];
  const { outputFiles } = await build({ ...common, entryPoints, format: 'iife', write: false });
  return outputFiles[0].text;
}

/** Wasm as text: deflated by zopfli, which makes it 6 % smaller than zlib does. */
async function textOf(path) {
  const bytes = await zopfli.deflateAsync(readFileSync(path), { numiterations: 15 });
  return Buffer.from(bytes).toString('base64');
}

/** For browsers: `#platform/…` is the browser's file, and wasm and the threads' script become modules. */
export const forBrowsers = {
  name: 'for-browsers',
  setup({ initialOptions, onLoad }) {
    initialOptions.conditions = ['browser'];
    onLoad({ filter: /kernel-thread\.browser\.ts$/ }, async () => ({
      contents: await threadScript(),
      loader: 'text',
    }));
    onLoad({ filter: /\.wasm$/ }, async ({ path }) => ({
      contents: `export default '${await textOf(path)}'`,
    }));
  },
};

/** Marks what is resolved again. */
const ours = Symbol('ours');
/** What `npx wasmgrad` runs. It says what it is used for before it loads the core. */
const program = `${root}src/cli/cli.ts`;

/** Makes bundles that share their common code. */
async function bundle(sources, options) {
  const entryPoints = Object.keys(sources).map((name) => ({ in: `entry:${name}`, out: name }));
  // All of them have the core, and so has what is loaded later: then the core is one file, not as many as there are
  // sets of files that share a part of it, and is compressed as one.
  const withCore = {
    name: 'with-core',
    setup({ onResolve, onLoad, resolve: resolveAs }) {
      onResolve({ filter: /^entry:/ }, ({ path }) => ({
        path: `${root}src/${sources[path.slice('entry:'.length)]}`,
        namespace: 'entry',
      }));
      onResolve({ filter: /\.js$/ }, ({ kind, path, resolveDir }) =>
        kind === 'dynamic-import'
          ? { path: resolve(resolveDir, path.replace(/js$/, 'ts')), namespace: 'entry' }
          : undefined,
      );
      // package.json says that our files have no side effects, for bundlers of the package. Here `core.js` is imported
      // for being there, and modules provide each other with what they need.
      onResolve({ filter: /^([./#]|\w:)/ }, async ({ path, pluginData, ...from }) => {
        if (pluginData === ours) return undefined;
        return { ...(await resolveAs(path, { ...from, pluginData: ours })), sideEffects: true };
      });
      onLoad({ filter: /./, namespace: 'entry' }, ({ path }) => ({
        contents: `${path === program ? '#!/usr/bin/env node\n' : "import './core.js'; "}export * from ${JSON.stringify(path)}`,
        resolveDir: `${root}src`,
      }));
    },
  };
  await build({
    ...common,
    ...maps,
    entryPoints,
    splitting: true,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    ...options,
    plugins: [withCore, ...(options.plugins ?? [])],
  });
  blankBareImports(options.outdir);
}

/**
 * Replaces imports for side effects by blanks: the core has no side effects, and bundlers would warn of each import.
 * Blanks, because source maps count columns.
 */
function blankBareImports(folder) {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.js'))) {
    const code = readFileSync(`${folder}/${name}`, 'utf8');
    const blank = code.replace(/import ?"\.\/[\w-]+\.js";/g, (bare) => ' '.repeat(bare.length));
    if (blank !== code) writeFileSync(`${folder}/${name}`, blank);
  }
}

/** What stands for TF.js's packages where there is a script tag: the names in `tf`. */
const ofScriptTag = {
  'tfjs-core': 'module.exports = tf',
  'tfjs-backend-cpu':
    "const { constructor } = tf.findBackend('cpu'); module.exports = { MathBackendCPU: constructor, version_cpu: tf.version_cpu ?? tf.version_core }",
};

/** Makes the entry for script tags of that for bundlers: it shares all other files. */
async function bundleForScripts(folder) {
  const overGlobal = {
    name: 'over-global',
    setup({ onResolve, onLoad }) {
      const external = (name) => ({ path: `./${name}`, external: true });
      onResolve({ filter: /errors\.js$/ }, () => external('core.js'));
      onResolve({ filter: /^\.\/chunk-/ }, ({ path }) => external(path.slice('./'.length)));
      onResolve({ filter: /^\.\/global\.js$/ }, () => ({
        path: `${root}src/tfjs/global.ts`,
        sideEffects: true,
      }));
      onResolve({ filter: /^\.\/index\.js$/ }, () => ({ path: `${folder}/tfjs.js` }));
      onResolve({ filter: /^@tensorflow\// }, ({ path }) => ({ path, namespace: 'tf' }));
      onLoad({ filter: /./, namespace: 'tf' }, ({ path }) => ({
        contents: ofScriptTag[path.slice('@tensorflow/'.length)],
      }));
    },
  };
  await build({
    ...common,
    entryPoints: { 'tfjs-script': `${root}src/tfjs/script.ts` },
    outdir: folder,
    plugins: [overGlobal],
  });
}

/** Compiles everything to build/ and dist/. */
export async function buildAll() {
  const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  await buildWasm();
  rmSync(`${root}dist`, { recursive: true, force: true });
  const pages = `${root}dist/browser`;
  await Promise.all([
    bundle(
      {
        ...entries,
        ...parts,
        cli: 'cli/cli.ts',
        'tfjs-node': 'tfjs/node.ts',
        'training-worker': 'worker/training-worker.ts',
        'augment-worker': 'data/augment-worker.ts',
      },
      {
        outdir: `${root}dist`,
        external: ['sharp', '@tensorflow/*', 'node:*', ...Object.keys(dependencies)],
        // Node prints the line that an error was thrown from: it must be one, and not the whole file.
        minify: false,
        lineLimit: 200,
        // It can be read as it is.
        sourcemap: false,
      },
    ),
    // A browser finds no packages by their names, least of all in a worker.
    bundle(
      { ...entries, ...parts, 'training-worker': 'worker/training-worker.browser.ts' },
      { outdir: pages, external: ['sharp', '@tensorflow/*', 'node:*'], plugins: [forBrowsers] },
    ),
    // Alone: shared code would bring what starts this worker along, a circle that Vite refuses.
    build({
      ...common,
      ...maps,
      entryPoints: { 'augment-worker': `${root}src/data/augment-worker.browser.ts` },
      outdir: pages,
      plugins: [forBrowsers],
    }),
    run('typescript/bin/tsc', '-p', 'tsconfig.build.json'),
  ]);
  await bundleForScripts(pages);
  writeFileSync(`${pages}/kernel-thread.js`, await threadScript());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await (process.argv.includes('--wasm') ? buildWasm() : buildAll());
}
