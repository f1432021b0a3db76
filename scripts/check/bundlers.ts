// Bundles the installed package with each bundler, and uses it without one: the page must train in Chromium, on one
// thread, on several, and in a training worker, and give the same bits as Node. So must TF.js on wasmgrad/tfjs, and by
// script tags.

import assert from 'node:assert/strict';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isolation } from '../serve.js';
import { browsing, serving, type Tab, type Visit } from './browsers/index.js';
import { npm, withPackage } from './packed.js';

/** What tests/bundlers/page.js adds to the page. */
interface OurPage {
  run(way: string, options: object): Promise<Outcome>;
}
interface Outcome {
  bits?: string;
  threads?: number;
  error?: string;
  typed?: boolean;
  /** What TF.js computed on, and the loss of each epoch. */
  backend?: string;
  losses?: number[];
}

const NOT_ISOLATED = /Cross-Origin-Opener-Policy: same-origin.*Cross-Origin-Embedder-Policy/;
/** If a bundler leaves files out, the page requests one in vain, then works without it. */
const MISSING = /404 .*\/(kernel-thread|training-worker)\.js$/;
/** Where the page trains, and on how many threads. */
const runs: [way: string, threads: number][] = [
  ['here', 1],
  ['here', 2],
  ['worker', 2],
  ['own', 2],
];

const html = (script: string) => `<!doctype html><link rel="icon" href="data:,">${script}`;
const made = {
  '/out/webpack/index.html': html('<script src="./page.js" defer></script>'),
  '/out/esbuild/index.html': html('<script type="module" src="./page.js"></script>'),
  '/out/rollup/index.html': html('<script type="module" src="./page.js"></script>'),
};

/** What happens to `new Worker(new URL(…))` in the package: a bundler finds the file, or leaves it out. */
const pages = [
  { name: 'vite', path: '/out/vite/', finds: true },
  { name: 'webpack', path: '/out/webpack/', finds: true },
  { name: 'esbuild', path: '/out/esbuild/', finds: false },
  { name: 'rollup', path: '/out/rollup/', finds: false },
  // The names of an import map are not known in workers.
  { name: 'no bundler', path: '/no-bundler.html', finds: true, runs: runs.slice(0, -1) },
];

/** Vite's development server, which bundles dependencies in its own way. */
async function developing(project: string, use: (url: string) => Promise<void>): Promise<void> {
  const vite = await import(pathToFileURL(`${project}/node_modules/vite/dist/node/index.js`).href);
  const server = await vite.createServer({
    root: project,
    logLevel: 'error',
    server: { port: 0, headers: isolation },
  });
  try {
    await server.listen();
    await use(server.resolvedUrls.local[0]);
  } finally {
    await server.close();
  }
}

async function check(project: string, visit: Visit): Promise<void> {
  const { train } = await import(pathToFileURL(`${project}/train.js`).href);
  const { bits } = await train({ threads: 1 });

  /** Checks one page run in one way: the bits, the number of threads, and the messages about them. */
  const look = async (
    name: string,
    url: string,
    [way, threads]: [string, number],
    { finds, isolated = true }: { finds: boolean; isolated?: boolean },
  ): Promise<void> => {
    const run = (tab: Tab) =>
      tab.evaluate(
        (given) => (globalThis as unknown as OurPage).run(given.way, { threads: given.threads }),
        { way, threads },
      );
    const { result, warnings } = await visit(url, run, finds ? undefined : MISSING);
    console.log(`${name}, ${way}, ${threads}: ${result.bits?.slice(0, 12) ?? result.error}`);
    if (way === 'worker' && !finds) {
      assert.match(result.error ?? '', /startWorker\(\{ worker \}\)/);
      assert.equal(result.typed, true, 'an EngineError');
      return;
    }
    assert.equal(result.bits, bits, 'the bits that Node gives');
    assert.equal(result.threads, way === 'here' && isolated ? threads : 1);
    assert.equal(warnings.length, isolated ? 0 : 1, warnings.join('\n'));
    if (!isolated) assert.match(warnings[0], NOT_ISOLATED);
  };

  const { trainTfjs } = await import(pathToFileURL(`${project}/tfjs.js`).href);
  const { losses: expected } = (await trainTfjs()) as { losses: number[] };
  /** Checks the backend for TF.js in a page: losses as in Node. */
  const lookAtTfjs = async (name: string, url: string): Promise<void> => {
    const { result } = await visit(
      url,
      (tab) => tab.evaluate(() => (globalThis as unknown as OurPage).run('tfjs', {})),
      MISSING,
    );
    const { backend, losses = [] } = result;
    console.log(`${name}, TF.js on ${backend}: ${losses.join(', ') || result.error}`);
    assert.equal(backend, 'wasmgrad');
    assert.equal(losses.length, expected.length);
    losses.forEach((loss, i) => {
      assert(Math.abs(loss - expected[i]) < 1e-4, `${loss} is not ${expected[i]}`);
    });
    assert(losses[2] < losses[0]);
  };

  await serving({ directory: project, made }, async (origin) => {
    for (const { name, path } of pages.slice(0, -1)) await lookAtTfjs(name, origin + path);
    await lookAtTfjs('script tag', `${origin}/script-tag.html`);
    const { result } = await visit(`${origin}/no-script-tag.html`, (tab) =>
      tab.evaluate(() => (globalThis as unknown as OurPage).run('tfjs', {})),
    );
    assert.equal(
      result.error,
      'EngineError: wasmgrad/tfjs-script does not find the global tf: load TF.js before it, by <script src="tf.min.js"></script>',
    );
    for (const { name, path, finds, runs: some = runs } of pages)
      for (const one of some) await look(name, origin + path, one, { finds });
  });
  await serving({ directory: project, headers: () => ({}), made }, async (origin) => {
    for (const { name, path, finds } of pages)
      await look(`${name}, not isolated`, origin + path, ['here', 2], { finds, isolated: false });
  });
  await developing(project, async (url) => {
    await lookAtTfjs("vite's server", url);
    for (const one of runs) await look("vite's server", url, one, { finds: true });
  });
}

await withPackage(
  async (project) => {
    for (const { name } of pages.slice(0, -1)) {
      const started = performance.now();
      npm(['run', '--silent', name], project);
      console.log(`${name}: built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    }
    await browsing('chromium', (visit) => check(project, visit));
  },
  fileURLToPath(new URL('../../tests/bundlers', import.meta.url)),
);
