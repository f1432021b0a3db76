// What the tarball weighs, how long the lines of Node's files are, and what pages load of it, over the wire.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { withPackage } from './packed.js';
import { checkPeers } from './peers.js';
import { weigh } from './weigh.js';

/**
 * The entry for TF.js brought 119 KiB, ops and layers for arrays of any rank 58, the forms of Winograd's algorithm and
 * tuning 67: both builds with source maps, types, wasm, guides.
 */
const MOST_PACKED = 2.1 * (1 << 20);
/** Characters of a line in Node's files: Node prints the whole line that an error was thrown from. */
const LONGEST_LINE = 400;

await withPackage((project, { filename, size, files }) => {
  console.log(`${filename}: ${(size / 1024).toFixed(0)} KiB, ${files.length} files`);
  assert(size <= MOST_PACKED, `the tarball has ${size} bytes, more than ${MOST_PACKED}`);

  const forNode = `${project}/node_modules/wasmgrad/dist`;
  for (const name of readdirSync(forNode).filter((file) => file.endsWith('.js'))) {
    const lines = readFileSync(`${forNode}/${name}`, 'utf8').split('\n');
    const longest = Math.max(...lines.map((line) => line.length));
    assert(longest <= LONGEST_LINE, `dist/${name} has a line of ${longest} characters`);
  }

  for (const { what, bytes, most } of weigh(`${project}/node_modules/wasmgrad/dist/browser`)) {
    console.log(`gzipped: ${what}: ${bytes} bytes`);
    assert(bytes <= most, `more than ${most} bytes`);
  }
  checkPeers(project);
});
