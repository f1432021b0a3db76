// The tests of kernels and models in each browser, on the main thread of a page that is cross-origin isolated, with
// two threads; bundled from the sources as the package is. Fails if a test fails. An argument selects files:
// `npm run browser-tests -- conv`.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { build, type Plugin } from 'esbuild';
// @ts-expect-error: a script without types
import { forBrowsers } from '../setup/build.mjs';
import { inEachBrowser, serving, type Tab } from './browsers/index.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pattern = new RegExp(`${process.argv[2] ?? '.'}.*\\.test\\.ts$`);

const nodeInPage = `${root}tests/helpers/node-in-page.mjs`;
const forTests: Plugin = {
  name: 'for-tests',
  setup({ onResolve }) {
    onResolve({ filter: /^node:(fs|v8|vm)$/ }, () => ({ path: nodeInPage }));
  },
};

/** The tests as modules of a page; `runTests` loads a file, runs its tests, and returns what they print. */
async function bundled(files: string[]): Promise<Record<string, string>> {
  const tests = files.map((file) => `'${file}': () => import('./${file}')`);
  const contents = `
    import '${nodeInPage}';
    import { exec } from 'uvu';
    const tests = { ${tests} };
    globalThis.runTests = async (name) => {
      UVU_QUEUE.length = 0;
      globalThis.UVU_INDEX = UVU_QUEUE.push([name]) - 1;
      await tests[name]();
      await exec();
      return lines.splice(0);
    };`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, sourcefile: 'tests.js' },
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    outdir: root,
    entryNames: 'tests',
    // Those of package.json are of the library, not of its tests.
    ignoreAnnotations: true,
    plugins: [forTests, forBrowsers],
  });
  return Object.fromEntries(outputFiles.map(({ path, text }) => [`/${basename(path)}`, text]));
}

/** It compares long trainings with two algorithms: other tests hold the bits of both in each browser, in seconds. */
const SLOW = 'tests/lowering/algorithms.test.ts';
console.log(`not run in pages, as it takes minutes in some: ${SLOW}`);

/** Whether a page can run a test that imports modules of Node; prints the ones that it lacks. */
function runsInPages(file: string): boolean {
  const own = /from '(node:(?!(?:fs|v8|vm)')[^']*)'/.exec(readFileSync(root + file, 'utf8'))?.[1];
  if (own) console.log(`not run in pages: ${file}, which needs ${own}`);
  return own === undefined;
}

const files = ['kernels', 'tensor', 'program', 'lowering', 'graph', 'training', 'model']
  .flatMap((folder) => readdirSync(`${root}tests/${folder}`).map((name) => `${folder}/${name}`))
  .map((name) => `tests/${name}`)
  .filter((file) => pattern.test(file) && file !== SLOW)
  .filter(runsInPages);
assert(files.length > 0, `no test file matches ${pattern}`);

const html = `<!doctype html><link rel="icon" href="data:,"><script>
  globalThis.UVU_DEFER = 1;
  globalThis.lines = [];
  console.log = (...words) => lines.push(words.join(' '));
  </script><script type="module" src="/tests.js"></script>`;
const built = (name: string) => readFileSync(`${root}dist/browser/${name}`, 'utf8');
const made = {
  '/index.html': html,
  '/kernel-thread.js': built('kernel-thread.js'),
  '/augment-worker.js': built('augment-worker.js'),
  ...(await bundled(files)),
};

const run = (tab: Tab, file: string): Promise<string[]> =>
  tab.evaluate(
    (name) =>
      (globalThis as unknown as { runTests(name: string): Promise<string[]> }).runTests(name),
    file,
  );

/** Test files of a browser, run one by one. A browser that crashes goes on with the file that it was in. */
class Runs {
  total = 0;
  passed = 0;
  /** What the failed tests printed: said last, where a reader of the end of a long log finds it. */
  readonly failures: string[] = [];
  readonly #left = [...files];

  /** Runs the files that are left, and prints how long each took. */
  async run(tab: Tab): Promise<void> {
    for (let file = this.#left[0]; file; file = this.#left[0]) {
      const started = performance.now();
      const lines = (await run(tab, file)).map((line) => stripVTControlCharacters(line));
      const count = (word: string) =>
        Number(lines.find((line) => line.includes(`${word}:`))?.match(/\d+/)?.[0] ?? 0);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${file}: ${count('Passed')} of ${count('Total')}, ${seconds} s`);
      // uvu prints a file's failures after its first line that names one, with what was expected.
      const failure = lines.findIndex((line) => line.includes(' FAIL '));
      if (failure >= 0) this.failures.push(`${file}:`, ...lines.slice(failure));
      assert(count('Total') > 0, `${file} has no tests`);
      this.total += count('Total');
      this.passed += count('Passed');
      this.#left.shift();
    }
  }
}

await serving({ directory: root, made }, (origin) =>
  inEachBrowser(async (visit, name) => {
    const runs = new Runs();
    await visit(`${origin}/`, (tab) => runs.run(tab));
    console.log(`${runs.passed} of ${runs.total} tests passed`);
    assert.equal(runs.passed, runs.total, [`not all pass in ${name}`, ...runs.failures].join('\n'));
  }),
);
