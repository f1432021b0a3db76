// The benchmarks' command: runs the suites asked for, prints their tables, writes bench/results/latest.json.

import { parseArgs } from 'node:util';
import { backendInfo, dispose, init } from '../src/index.js';
import { machine, type Result, save, table } from './report.js';
import { gemm } from './suites/gemm.js';
import { lenet } from './suites/lenet.js';
import { memoryUse } from './suites/memory.js';
import { startup } from './suites/startup.js';

const suites = [gemm, lenet, startup, memoryUse];

const help = `npm run bench -- [name …] [--check]

Runs all suites, or those whose names contain one of the given words:

${suites.map(({ name, about }) => `  ${name.padEnd(10)}${about}`).join('\n')}

Figures are the median over all samples, the best in brackets; a ratio is wasmgrad's median speed over
the peer's. Competitors are checked first, then take turns in one process.

  --check   exit with 1 where a target is missed
  --help    this text`;

const { values: options, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});
const chosen = suites.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
);

if (options.help) console.log(help);
else if (chosen.length === 0) {
  console.error(
    `No suite is called ${words.join(' or ')}; there are ${suites.map(({ name }) => name).join(', ')}.`,
  );
  process.exitCode = 1;
} else await main();

async function main(): Promise<void> {
  await init({ threads: 1 });
  const backend = backendInfo();
  dispose();
  const { cpu, node } = machine();
  console.log(
    `${cpu}, Node ${node}, wasmgrad with ${backend.simd} SIMD, ${backend.tile} tile, 1 thread`,
  );

  const results: Record<string, Result[]> = {};
  for (const { name, about, run } of chosen) {
    console.log(`\n── ${name}: ${about} ──`);
    results[name] = await run();
    console.log(table(results[name]));
  }

  const targets = Object.values(results)
    .flat()
    .flatMap(({ name, target }) => (target ? [{ name, ...target }] : []));
  const missed = targets.filter(({ met }) => !met);
  console.log(
    `\n${targets.length - missed.length} of ${targets.length} targets met; written to ${save(backend, results)}`,
  );
  for (const { name, text } of missed) console.log(`  missed: ${name}: ${text}`);
  if (options.check && missed.length > 0) process.exitCode = 1;
}
