// Trains in real browsers, from the built package: in a page that is cross-origin isolated, with threads, on its main
// thread and in a worker; and in a page that is not, without threads. Strict arithmetic must give the same bits as in
// Node.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import * as wasmgrad from 'wasmgrad';
import type { RemoteModel, TrainingWorker } from 'wasmgrad/worker';
import { isolation } from '../serve.js';
import { inEachBrowser, serving, type Tab, type Visit } from './browsers/index.js';

const directory = fileURLToPath(new URL('../..', import.meta.url));

interface Trained {
  info: ReturnType<typeof wasmgrad.backendInfo>;
  bits: string;
}

/** The globals of the pages. */
interface OurPage {
  run(options: wasmgrad.InitOptions): Promise<Trained>;
  remote(options: wasmgrad.InitOptions): Promise<string>;
}

/**
 * Trains LeNet-5 and a residual network, in a training worker if one is given; returns the bytes of both. Runs here
 * and in the pages, so it must not use any other name of this file.
 */
async function train(
  wg: typeof wasmgrad,
  options: wasmgrad.InitOptions,
  worker?: TrainingWorker,
): Promise<{ info: Trained['info']; files: Uint8Array<ArrayBuffer>[] }> {
  await wg.init({ simd: 'strict', ...options });
  const files: Uint8Array<ArrayBuffer>[] = [];
  for (const model of [
    wg.zoo.lenet5({ seed: 1 }),
    new wg.ResNet({ depth: 8, inputShape: [16, 16, 3], seed: 1 }),
  ]) {
    model.compile({
      optimizer: wg.optimizers.sgd({ learningRate: 0.02, momentum: 0.9 }),
      loss: 'softmaxCrossEntropy',
    });
    const count = 48;
    const size = model.inputShape.reduce((a, b) => a * b);
    // Numbers from −1 to 1 that are the same in all engines.
    const x = Float32Array.from({ length: count * size }, (_, i) => ((i * 7919) % 1009) / 505 - 1);
    const y = Int32Array.from({ length: count }, (_, i) => i % 10);
    const trained: wasmgrad.Model | RemoteModel = worker
      ? await worker.load(model.toBytes())
      : model;
    await trained.fit(x, y, { epochs: 2, batchSize: 12 });
    files.push(await trained.toBytes());
    model.dispose();
  }
  const info = wg.backendInfo();
  wg.dispose();
  return { info, files };
}

// Functions that tsx has compiled name those inside them with a helper of its.
const code = `
  import * as wg from '/dist/browser/index.js';
  import { startWorker } from '/dist/browser/worker.js';
  const __name = (work) => work;
  const digest = async (files) => {
    const all = new Uint8Array(await new Blob(files).arrayBuffer());
    const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  };
  const run = async (options) => {
    const { info, files } = await (${train})(wg, options);
    return { info, bits: await digest(files) };
  };`;
const page = `<!doctype html><link rel="icon" href="data:,"><script type="module">${code}
  globalThis.run = run;
  globalThis.remote = async (options) => {
    const worker = await startWorker({ simd: 'strict', ...options });
    const { files } = await (${train})(wg, { threads: 1 }, worker);
    worker.end();
    return digest(files);
  };
</script>`;
const worker = `${code} onmessage = async ({ data }) => postMessage(await run(data));`;

const digest = (files: Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file);
  return hash.digest('hex');
};

const expected = digest((await train(wasmgrad, { threads: 1 })).files);
/** All but /plain/ with the two headers that threads need. */
const headers = (path: string) => (path === '/plain/' ? {} : isolation);
const made = { '/isolated/index.html': page, '/plain/index.html': page, '/worker.js': worker };

const onPage = (threads: number) => (tab: Tab) =>
  tab.evaluate((count) => (globalThis as unknown as OurPage).run({ threads: count }), threads);

const inWorker = (threads: number) => (tab: Tab) =>
  tab.evaluate(
    (count) =>
      new Promise<Trained>((resolve, reject) => {
        const made = new Worker('/worker.js', { type: 'module' });
        made.onmessage = ({ data }) => resolve(data);
        made.onerror = ({ message }) => reject(new Error(message));
        made.postMessage({ threads: count });
      }),
    threads,
  );

async function checkAll(origin: string, visit: Visit): Promise<void> {
  const check = async (
    what: string,
    path: string,
    run: (tab: Tab) => Promise<Trained>,
    threads: number,
    told: RegExp[] = [],
  ): Promise<Trained['info']> => {
    const { result, warnings } = await visit(origin + path, run);
    const { info, bits } = result;
    console.log(`${what}: ${info.threads} threads, ${info.variant}, ${bits.slice(0, 12)}`);
    assert.equal(info.threads, threads);
    assert.equal(info.variant.endsWith('-threads'), threads > 1);
    assert.equal(bits, expected, 'the bits that Node gives');
    assert.equal(warnings.length, told.length > 0 ? 1 : 0, warnings.join('\n'));
    for (const pattern of told) assert.match(warnings[0], pattern);
    return info;
  };
  for (const threads of [1, 2, 3]) {
    const info = await check('isolated page', '/isolated/', onPage(threads), threads);
    assert.equal(info.crossOriginIsolated, true);
    // Workers have the threads of pages: one and several.
    if (threads === 3) continue;
    await check('its worker', '/isolated/', inWorker(threads), threads);
    const { result: bits } = await visit(`${origin}/isolated/`, (tab) =>
      tab.evaluate(
        (count) => (globalThis as unknown as OurPage).remote({ threads: count }),
        threads,
      ),
    );
    assert.equal(bits, expected, 'of the training worker');
    console.log(`training worker with ${threads} threads: ${bits.slice(0, 12)}`);
  }
  await check('page without isolation', '/plain/', onPage(2), 1, [
    /Cross-Origin-Opener-Policy: same-origin/,
    /Cross-Origin-Embedder-Policy: require-corp/,
  ]);
}

await serving({ directory, headers, made }, (origin) =>
  inEachBrowser((visit) => checkAll(origin, visit)),
);
