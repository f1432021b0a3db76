// What the tarball weighs, how long the lines of Node's files are, and what of it a page loads that uses the core
// alone, over the wire.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { withPackage } from './packed.js';

const MOST_PACKED = 1.75 * (1 << 20);
/** The bytes that a page may load. */
const MOST_LOADED = 95_000;
/** Characters of a line in Node's files: Node prints the whole line that an error was thrown from. */
const LONGEST_LINE = 400;

/** A module and all modules that it imports statically, as names of files in its folder. */
function closure(directory: string, name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const code = readFileSync(`${directory}/${name}`, 'utf8');
  // As esbuild writes static imports; a dynamic one has a parenthesis.
  for (const [, next] of code.matchAll(/\b(?:from|import)\s*"\.\/([^"]+)"/g))
    closure(directory, next, found);
  return found;
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
  const modules = [...closure(directory, 'core.js')];
  const code = modules.reduce((sum, name) => sum + zipped(name), 0);
  const kernels = readdirSync(directory).filter((name) =>
    /^(simd|relaxed)(-threads)?-\w+\.js$/.test(name),
  );
  assert.equal(kernels.length, 4, `four builds, not ${kernels.join(', ')}`);
  const largest = Math.max(...kernels.map(zipped));
  console.log(
    `gzipped: ${modules.length} modules of the core ${code} + the largest wasm ${largest} = ${code + largest} bytes`,
  );
  assert(code + largest <= MOST_LOADED, `more than ${MOST_LOADED} bytes`);
});
