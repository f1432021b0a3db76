// How soon training starts: init, building LeNet-5 and its first step; and how much longer init takes where it looks for
// 256-bit code. Each time in a new process.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from '../compete.js';
import type { Suite } from '../report.js';
import type { Result } from '../result.js';
import { engineFlags } from '../start.js';

const PROCESSES = 7;

/** The milliseconds that a program prints, with flags of the engine. */
function printed(name: string, flags: readonly string[]): number {
  const program = fileURLToPath(new URL(`../${name}`, import.meta.url));
  // Node with the flags of this process: they are what lets it read TypeScript.
  const args = [...process.execArgv, program, ...flags];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

function result(name: string, times: number[], limit: number): Result {
  const middle = median(times);
  return {
    name,
    unit: 'ms',
    figures: [{ who: 'wasmgrad', median: middle, best: Math.min(...times) }],
    targets: [{ text: `≤ ${limit} ms`, met: middle <= limit }],
    notes: [],
  };
}

async function run(): Promise<Result[]> {
  const turns = Array.from({ length: PROCESSES }, () => ({
    first: printed('first-step.ts', engineFlags),
    init: printed('init-time.ts', []),
    wide: printed('init-time.ts', ['--revectorize']),
  }));
  const first = turns.map((turn) => turn.first);
  const looking = turns.map(({ init, wide }) => wide - init);
  return [
    result('init + LeNet-5 + first step', first, 300),
    result('init({ revectorize: true }), beyond init()', looking, 150),
  ];
}

/** See the top of this file. */
export const startup: Suite = {
  name: 'startup',
  about:
    'from init to the end of the first training step, and what looking for 256-bit code takes, in new processes',
  run,
};
