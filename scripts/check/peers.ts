// What `wasmgrad/tfjs` says, from the packed package, where the packages of TF.js are missing, of another version, or
// there twice; and that it works where they are as they should be.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('../../node_modules/@tensorflow', import.meta.url));

/** Computes with a program's own TF.js. */
const program = `
  await import('wasmgrad/tfjs');
  const tf = await import('@tensorflow/tfjs-core');
  const isSet = await tf.setBackend('wasmgrad');
  console.log(isSet, tf.add(tf.tensor1d([1, 2]), 3).dataSync().join());
`;

/** @param project has the packed package, and no packages of TF.js */
export function checkPeers(project: string): void {
  const run = (code = program) => {
    const args = ['--input-type=module', '-e', code];
    const { stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: project,
      encoding: 'utf8',
    });
    return { stdout: stdout.trim(), stderr };
  };
  const caught = () =>
    run("await import('wasmgrad/tfjs').catch((error) => console.log(String(error)))").stdout;
  const way = 'npm install @tensorflow/tfjs-core@4 @tensorflow/tfjs-backend-cpu@4';
  const folder = `${project}/node_modules/@tensorflow`;
  const own = `${project}/node_modules/wasmgrad/node_modules/@tensorflow`;
  /** A package as it is here: what it needs is beside it. */
  const provide = (name: string) => symlinkSync(`${here}/${name}`, `${folder}/${name}`);
  mkdirSync(folder, { recursive: true });

  const missing = `EngineError: wasmgrad/tfjs needs @tensorflow/tfjs-core and @tensorflow/tfjs-backend-cpu, version 4: ${way}`;
  assert.equal(caught(), missing);
  provide('tfjs-core');
  assert.equal(caught(), missing);
  provide('tfjs-backend-cpu');
  assert.deepEqual(run(), { stdout: 'true 4,5', stderr: '' });

  const core = `${folder}/tfjs-core`;
  rmSync(core);
  mkdirSync(core);
  writeFileSync(
    `${core}/index.js`,
    `module.exports = { ...require(${JSON.stringify(`${here}/tfjs-core/dist/tf-core.node.js`)}) };
     module.exports.version_core = '3.21.0';`,
  );
  assert.equal(
    caught(),
    `EngineError: wasmgrad/tfjs needs version 4 of @tensorflow/tfjs-core, not 3.21.0: ${way}`,
  );

  // The program's own, and another that only wasmgrad finds.
  rmSync(core, { recursive: true });
  provide('tfjs-core');
  mkdirSync(own, { recursive: true });
  cpSync(`${here}/tfjs-core`, `${own}/tfjs-core`, { recursive: true });
  for (const name of [
    'long',
    'seedrandom',
    'node-fetch',
    'whatwg-url',
    'tr46',
    'webidl-conversions',
  ])
    symlinkSync(`${here}/../${name}`, `${own}/../${name}`);
  const { stdout, stderr } = run();
  assert.equal(stdout, 'true 4,5');
  assert.match(stderr, /^wasmgrad: two copies of @tensorflow\/tfjs-core are loaded, .*npm ls/m);
  console.log('tfjs: packages missing, of another version and there twice are named');
}
