// Runs the same program and command line with the installed package in Node, Deno and Bun: all must give the same bits. npm installs the
// engines, and its cache keeps them; an engine that cannot be installed is a failure.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { encodePng } from '../../src/image/pngwriter.js';
import { withPackage } from './packed.js';

const engines = [
  { name: 'node@20' },
  { name: 'node@22' },
  { name: 'node@24' },
  { name: 'node@26' },
  { name: 'deno', args: ['run', '--allow-all'] },
  { name: 'bun' },
];

/** What `predict` is tried with: a network of layers, and an image of a slope. */
const network = {
  inputShape: [8, 8, 1],
  layers: [
    { type: 'conv2d', filters: 4, kernelSize: 3 },
    { type: 'flatten' },
    { type: 'dense', units: 3 },
  ],
};
const image = encodePng({
  data: Uint8Array.from({ length: 64 }, (_, i) => 4 * i),
  ...{ width: 8, height: 8, channels: 1 },
});

await withPackage((project) => {
  const program = fileURLToPath(new URL('../../tests/engines/smoke.mjs', import.meta.url));
  copyFileSync(program, `${project}/smoke.mjs`);
  writeFileSync(`${project}/network.json`, JSON.stringify(network));
  writeFileSync(`${project}/image.png`, image);
  writeFileSync(`${project}/where.mjs`, 'console.log(process.execPath);');
  const run = (program: string, ...args: string[]) =>
    spawnSync(program, args, { cwd: project, encoding: 'utf8', timeout: 900_000 });
  const npx = (...args: string[]) => run('npx', '-y', ...args);
  /** What the command line prints, as `npx wasmgrad` runs it. */
  const commandLine = (program: string, args: readonly string[], ...words: string[]): string => {
    const { status, stdout, stderr } = run(
      program,
      ...args,
      'node_modules/wasmgrad/dist/cli.js',
      ...words,
    );
    assert.equal(status, 0, `${program}: wasmgrad ${words.join(' ')} fails:\n${stdout}${stderr}`);
    return stdout.trim();
  };
  const packed = npx('wasmgrad', '--version');
  assert.match(packed.stdout, /^\d+\.\d+\.\d+\n$/, `npx wasmgrad --version: ${packed.stderr}`);
  const all = new Map<string, string>();
  for (const { name, args = [] } of engines) {
    // Itself from now on, as npx takes longer than most of what it is asked.
    const { status, stdout, stderr } = npx(name, ...args, 'where.mjs');
    assert.equal(status, 0, `${name} cannot be had by npx -y ${name}:\n${stderr}`);
    const program = stdout.trim();
    const version = /\d+\.\d+\.\d+/.exec(run(program, '--version').stdout)?.[0];
    const started = performance.now();
    const smoke = run(program, ...args, 'smoke.mjs');
    const failed = `${name} (${version}) fails or does not end:\n${smoke.stdout}${smoke.stderr}`;
    assert.equal(smoke.status, 0, failed);
    const { bits, variant, threads } = JSON.parse(smoke.stdout);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `${name} (${version}): ${variant}, ${threads} threads, strict bits ${bits.slice(0, 12)}, ${seconds} s`,
    );
    assert.equal(commandLine(program, args, '--version'), packed.stdout.trim());
    assert.equal(
      JSON.parse(commandLine(program, args, 'info', '--json')).version,
      packed.stdout.trim(),
    );
    const predict = ['predict', 'network.json', 'image.png', '--json', '--simd', 'strict'];
    all.set(name, `${bits} ${commandLine(program, args, ...predict)}`);
  }
  assert.equal(new Set(all.values()).size, 1, 'strict arithmetic gives the same bits everywhere');
});
