// A contest of the benchmark in Chromium, in the page without threads and in the one with: all whom a page runs must take
// part, so each has computed what is right. Times are not judged.

import assert from 'node:assert/strict';
import { browserArenas } from '../../bench/browser.js';
import type { Arena } from '../../bench/compete.js';
import { onnxruntime, tfjsWasm, wasmgrad, wasmgradTwo } from '../../bench/peers/index.js';
import { terminalTable } from '../../bench/table.js';

const SIDE = 32;
const contest = {
  name: `GEMM ${SIDE}³`,
  work: { kind: 'gemm', m: SIDE, n: SIDE, k: SIDE },
  ...{ turn: 0.02, warmUp: 0.02, budget: 0.1 },
} as const;

/** Who was right, and has a speed. */
async function placesOf(arena: Arena, ...[ours, ...peers]: (typeof wasmgrad)[]): Promise<string[]> {
  const targets = Object.fromEntries(peers.map(({ name }) => [name, [0, 0] as const]));
  const result = await arena.compete({ ...contest, ours, peers, targets });
  console.log(terminalTable([result]));
  console.log(result.notes, arena.libraries);
  assert(
    result.targets.every(({ met }) => met),
    'each has its ✓',
  );
  assert(result.figures.every(({ median }) => median > 0));
  return result.figures.map(({ who }) => who);
}

const arenas = await browserArenas();
console.log(arenas.name);
try {
  const plain = await placesOf(arenas.plain, wasmgrad, tfjsWasm, onnxruntime);
  for (const name of ['TF.js wasm', 'onnxruntime-web']) assert(plain.includes(name), name);
  // Which graphics there are is the machine's.
  assert(plain.some((name) => name.startsWith('TF.js WebGL')));
  const isolated = await placesOf(arenas.isolated, wasmgradTwo, wasmgrad);
  assert.deepEqual(isolated, [
    ...['wasmgrad, 2 threads', 'wasmgrad'],
    ...['onnxruntime-web, 2 threads', 'TF.js wasm, threads'],
  ]);
} finally {
  await arenas.close();
}
