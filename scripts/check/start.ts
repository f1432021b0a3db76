// Runs the README's main command for one epoch, then the second one, and checks what they print.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const npm = (...args: string[]): string =>
  execFileSync('npm', args, { cwd: root, encoding: 'utf8' });

const trained = npm('start', '--', '--epochs', '1');
console.log(trained);
const accuracy = Number(/test accuracy ([\d.]+) %/.exec(trained)?.[1]);
if (!(accuracy >= 97)) throw new Error(`one epoch gave ${accuracy} %, expected at least 97`);

const classified = npm('run', 'classify');
console.log(classified);
const right = classified.match(/\bright\b/g)?.length ?? 0;
if (right < 5) throw new Error(`only ${right} of the six digits are right`);
