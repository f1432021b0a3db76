// Bundles TF.js's specs with TF.js and our backend. All of it in one: TF.js resolves to CommonJS in Node, and a backend
// that sees another instance of it registers itself where nobody looks.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { type BuildOptions, build, type Plugin } from 'esbuild';
// @ts-expect-error: a script without types
import { forBrowsers } from '../../setup/build.mjs';
import { inPlace } from '../../test/bundle.js';
import { mappedSpecs } from './mapped.js';

/**
 * A spec of TF.js takes the backend's name for the kind of context that it draws on, except for cpu: '2d' is meant for
 * every backend that has its numbers in memory.
 */
const drawsIn2d: Plugin = {
  name: 'draws-in-2d',
  setup({ onLoad }) {
    onLoad({ filter: /draw_test\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const contents = text.replace("env.name === 'cpu' ? '2d' : env.name", "'2d'");
      assert.notEqual(contents, text, `${path} is another file than it was`);
      return { contents };
    });
  },
};

const folder = fileURLToPath(new URL('.', import.meta.url));

const common: BuildOptions = {
  bundle: true,
  target: 'es2022',
  // Those of package.json leave out what registers specs, gradients and kernels.
  ignoreAnnotations: true,
  logLevel: 'error',
};

/** What is run: the specs of tfjs-core, or those of the packages over it. */
export type Suite = 'core' | 'mapped';

/** Wasm as text that a page unpacks, made in a moment: the package's takes longer than the specs. */
const wasmAsText: Plugin = {
  name: 'wasm-as-text',
  setup({ onLoad }) {
    onLoad({ filter: /\.wasm$/ }, ({ path }) => ({
      contents: deflateRawSync(readFileSync(path)).toString('base64'),
      loader: 'text',
    }));
  },
};

/** A program that can use `run`, and has the plugins besides those of its engine. */
const entry = (suite: Suite, contents: string, own: Plugin[]): BuildOptions => {
  const specs = suite === 'core' ? '@tensorflow/tfjs-core/dist/tests.js' : 'specs:';
  const head = `import { runSpecs } from './specs.js';
    const run = (what) => runSpecs(what, () => import('${specs}'));`;
  return {
    stdin: { contents: head + contents, resolveDir: folder },
    plugins: [suite === 'core' ? drawsIn2d : mappedSpecs, ...own],
  };
};

/** A program for `fork` that runs what it is sent, sends what came of it, and ends when it is let go. */
export async function bundleForNode(suite: Suite, outfile: string): Promise<void> {
  await build({
    ...common,
    ...entry(
      suite,
      `process.once('disconnect', () => process.exit());
      process.once('message', async (what) => {
        process.send(await run(what).catch((error) => ({ error: String(error) })));
      });`,
      [inPlace],
    ),
    outfile,
    format: 'cjs',
    platform: 'node',
    mainFields: ['module', 'main'],
  });
}

/** The files of a page, by their paths, where `runSpecs` is global. */
export async function bundleForPages(): Promise<Record<string, string>> {
  const { outputFiles } = await build({
    ...common,
    ...entry('core', 'globalThis.runSpecs = run;', [wasmAsText, forBrowsers]),
    outdir: folder,
    entryNames: 'specs',
    write: false,
    format: 'iife',
    mainFields: ['browser', 'module', 'main'],
    // With one of that name, jasmine takes itself to be in Node.
    define: { global: 'globalThis', 'import.meta.url': 'location.href' },
  });
  return Object.fromEntries(outputFiles.map(({ path, text }) => [`/${basename(path)}`, text]));
}
