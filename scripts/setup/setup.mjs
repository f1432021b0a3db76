// Makes a fresh clone ready: installs the packages of package-lock.json and builds, each only if it is missing or out
// of date. Runs before anything is installed: so it is JavaScript, not TypeScript like other scripts, and needs only
// Node and npm.

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

const sources = newest('assembly', 'bindings', 'src', 'asconfig.json', 'scripts/setup');
if (
  newest('dist/types/src/index.d.ts', 'dist/index.js') < sources ||
  newest('build/simd.wasm') === 0
) {
  console.log('building …');
  const { buildAll } = await import('./build.mjs');
  await buildAll();
}
