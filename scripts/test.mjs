// Runs the tests against both SIMD builds: the plain one under this Node, the relaxed one under a
// Node that has relaxed SIMD (24, through npm, where this one is older), and that one once more with
// 256-bit code and the wide register tile; each with another number of threads. Arguments narrow the files:
// `npm test -- conv`.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const pattern = process.argv[2] ?? '.';
const modern = Number(process.versions.node.split('.')[0]) >= 22;
const relaxed = modern ? [process.execPath] : ['npx', '-y', 'node@24'];
const runs = [
  { simd: 'strict', threads: 2, command: [process.execPath] },
  { simd: 'relaxed', threads: 1, command: relaxed },
  // Without the baseline compiler, all code is 256-bit code from the first call on.
  { simd: 'relaxed', threads: 3, revectorize: true, command: [...relaxed, '--no-liftoff'] },
];

const found = readdirSync(`${root}tests`, { recursive: true }).filter((file) =>
  new RegExp(`${pattern}.*\\.test\\.ts$`).test(String(file).replaceAll('\\', '/')),
);
if (found.length === 0) {
  console.error(`no test file in tests/ matches '${pattern}'`);
  process.exit(1);
}

let failed = false;
for (const { simd, threads, revectorize = false, command } of runs) {
  console.log(`\n── simd: ${simd}${revectorize ? ', 256-bit code' : ''}, threads: ${threads} ──`);
  const [program, ...rest] = command;
  const files = `${pattern}.*\\.test\\.ts$`;
  const args = [...rest, '--import', 'tsx', 'node_modules/uvu/bin.js', 'tests', files];
  const colours = process.stdout.isTTY ? {} : { FORCE_COLOR: '0' };
  const env = { ...process.env, ...colours, WASMGRAD_SIMD: simd, WASMGRAD_THREADS: threads };
  if (revectorize) env.WASMGRAD_REVECTORIZE = '1';
  const { status } = spawnSync(program, args, { cwd: root, env, stdio: 'inherit' });
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
