// How soon training starts: init, building LeNet-5 and its first step, each time in a new process.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from '../compete.js';
import type { Suite } from '../report.js';
import type { Result } from '../result.js';
import { engineFlags } from '../start.js';

const PROCESSES = 7;
const LIMIT = 300;

async function run(): Promise<Result[]> {
  const program = fileURLToPath(new URL('../first-step.ts', import.meta.url));
  // Node with the flags of this process: they are what lets it read TypeScript.
  const once = () =>
    Number(
      execFileSync(process.execPath, [...process.execArgv, program, ...engineFlags], {
        encoding: 'utf8',
      }),
    );
  const times = Array.from({ length: PROCESSES }, once);
  const middle = median(times);
  return [
    {
      name: 'init + LeNet-5 + first step',
      unit: 'ms',
      figures: [{ who: 'wasmgrad', median: middle, best: Math.min(...times) }],
      targets: [{ text: `≤ ${LIMIT} ms`, met: middle <= LIMIT }],
      notes: [],
    },
  ];
}

/** See the top of this file. */
export const startup: Suite = {
  name: 'startup',
  about: 'from init to the end of the first training step, in a new process',
  run,
};
