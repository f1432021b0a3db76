// Runs the benchmarks of bench/, which has its own dependencies, the peers. `npm run bench -- --help`.

import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

function run(program: string, args: string[]): void {
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const changed = (path: string): number =>
  statSync(new URL(`../../bench/${path}`, import.meta.url), { throwIfNoEntry: false })?.mtimeMs ??
  0;
// npm writes node_modules/.package-lock.json last, so its time is the time of the installation.
if (changed('node_modules/.package-lock.json') < changed('package-lock.json'))
  run('npm', ['ci', '--prefix', 'bench']);

// Node 24 has relaxed SIMD, and the published figures are its; npm fetches it if this Node is older.
const modern = Number(process.versions.node.split('.')[0]) >= 24;
const [program, ...rest] = modern ? [process.execPath] : ['npx', '-y', 'node@24'];
run(program, [...rest, '--import', 'tsx', 'bench/index.ts', ...process.argv.slice(2)]);
