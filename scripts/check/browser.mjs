// Trains in a real Chromium, from the built package: in a page that is cross-origin isolated, on its main
// thread and in a worker, with threads; in one that is not, without. Strict arithmetic gives the same
// bits everywhere: Node says which.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import * as wasmgrad from '../../dist/index.js';
import { isolation } from '../playground/serve.mjs';
import { browsing, serving } from './chromium.mjs';

const directory = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Trains LeNet-5 and a residual network, in a training worker where one is given; the bytes of both. Runs here
 * and in the pages, so it stands alone.
 */
async function train(wg, options, worker) {
  await wg.init({ simd: 'strict', ...options });
  const files = [];
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
    const trained = worker ? await worker.load(model.toBytes()) : model;
    await trained.fit(x, y, { epochs: 2, batchSize: 12 });
    files.push(await trained.toBytes());
    model.dispose();
  }
  const info = wg.backendInfo();
  wg.dispose();
  return { info, files };
}

const code = `
  import * as wg from '/dist/browser/index.js';
  import { startWorker } from '/dist/browser/worker.js';
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

const digest = (files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file);
  return hash.digest('hex');
};

const expected = digest((await train(wasmgrad, { threads: 1 })).files);
/** All but /plain/ with the two headers that threads need. */
const headers = (path) => (path === '/plain/' ? {} : isolation);
const made = { '/isolated/index.html': page, '/plain/index.html': page, '/worker.js': worker };

async function checkAll(origin, browse) {
  const visit = async (path, use) => {
    const { result, warnings } = await browse(origin + path, use);
    return { ...result, warnings };
  };
  const onPage = (options) => (tab) => tab.evaluate((given) => globalThis.run(given), options);
  const inWorker = (options) => (tab) =>
    tab.evaluate(
      (given) =>
        new Promise((resolve, reject) => {
          const made = new Worker('/worker.js', { type: 'module' });
          made.onmessage = ({ data }) => resolve(data);
          made.onerror = ({ message }) => reject(new Error(message));
          made.postMessage(given);
        }),
      options,
    );
  const check = (what, { info, bits, warnings }, { threads, told = 0 }) => {
    console.log(`${what}: ${info.threads} threads, ${info.variant}, ${bits.slice(0, 12)}`);
    assert.equal(info.threads, threads);
    assert.equal(info.variant.endsWith('-threads'), threads > 1);
    assert.equal(bits, expected, 'the bits that Node gives');
    assert.equal(warnings.length, told, warnings.join('\n'));
  };
  for (const threads of [1, 2, 3]) {
    const isolated = await visit('/isolated/', onPage({ threads }));
    check('isolated page', isolated, { threads });
    assert.equal(isolated.info.crossOriginIsolated, true);
    check('its worker', await visit('/isolated/', inWorker({ threads })), { threads });
    const remote = await visit('/isolated/', async (tab) => ({
      bits: await tab.evaluate((given) => globalThis.remote(given), { threads }),
    }));
    assert.equal(remote.bits, expected, 'of the training worker');
    console.log(`training worker with ${threads} threads: ${remote.bits.slice(0, 12)}`);
  }
  const plain = await visit('/plain/', onPage({ threads: 2 }));
  check('page without isolation', plain, { threads: 1, told: 1 });
  assert.match(plain.warnings[0], /Cross-Origin-Opener-Policy: same-origin/);
  assert.match(plain.warnings[0], /Cross-Origin-Embedder-Policy: require-corp/);
}

await serving({ directory, headers, made }, (origin) =>
  browsing((browse) => checkAll(origin, browse)),
);
