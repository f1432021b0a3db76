// Runs the same program and command line with the installed package in Node, Deno and Bun: all must give the same bits, and
// networks those of tests/engines/hashes.json, which `-- --write` makes anew. npm installs the engines, and its cache keeps
// them; an engine that cannot be installed is a failure.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
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

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../tests/engines/${name}`, import.meta.url));

/** Prints the hashes with as many threads as are given. */
const hashing = `
import { hashes } from './hashes.mjs';
for (const threads of process.argv.slice(2)) console.log(JSON.stringify(await hashes(Number(threads))));`;

/** The engine that tries all numbers of threads; the others one and two. */
const THOROUGH = 'node@24';

await withPackage((project) => {
  for (const name of ['smoke.mjs', 'hashes.mjs']) copyFileSync(fixture(name), `${project}/${name}`);
  writeFileSync(`${project}/hash.mjs`, hashing);
  const known = JSON.parse(readFileSync(fixture('hashes.json'), 'utf8'));
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
  const asked = process.argv.includes('--write')
    ? engines.filter(({ name }) => name === THOROUGH)
    : engines;
  for (const { name, args = [] } of asked) {
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
    const counts = name === THOROUGH ? [1, 2, 3, 4, 5, 6, 7] : [1, 2];
    const hashed = run(program, ...args, 'hash.mjs', ...counts.map(String));
    assert.equal(hashed.status, 0, `${name}: ${hashed.stderr}`);
    const found = hashed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    if (process.argv.includes('--write') && name === THOROUGH) {
      writeFileSync(fixture('hashes.json'), `${JSON.stringify(found[0], undefined, 2)}\n`);
      return;
    }
    for (const [i, one] of found.entries())
      assert.deepEqual(one, known, `${name}, ${counts[i]} threads: other weights after 100 steps`);
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
