// Bundles test files to JavaScript once, for all processes of a run of the tests.

import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** All test files, from the root. */
export const testFiles = (root: string): string[] =>
  readdirSync(`${root}tests`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `tests/${file.replaceAll('\\', '/')}`)
    .sort();

/** The entries of the library's workers. */
const workers = [
  'src/data/augment-worker.ts',
  'src/worker/training-worker.ts',
  'tests/helpers/source-worker.js',
];

/** Lets bundled files find files beside their sources; workers are bundled beside the tests. */
export const inPlace: Plugin = {
  name: 'in-place',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const own = JSON.stringify(pathToFileURL(path).href);
      const stays = /spawn-[\w-]+\.ts$/.test(path);
      return { contents: stays ? text : text.replaceAll('import.meta.url', own), loader: 'ts' };
    });
  },
};

/** The line that ends a file's output; the file's name and its seconds follow on it. */
export const END_OF_FILE = '── end of ';

/**
 * A program for `node --expose-gc` that runs the files named on the command line, one after another: uvu runs the
 * tests in its queue. Garbage is collected after each file, because some tests measure the memory in use.
 */
const runner = (files: readonly string[]): string => `
  const files = { ${files.map((file) => `'${file}': () => import('./${file}')`).join(',\n')} };
  globalThis.UVU_DEFER = 1;
  const { exec } = await import('uvu');
  let failed = false;
  for (const file of process.argv.slice(2)) {
    const started = performance.now();
    globalThis.UVU_QUEUE = [[null]];
    await files[file]();
    await exec();
    failed ||= process.exitCode !== 0;
    gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
    console.log(\`${END_OF_FILE}\${file} \${(performance.now() - started) / 1000}\`);
  }
  process.exitCode = Number(failed);`;

/** A file that exists only for the bundler. */
const madeUp = (name: string, contents: string, resolveDir: string): Plugin => ({
  name: 'made-up',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: name, namespace: 'made-up' }));
    onLoad({ filter: /./, namespace: 'made-up' }, () => ({ contents, resolveDir }));
  },
});

/** Bundles test files to a folder, with a program `run.js` that takes the names of some. */
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
