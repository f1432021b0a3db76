// The tests of kernels and models in Chromium, on the main thread of a page that is cross-origin isolated, with
// two threads: bundled from the sources as the package is. Fails where one of them fails. An argument narrows the
// files: `npm run browser-tests -- conv`.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { build } from 'esbuild';
import { forBrowsers } from '../build.mjs';
import { browsing, serving } from './chromium.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pattern = new RegExp(`${process.argv[2] ?? '.'}.*\\.test\\.ts$`);

const nodeInPage = `${root}tests/helpers/node-in-page.mjs`;
const forTests = {
  name: 'for-tests',
  setup({ onResolve }) {
    onResolve({ filter: /^node:(fs|v8|vm)$/ }, () => ({ path: nodeInPage }));
  },
};

/** The tests as modules of a page, by their paths; `runTests` loads and runs all. */
async function bundled(files) {
  const tests = files.map((file) => `['${file}', () => import('../${file}')]`);
  const contents = `
    import '${nodeInPage}';
    import { exec } from 'uvu';
    globalThis.runTests = async () => {
      for (const [name, load] of [${tests}]) {
        globalThis.UVU_INDEX = UVU_QUEUE.push([name]) - 1;
        await load();
      }
      await exec();
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

const files = ['kernels', 'tensor', 'program', 'lowering', 'graph', 'training', 'model']
  .flatMap((folder) => readdirSync(`${root}tests/${folder}`).map((name) => `${folder}/${name}`))
  .map((name) => `tests/${name}`)
  .filter((file) => pattern.test(file));
assert(files.length > 0, `no test file matches ${pattern}`);

const html = `<!doctype html><link rel="icon" href="data:,">
  <script>globalThis.UVU_DEFER = 1</script><script type="module" src="/tests.js"></script>`;
const thread = readFileSync(`${root}dist/browser/kernel-thread.js`, 'utf8');
const made = { '/index.html': html, '/kernel-thread.js': thread, ...(await bundled(files)) };

const lines = [];
await serving({ directory: root, made }, (origin) =>
  browsing((visit) =>
    visit(`${origin}/`, (tab) => {
      tab.on('console', (line) => lines.push(stripVTControlCharacters(line.text())));
      tab.setDefaultTimeout(0);
      return tab.evaluate(() => globalThis.runTests());
    }),
  ),
);

const count = (word) =>
  lines.reduce((sum, line) => sum + Number(line.match(`${word}: +(\\d+)`)?.[1] ?? 0), 0);
const [total, passed] = [count('Total'), count('Passed')];
for (const line of lines.filter((text) => text.includes(' FAIL '))) console.log(line);
console.log(`${files.length} files, ${passed} of ${total} tests passed`);
assert(total >= files.length && passed === total, 'all tests pass in Chromium');
