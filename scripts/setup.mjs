// Makes a fresh clone ready: installs what package-lock.json names and builds, each only where it is
// missing or older than what it is made from. Runs before anything is installed, so it is no TypeScript as the other
// scripts are, and needs nothing but Node and npm.

import { spawnSync } from 'node:child_process';
import { newest, root } from './newest.mjs';

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) {
  console.error(`wasmgrad is developed with Node 20 or newer; this is ${process.version}`);
  process.exit(1);
}

const installed = newest('node_modules/.package-lock.json');
if (installed < newest('package-lock.json')) {
  console.log('installing …');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
}

const sources = newest('assembly', 'bindings', 'src', 'asconfig.json', 'scripts/build.mjs');
if (
  newest('dist/types/src/index.d.ts', 'dist/index.js') < sources ||
  newest('build/simd.wasm') === 0
) {
  console.log('building …');
  const { buildAll } = await import('./build.mjs');
  await buildAll();
}
