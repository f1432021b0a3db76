// Runs the longer examples for a few steps, by their commands in the README, and checks what they print.

import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const npm = (...args: string[]): string =>
  execFileSync('npm', args, { cwd: root, encoding: 'utf8' });

/** What each must print. */
const expected = {
  fashion: [/10000 samples, accuracy/, /ankle boot +\d+/, /test accuracy [\d.]+ %/],
  depths: [/^ +3\.\d ┤/m, /▲ residual, batch norm +loss \d/, /○ plain +[▁-█]+ {2}\de-\d/],
  pictures: [/^Training/m, /^Where digits lie/m],
  pooling: [/^blur +100\.0 %/m, /pooling\.svg has the curves/],
  'tfjs-mnist': [/^epoch 2: loss .+ on wasmgrad$/m, /^test loss [\d.]+, test accuracy \d\d/m],
  transfer: [/[\d.]+ % of the test digits right/, /^ +5 +[\d.]+ %.+[\d.]+ %/m],
};

for (const [name, patterns] of Object.entries(expected)) {
  const printed = npm('run', name, '--', '--quick');
  console.log(printed);
  for (const pattern of patterns) {
    if (!pattern.test(printed)) throw new Error(`npm run ${name} printed nothing like ${pattern}`);
  }
  const { status, stderr } = spawnSync('npm', ['run', name, '--', '--seed', 'x'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status === 0 || !stderr.includes('--seed must be a whole number, not x'))
    throw new Error(`npm run ${name} took a seed that is no number`);
}
