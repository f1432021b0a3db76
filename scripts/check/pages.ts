// The installed package, without a bundler, in unusual pages: under content security policies, from another origin, in
// workers and service workers, and with a wrong wasm file; checkpoints that a site keeps, and the hashes of networks. What
// works must give the same bits as Node; what cannot work must say what to do. In each browser.

import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isolation } from '../serve.js';
import { inEachBrowser, serving, type Tab, type Visit } from './browsers/index.js';
import { withPackage } from './packed.js';

/** What a page has computed, see tests/bundlers/train.js; or its error. */
interface Outcome {
  bits?: string;
  threads?: number;
  error?: string;
  /** Of an error: whether it is an EngineError, or its name. */
  typed?: boolean;
  name?: string;
}

/** What `init` is given, with a wasm by its address. */
interface Options {
  threads?: number | 'auto';
  url?: string;
}

/** What tests/bundlers/page.js adds to the page. */
interface OurPage {
  run(way: string, options: object): Promise<Outcome>;
  /** Of tests/engines/hashes.mjs. */
  hashes(threads: number): Promise<unknown>;
  /** What tests/bundlers/kept.js adds. */
  kept(): Promise<{ place: string; epoch: number; before?: number; said?: string[] }>;
}

type Run = (tab: Tab) => Promise<Outcome>;

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../tests/bundlers/${name}`, import.meta.url));

/** The pages of tests/bundlers/, with the addresses of the package's files filled in. */
function filesFor(origin: string): Record<string, string> {
  const text = (name: string) =>
    readFileSync(fixture(name), 'utf8').replace(
      /'wasmgrad(\/\w+)?'/g,
      (_, entry = '/index') => `'${origin}/node_modules/wasmgrad/dist/browser${entry}.js'`,
    );
  return {
    '/index.html':
      '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
    '/page.js': text('page.js'),
    '/train.js': text('train.js'),
    '/kept.html':
      '<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="/kept.js"></script>',
    '/kept.js': text('kept.js'),
    '/hashed.html': `<!doctype html><link rel="icon" href="data:,"><script type="module">
      import { hashes } from '/hashes.js';
      globalThis.hashes = hashes;
    </script>`,
    '/hashes.js': text('../engines/hashes.mjs'),
    '/worker.js': text('worker.js'),
    '/module.js': 'export {};',
  };
}

/** The policies of a page and of its workers' scripts. */
const policy = (workers: string, wasm = "'wasm-unsafe-eval'") => ({
  ...isolation,
  'Content-Security-Policy': `default-src 'none'; script-src 'self' ${wasm}; connect-src 'self'; img-src data:; worker-src ${workers}`,
});

/** Trains in the page, or in a training worker of the package. */
const onPage =
  (options: Options, way = 'here'): Run =>
  (tab) =>
    tab.evaluate(
      ([how, { url, ...given }]) =>
        (globalThis as unknown as OurPage).run(how, {
          ...given,
          wasm: url && new URL(url, location.href),
        }),
      [way, options] as const,
    );

/** Trains in a worker, or in a service worker. */
const inWorker =
  (options: Options, service = false): Run =>
  (tab) =>
    tab.evaluate(
      async ([given, isService]) => {
        const { port1, port2 } = new MessageChannel();
        const answer = new Promise<Outcome>((resolve) => {
          port1.onmessage = ({ data }) => resolve(data);
        });
        if (isService) {
          await navigator.serviceWorker.register('/worker.js', { type: 'module' });
          (await navigator.serviceWorker.ready).active?.postMessage(given, [port2]);
        } else new Worker('/worker.js', { type: 'module' }).postMessage(given, [port2]);
        return answer;
      },
      [options, service] as const,
    );

/** Trains in frames that are removed, and looks at what the site has kept: see tests/bundlers/kept.js. */
const checkpoints = (tab: Tab) => tab.evaluate(() => (globalThis as unknown as OurPage).kept());

/** The hashes of tests/engines/hashes.mjs, with one thread and more. */
const hashed = (tab: Tab) =>
  tab.evaluate(async () => {
    const found: unknown[] = [];
    for (const threads of [1, 2, 7])
      found.push(await (globalThis as unknown as OurPage).hashes(threads));
    return found;
  });

/** Whether the browser has service workers that are modules: Firefox before 147 runs them as scripts. */
const takesModules = (tab: Tab): Promise<boolean> =>
  tab.evaluate(() =>
    navigator.serviceWorker.register('/module.js', { type: 'module' }).then(
      () => true,
      () => false,
    ),
  );

/** A page to visit, and what is expected: a number of threads and warnings, or an error with some words. */
interface Case {
  headers: Record<string, string>;
  run: Run;
  origin?: string;
  threads?: number;
  told?: RegExp[];
  error?: RegExp;
  /** Errors that the console may show. */
  allowed?: RegExp;
}

/** Firefox's error when the package tries a worker's script from another origin. */
const FOREIGN = /may not load data from .*\/(kernel-thread|training-worker)\.js/;
const REFUSED = /Content Security Policy|Content-Security-Policy/;

await withPackage(async (project) => {
  copyFileSync(fixture('train.js'), `${project}/train.mjs`);
  const { train } = await import(pathToFileURL(`${project}/train.mjs`).href);
  const { bits } = await train({ threads: 1 });
  const known = JSON.parse(readFileSync(fixture('../engines/hashes.json'), 'utf8'));

  const checkIn = async (visit: Visit) => {
    const check = async (what: string, given: Case): Promise<Outcome> => {
      const { origin = '', headers, run, threads, told = [], error, allowed } = given;
      const made = filesFor(origin);
      const { result, warnings } = await serving(
        { directory: project, headers: () => headers, made },
        (url) => visit(`${url}/`, run, allowed),
      );
      console.log(`${what}: ${result.error ?? `${result.threads} threads`}`);
      if (error) assert.match(result.error ?? 'no error', error);
      else assert.equal(result.bits, bits, `the bits that Node gives: ${result.error}`);
      assert.equal(result.threads, threads);
      assert.equal(warnings.length, told.length, warnings.join('\n'));
      for (const [i, pattern] of told.entries()) assert.match(warnings[i], pattern);
      return result;
    };
    const refuse = async (what: string, given: Case) => {
      const { typed, name } = await check(what, given);
      assert(typed || name === 'EngineError', 'an EngineError');
    };

    const strict = policy("'self'");
    for (const threads of [1, 2])
      await check('strict policy', { headers: strict, run: onPage({ threads }), threads });
    const remote = onPage({ threads: 2 }, 'worker');
    await check('strict policy, training worker', { headers: strict, run: remote, threads: 1 });
    const run = onPage({ threads: 2 });
    const blob = { headers: policy('blob:'), run, threads: 2, allowed: REFUSED };
    await check('workers from blob: alone', blob);
    const none = { headers: policy("'none'"), run, threads: 1, allowed: REFUSED };
    await check('no workers', { ...none, told: [/worker-src 'self'.*it goes on with one/] });
    const closed = { headers: policy("'self'", ''), run, allowed: REFUSED };
    await refuse('no WebAssembly', { ...closed, error: /script-src.*'wasm-unsafe-eval'/ });

    await check('worker', { headers: strict, run: inWorker({ threads: 2 }), threads: 2 });
    const wasm = '/node_modules/wasmgrad/build/simd.wasm';
    const { result: hasModules } = await serving(
      { directory: project, made: filesFor('') },
      (url) => visit(`${url}/`, takesModules, /service-?worker|module\.js/i),
    );
    if (hasModules) {
      for (const threads of ['auto', 2] as const) {
        const service = inWorker({ threads, url: wasm }, true);
        await check('service worker', { headers: strict, run: service, threads: 1 });
      }
      const bare = { headers: strict, run: inWorker({}, true), error: /wasmgrad\/kernels\.wasm/ };
      await refuse('service worker, no wasm given', bare);
    } else console.log('service worker: not checked, as this version has none that are modules');

    const html = { headers: strict, run: onPage({ url: '/' }), error: /HTML page; check the URL/ };
    await refuse('wasm that is a page', html);
    const missing = { headers: strict, run: onPage({ url: '/no.wasm' }), error: /answered 404/ };
    await refuse('wasm that is not there', { ...missing, allowed: /404/ });

    await serving({ directory: project, made: filesFor('') }, async (url) => {
      const { result, warnings } = await visit(`${url}/kept.html`, checkpoints);
      console.log(`checkpoints: epoch ${result.epoch}, in a ${result.place}`);
      assert.deepEqual(warnings, []);
      if (result.place === 'database') return;
      // A damaged file is passed over, and that is said.
      assert.equal(result.before, result.epoch - 1);
      assert.match(`${result.said}`, /checksum.*kept.safetensors.previous' is taken instead/);
    });

    const isolated = { directory: project, made: filesFor(''), headers: () => isolation };
    await serving(isolated, async (url) => {
      const { result } = await visit(`${url}/hashed.html`, hashed);
      for (const one of result) assert.deepEqual(one, known, 'other weights after 100 steps');
      console.log('hashes of five networks, with 1, 2 and 7 threads: those of Node');
    });

    const open = {
      'Access-Control-Allow-Origin': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    };
    await serving({ directory: project, headers: () => open }, async (origin) => {
      const far = { origin, headers: isolation, allowed: FOREIGN };
      await check('another origin', { ...far, run, threads: 2 });
      await refuse('another origin, training worker', {
        ...far,
        run: remote,
        error: /startWorker\(\{ worker \}\)/,
      });
    });
  };
  await inEachBrowser(checkIn);
});
