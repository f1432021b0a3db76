// Plants faults in the kernels one at a time (mutants.mjs), each in a copy of the repository, and runs
// the tests: one of them must fail. Ends with status 1 where a fault survives all of them.

import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutants, nearest } from './mutants.mjs';

const HELP = `npm run mutate             plants every fault
npm run mutate -- --list    shows them, and checks that they still fit the sources
npm run mutate -- --only N  plants fault N alone (1,5,9 for several)`;

/** Copies that work side by side. */
const COPIES = 2;
/** A test file takes seconds; one that takes this long hangs, which counts as noticed. */
const PATIENCE_MS = 90_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({
  options: { help: { type: 'boolean' }, list: { type: 'boolean' }, only: { type: 'string' } },
});

/** The mutant's file with the fault. @throws {Error} where there is not exactly one place for it */
function planted({ file, from, to, nth }) {
  const parts = readFileSync(join(root, file), 'utf8').split(from);
  if (parts.length === 1 || (nth === undefined ? parts.length > 2 : nth > parts.length - 2)) {
    throw new Error(`${file} has ${parts.length - 1} × '${from}': mend scripts/mutants.mjs`);
  }
  const at = (nth ?? 0) + 1;
  return parts.slice(0, at).join(from) + to + parts.slice(at).join(from);
}

const children = new Set();
const folder = mkdtempSync(join(tmpdir(), 'wasmgrad-mutate-'));
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

/** Runs Node in a copy; resolves to its status (null where it hung) and what it said. */
function node(copy, ...args) {
  return new Promise((resolve) => {
    const env = { ...process.env, WASMGRAD_SIMD: 'strict', NO_COLOR: '1', FORCE_COLOR: '' };
    const child = spawn(process.execPath, args, {
      cwd: copy,
      env,
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
    });
    children.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += chunk));
    child.on('close', (status) => {
      children.delete(child);
      resolve({ status, output });
    });
  });
}

/** Compiles one target of asconfig.json; returns the wasm. @throws {Error} where it does not compile */
async function compile(copy, target) {
  const { status, output } = await node(
    copy,
    'node_modules/assemblyscript/bin/asc.js',
    '--config',
    'asconfig.json',
    '--target',
    target,
  );
  if (status !== 0) throw new Error(`asc failed:\n${output}`);
  return readFileSync(join(copy, `build/${target}.wasm`));
}

/** All test files, the nearest to a source file first, and the program's last: it needs a second build. */
function testsFor(file, threads) {
  const all = readdirSync(join(root, 'tests'), { recursive: true }).filter((path) =>
    path.endsWith('.test.ts'),
  );
  const names = all.map((path) => path.replaceAll('\\', '/').replace('.test.ts', ''));
  const near = nearest[file] ?? [];
  const rank = (name) => {
    if (name === 'kernels/program' && !threads) return names.length;
    return near.includes(name) ? near.indexOf(name) - names.length : names.indexOf(name);
  };
  return names.sort((a, b) => rank(a) - rank(b));
}

/** Runs the tests of a copy until one fails; returns which, or undefined. */
async function firstFailure(copy, { file, threads }) {
  for (const name of testsFor(file, threads)) {
    if (name === 'kernels/program' && !threads) await compile(copy, 'simd-threads');
    const { status, output } = await node(copy, '--import', 'tsx', `tests/${name}.test.ts`);
    if (status !== 0)
      return `${name}: ${status === null ? 'hung' : (/FAIL\s+"(.*)"/.exec(output)?.[1] ?? 'crashed')}`;
  }
  return undefined;
}

/** Plants one fault in a copy, runs the tests, and puts everything back. */
async function examine(copy, mutant) {
  const source = join(copy, mutant.file);
  const original = readFileSync(source);
  const builds = ['simd', 'simd-threads'].map((target) => [
    target,
    join(copy, `build/${target}.wasm`),
  ]);
  const kept = builds.map(([, path]) => readFileSync(path));
  writeFileSync(source, planted(mutant));
  try {
    if (mutant.file.startsWith('assembly/')) {
      const index = mutant.threads ? 1 : 0;
      if ((await compile(copy, builds[index][0])).equals(kept[index]))
        throw new Error('the fault changes nothing in the wasm');
    }
    return await firstFailure(copy, mutant);
  } finally {
    writeFileSync(source, original);
    builds.forEach(([, path], i) => {
      writeFileSync(path, kept[i]);
    });
  }
}

/** Makes the copies, and sees to it that all tests pass before anything is planted. */
async function prepare(count) {
  const copies = Array.from({ length: count }, (_, i) => join(folder, `${i}`));
  const left = ['node_modules', '.git', 'dist', 'bench/results'].map((name) => join(root, name));
  for (const copy of copies) {
    cpSync(root, copy, {
      recursive: true,
      filter: (path) => !left.includes(path.replace(/\/$/, '')),
    });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
    await Promise.all([compile(copy, 'simd'), compile(copy, 'simd-threads')]);
  }
  const failure = await firstFailure(copies[0], { file: '', threads: true });
  if (failure) throw new Error(`without any fault, a test fails: ${failure}`);
  return copies;
}

const clock = (seconds) =>
  `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`;

async function main() {
  const chosen = options.only?.split(',').map((n) => Number(n) - 1) ?? [...mutants.keys()];
  mutants.forEach(planted);
  if (chosen.some((i) => !mutants[i]))
    throw new Error(`--only takes numbers from 1 to ${mutants.length}`);
  const label = (i) =>
    `${String(i + 1).padStart(3)}  ${relative('assembly', mutants[i].file).replace(/^\.\.\//, '')}: ${mutants[i].why}`;
  if (options.list) return console.log([...mutants.keys()].map(label).join('\n'));
  const copies = await prepare(Math.min(COPIES, chosen.length));
  const noticed = new Map();
  const waiting = [...chosen];
  const started = Date.now();
  await Promise.all(
    copies.map(async (copy) => {
      for (let i = waiting.shift(); i !== undefined; i = waiting.shift()) {
        const by = await examine(copy, mutants[i]).catch((error) => {
          throw new Error(`fault ${label(i).trim()}: ${error.message}`);
        });
        noticed.set(i, by);
        const left =
          ((Date.now() - started) / 1000 / noticed.size) * (chosen.length - noticed.size);
        console.log(
          `[${noticed.size}/${chosen.length}, ${clock(left)} left] ${by ? 'noticed ' : 'SURVIVED'} ${label(i)}`,
        );
      }
    }),
  );
  const survivors = chosen.filter((i) => !noticed.get(i));
  const width = Math.max(...chosen.map((i) => label(i).length));
  console.log(
    `\n${chosen.map((i) => `${label(i).padEnd(width)}  ${noticed.get(i) ?? '— SURVIVED —'}`).join('\n')}`,
  );
  console.log(
    `\n${chosen.length - survivors.length} of ${chosen.length} faults noticed in ${clock((Date.now() - started) / 1000)}`,
  );
  process.exitCode = survivors.length ? 1 : 0;
}

if (options.help) console.log(HELP);
else {
  await main().catch((error) => {
    console.error(`mutate: ${error.message}`);
    process.exit(1);
  });
}
