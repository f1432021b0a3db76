// What the tarball weighs, how long the lines of Node's files are, and what of it a page loads that uses the core
// alone, over the wire.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { withPackage } from './packed.js';

/** Of the entry for TF.js it has 43 KiB: sources, both builds with a source map, types. */
const MOST_PACKED = 1.95 * (1 << 20);
/** The bytes that a page may load. */
const MOST_LOADED = 95_000;
/** Characters of a line in Node's files: Node prints the whole line that an error was thrown from. */
const LONGEST_LINE = 400;

/** The bytes that parts of `io` may add to those of the core, by their names, and what they load when they are called. */
const MOST_ADDED: Readonly<Record<string, number>> = { onnx: 34_000, safetensors: 7_500 };
/**
 * And those of the layers for arrays of any rank, with their kernels, which some files need. The backend for TF.js runs
 * on these kernels too, so they have what eager programs need; and a part of the code is in a file that both share.
 */
const MOST_ARRAYS = 27_000;
/** What computes under TF.js: the core and its kernels, with those for arrays. */
const MOST_COMPUTING = 105_000;
/** The entry for TF.js, over those. */
const MOST_TFJS = 20_000;

/** As esbuild writes static imports. */
const STATIC = /\b(?:from|import)\s*"\.\/([^"]+)"/g;
/** Those, and what is loaded later. */
const ALL = /\b(?:from|import)\s*\(?"\.\/([^"]+)"/g;

/** A module and all modules that it imports, but those that are known, as names of files in its folder. */
function closure(directory: string, name: string, imports: RegExp, known: string[] = []): string[] {
  const found = new Set(known);
  const visit = (module: string): void => {
    if (found.has(module)) return;
    found.add(module);
    const code = readFileSync(`${directory}/${module}`, 'utf8');
    for (const [, next] of code.matchAll(imports)) visit(next);
  };
  visit(name);
  return [...found].slice(known.length);
}

await withPackage((project, { filename, size, files }) => {
  console.log(`${filename}: ${(size / 1024).toFixed(0)} KiB, ${files.length} files`);
  assert(size <= MOST_PACKED, `the tarball has ${size} bytes, more than ${MOST_PACKED}`);

  const forNode = `${project}/node_modules/wasmgrad/dist`;
  for (const name of readdirSync(forNode).filter((file) => file.endsWith('.js'))) {
    const lines = readFileSync(`${forNode}/${name}`, 'utf8').split('\n');
    const longest = Math.max(...lines.map((line) => line.length));
    assert(longest <= LONGEST_LINE, `dist/${name} has a line of ${longest} characters`);
  }

  const directory = `${project}/node_modules/wasmgrad/dist/browser`;
  const zipped = (name: string) =>
    gzipSync(readFileSync(`${directory}/${name}`), { level: 9 }).length;
  const sizeOf = (modules: readonly string[]) =>
    modules.reduce((sum, name) => sum + zipped(name), 0);
  const core = closure(directory, 'core.js', STATIC);
  const builds = readdirSync(directory).filter((name) =>
    /^(arrays-)?(simd|relaxed)(-threads)?-\w+\.js$/.test(name),
  );
  assert.equal(builds.length, 8, `four builds of two modules, not ${builds.join(', ')}`);
  /** Of a module's builds a page loads one: the largest is counted. */
  const largest = (isOurs: (name: string) => boolean) =>
    Math.max(...builds.filter(isOurs).map(zipped));
  const kernels = largest((name) => !name.startsWith('arrays'));
  const loaded = sizeOf(core) + kernels;
  console.log(
    `gzipped: ${core.length} modules of the core ${sizeOf(core)} + the largest wasm ${kernels} = ${loaded} bytes`,
  );
  assert(loaded <= MOST_LOADED, `more than ${MOST_LOADED} bytes`);

  const [entry] = readdirSync(directory).filter((name) => /^arrays-[A-Z0-9]{8}\.js$/.test(name));
  const arrays = closure(directory, entry, ALL, core);
  const arraysCode = sizeOf(arrays.filter((name) => !builds.includes(name)));
  const arraysKernels = largest((name) => name.startsWith('arrays'));
  const layers = arraysCode + arraysKernels;
  console.log(
    `layers for arrays, where a file needs them: ${arraysCode} + the largest wasm ${arraysKernels} = ${layers} bytes more`,
  );
  assert(layers <= MOST_ARRAYS, `more than ${MOST_ARRAYS} bytes`);
  const computing = loaded + arraysKernels;
  assert(computing <= MOST_COMPUTING, `core and all kernels: more than ${MOST_COMPUTING} bytes`);

  const forTfjs = closure(directory, 'tfjs.js', STATIC, core);
  const tfjs = sizeOf(forTfjs);
  console.log(
    `tfjs: ${forTfjs.length} modules, ${tfjs} bytes, over the core and all kernels, ${computing} bytes`,
  );
  assert(tfjs <= MOST_TFJS, `more than ${MOST_TFJS} bytes`);

  const parts = readdirSync(directory).filter((name) => /^io-[\w-]+\.js$/.test(name));
  for (const file of parts) {
    const part = file.slice('io-'.length, -'.js'.length);
    const bytes = sizeOf(closure(directory, file, ALL, [...core, ...arrays]));
    console.log(`io, ${part}: ${bytes} bytes more`);
    const most = MOST_ADDED[part] ?? Infinity;
    assert(bytes <= most, `more than ${most} bytes`);
  }
});
