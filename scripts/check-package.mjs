// Packs the library, installs the tarball into an empty project and uses it there: what users get is
// what is tested, under this Node and under a newer one.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const project = mkdtempSync(`${tmpdir()}/wasmgrad-`);
const run = (command, args, cwd = project) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', timeout: 300_000 });

/**
 * The whole road in a page: augment, train, save, load, predict, and the browser's bundle beside
 * Node's. Augmenters are left open: their workers must not keep the program from ending.
 */
const smoke = `
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
const require = createRequire(import.meta.url);
const root = dirname(require.resolve('wasmgrad/package.json'));
const augmented = [];
for (const entry of ['wasmgrad', join(root, 'dist/browser/index.js')]) {
  const wg = await import(entry);
  await wg.init();
  const model = new wg.Sequential(
    [wg.layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }), wg.layers.flatten(), wg.layers.dense({ units: 2 })],
    { inputShape: [6, 6, 1], seed: 1 },
  );
  model.compile({ optimizer: wg.optimizers.adam({ learningRate: 0.01 }), loss: 'softmaxCrossEntropy', metrics: ['accuracy'] });
  const x = Float32Array.from({ length: 32 * 36 }, (_, i) => Math.sin(i) + (Math.floor(i / 36) % 2));
  const y = Int32Array.from({ length: 32 }, (_, i) => i % 2);
  const { history } = await model.fit(x, y, { epochs: 40, batchSize: 8 });
  assert(history.loss.at(-1) < history.loss[0] / 4, 'the loss falls');
  const loaded = await wg.loadModel(model.toBytes());
  assert.deepEqual(loaded.predict(x).toArray(), model.predict(x).toArray());
  wg.dispose();
  const augmentation = wg.data.augment({ rotate: 20, shift: 1, mixup: 0.5 });
  const augmenter = new wg.data.Augmenter(x, [6, 6, 1], augmentation);
  const order = Int32Array.from({ length: 32 }, (_, i) => 31 - i);
  for await (const batch of augmenter.batches({ epoch: 1, order, batchSize: 32 })) augmented.push([...batch]);
  assert.equal(augmenter.inWorker, entry === 'wasmgrad');
  await assert.rejects(wg.data.imageFolder('.'), wg.EngineError, 'sharp is not installed');
}
assert.deepEqual(augmented[0], augmented[1], 'the same bits in a worker and inline');

const wg = await import('wasmgrad');
const { startWorker } = await import('wasmgrad/worker');
await wg.init();
const model = wg.zoo.lenet5();
model.compile({ optimizer: wg.optimizers.sgd(), loss: 'softmaxCrossEntropy' });
const [x, y] = [new Float32Array(8 * 784).fill(0.5), Int32Array.from({ length: 8 }, (_, i) => i)];
// It is left open too.
const worker = await startWorker({ threads: 2 });
const there = await worker.load(model.toBytes());
assert.deepEqual((await there.fit(x, y)).history, (await model.fit(x, y)).history);
console.log(process.version, 'ok');
`;

try {
  const [{ filename, size, files }] = JSON.parse(
    run('npm', ['pack', '--json', '--pack-destination', project], root),
  );
  console.log(`${filename}: ${(size / 1024).toFixed(0)} KiB, ${files.length} files`);
  if (size > 1 << 20) throw new Error('the tarball is larger than 1 MiB');
  writeFileSync(
    `${project}/package.json`,
    JSON.stringify({ name: 'smoke', type: 'module', private: true }),
  );
  writeFileSync(`${project}/smoke.mjs`, smoke);
  run('npm', ['install', '--no-audit', '--no-fund', `./${filename}`]);
  console.log(run(process.execPath, ['smoke.mjs']).trim());
  console.log(run('npx', ['-y', 'node@24', 'smoke.mjs']).trim());
} finally {
  rmSync(project, { recursive: true, force: true });
}
