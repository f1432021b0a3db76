// Test files as JavaScript that Node runs at once: made once, for all processes of a run of the tests.

import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** All test files, from the root. */
export const testFiles = (root: string): string[] =>
  readdirSync(`${root}tests`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `tests/${file.replaceAll('\\', '/')}`)
    .sort();

/** Where the library's workers start. */
const workers = ['src/data/augment-worker.ts', 'src/worker/training-worker.ts'];

/** Files find their neighbours as if they ran where their sources are; workers are bundled beside the tests. */
const inPlace: Plugin = {
  name: 'in-place',
  setup({ onLoad }) {
    onLoad({ filter: /(?<!spawn-\w+)\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(
        'import.meta.url',
        JSON.stringify(pathToFileURL(path).href),
      ),
      loader: 'ts',
    }));
  },
};

/** Runs the files that are named on the command line, and says how long each took. */
const runner = (files: readonly string[]): string => `
  const files = { ${files.map((file) => `'${file}': () => import('./${file}')`).join(',\n')} };
  globalThis.UVU_DEFER = 1;
  const { exec } = await import('uvu');
  // What uvu takes of a suite: errors, tests passed, skipped, and all.
  const none = [true, 0, 0, 0];
  for (const [i, name] of process.argv.slice(2).entries()) {
    globalThis.UVU_INDEX = i;
    let started = 0;
    const begin = () => ((started = performance.now()), none);
    const end = () => (console.log('\\n# ' + name + ' ' + (performance.now() - started) / 1000 + ' s'), none);
    globalThis.UVU_QUEUE.push([name, begin]);
    await files[name]();
    globalThis.UVU_QUEUE[i].push(end);
  }
  await exec();`;

/** A file that is not there. */
const madeUp = (name: string, contents: string, resolveDir: string): Plugin => ({
  name: 'made-up',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: name, namespace: 'made-up' }));
    onLoad({ filter: /./, namespace: 'made-up' }, () => ({ contents, resolveDir }));
  },
});

/** Bundles test files to a folder, with a program \`run.js\` that takes their names. */
export async function bundleTests(
  root: string,
  files: readonly string[],
  folder: string,
): Promise<void> {
  await build({
    entryPoints: ['run.js', ...workers.map((file) => root + file)],
    entryNames: '[name]',
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    target: 'es2022',
    // Those of package.json are of the library, not of its tests.
    ignoreAnnotations: true,
    sourcemap: 'inline',
    plugins: [inPlace, madeUp('run.js', runner(files), root)],
  });
}
