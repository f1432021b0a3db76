// Runs the same program with the installed package in Node, Deno and Bun: all must give the same bits. npm installs the
// engines, and its cache keeps them; an engine that cannot be installed is a failure.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withPackage } from './packed.js';

const engines = [
  { name: 'node@20' },
  { name: 'node@22' },
  { name: 'node@24' },
  { name: 'node@26' },
  { name: 'deno', args: ['run', '--allow-all'] },
  { name: 'bun' },
];

await withPackage((project) => {
  const program = fileURLToPath(new URL('../../tests/engines/smoke.mjs', import.meta.url));
  copyFileSync(program, `${project}/smoke.mjs`);
  const run = (name: string, ...args: string[]) =>
    spawnSync('npx', ['-y', name, ...args], { cwd: project, encoding: 'utf8', timeout: 900_000 });
  const all = new Map<string, string>();
  for (const { name, args = [] } of engines) {
    const { status, stdout, stderr } = run(name, '--version');
    assert.equal(status, 0, `${name} cannot be had: npx -y ${name} --version\n${stderr}`);
    const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0];
    const started = performance.now();
    const smoke = run(name, ...args, 'smoke.mjs');
    const failed = `${name} (${version}) fails or does not end:\n${smoke.stdout}${smoke.stderr}`;
    assert.equal(smoke.status, 0, failed);
    const { bits, variant, threads } = JSON.parse(smoke.stdout);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `${name} (${version}): ${variant}, ${threads} threads, strict bits ${bits.slice(0, 12)}, ${seconds} s`,
    );
    all.set(name, bits);
  }
  assert.equal(new Set(all.values()).size, 1, 'strict arithmetic gives the same bits everywhere');
});
