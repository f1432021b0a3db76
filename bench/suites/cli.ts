// How long `npx wasmgrad predict` takes for one image: the whole process, from its start to its end, with LeNet-5.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dispose, io, zoo } from '../../src/index.js';
import { median } from '../compete.js';
import type { Suite } from '../report.js';
import type { Result } from '../result.js';
import { start } from '../start.js';

const PROCESSES = 10;
const LIMIT = 400;
const SIDE = 28;

/** Milliseconds of so many processes with these arguments. */
function timesOf(args: readonly string[], cwd: string): number[] {
  return Array.from({ length: PROCESSES }, () => {
    const began = performance.now();
    execFileSync(process.execPath, args, { cwd, stdio: 'pipe' });
    return performance.now() - began;
  });
}

async function run(): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'wasmgrad-'));
  try {
    await start();
    const model = zoo.lenet5();
    writeFileSync(join(folder, 'lenet.wasmgrad'), model.toBytes());
    const data = Uint8Array.from({ length: SIDE ** 2 }, (_, i) => i % 256);
    writeFileSync(join(folder, 'digit.png'), io.writePng({ data, width: SIDE, height: SIDE }));
    dispose();
    const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
    const times = timesOf([program, 'predict', 'lenet.wasmgrad', 'digit.png'], folder);
    const alone = median(timesOf(['-e', '0'], folder));
    const middle = median(times);
    return [
      {
        name: 'npx wasmgrad predict, LeNet-5, one image',
        unit: 'ms',
        figures: [{ who: 'wasmgrad', median: middle, best: Math.min(...times) }],
        targets: [{ text: `≤ ${LIMIT} ms`, met: middle <= LIMIT }],
        notes: [
          {
            who: 'node',
            text: `a process that does nothing takes ${alone.toFixed(0)} ms; the load was ${loadavg()[0].toFixed(1)}`,
          },
        ],
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** See the top of this file. */
export const cli: Suite = {
  name: 'cli',
  about: 'a prediction of the command line, from the start of the process to its end',
  run,
};
