// Plants faults in the code one at a time (mutants.ts), each in a copy of the repository, and runs the tests: one of
// them must fail. Ends with status 1 if all tests pass with a fault.

import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
// @ts-expect-error: a script without types
import { ascArguments } from '../setup/build.mjs';
import { type Mutant, mutants, nearestFirst } from './mutants.js';

const HELP = `npm run mutate              plants every fault
npm run mutate -- --list    shows them, and checks that they still fit the sources
npm run mutate -- --only N  plants fault N alone (1,5,9 for several)`;

/** How many copies work at the same time. */
const COPIES = 2;
/** A test file that takes so many times as long as without a fault hangs, which counts as noticed. */
const PATIENCE = 10;
/** Milliseconds that every test file may take. */
const LEAST_LIMIT = 60_000;
const killSignal = 'SIGKILL';

const root = fileURLToPath(new URL('../..', import.meta.url));
const label = (i: number): string =>
  `${String(i + 1).padStart(2)}  ${mutants[i].file}: ${mutants[i].why}`;

/** A mutant's file with the fault. @throws {Error} unless there is exactly one place for it */
function planted(folder: string, { file, from, to, nth }: Mutant): string {
  const parts = fs.readFileSync(join(folder, file), 'utf8').split(from);
  const places = parts.length - 1;
  if (nth === undefined ? places !== 1 : nth >= places) {
    throw new Error(`${file} has ${places} × '${from}': mend scripts/check/mutants.ts`);
  }
  const at = (nth ?? 0) + 1;
  return parts.slice(0, at).join(from) + to + parts.slice(at).join(from);
}

const children = new Set<ChildProcess>();
const folder = fs.mkdtempSync(join(tmpdir(), 'wasmgrad-mutate-'));
process.on('exit', () => {
  for (const child of children) child.kill(killSignal);
  fs.rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => process.exit(130));

/** The outcome of a program. */
interface Ended {
  status: number | null;
  output: string;
}

/** Runs Node in a copy. Resolves to its status, or null after the timeout, and its output. */
function node(cwd: string, args: string[], timeout?: number): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, WASMGRAD_SIMD: 'strict', WASMGRAD_THREADS: '1', NO_COLOR: '1' };
    const child = spawn(process.execPath, args, { cwd, env, timeout, killSignal });
    children.add(child);
    const said: Buffer[] = [];
    for (const from of [child.stdout, child.stderr]) from.on('data', (chunk) => said.push(chunk));
    child.on('close', (status) => {
      children.delete(child);
      resolve({ status, output: Buffer.concat(said).toString() });
    });
  });
}

/** Compiles one target of asconfig.json. @throws {Error} if it does not compile */
async function compile(copy: string, target: string): Promise<void> {
  const asc = 'node_modules/assemblyscript/bin/asc.js';
  const { status, output } = await node(copy, [asc, ...ascArguments(target)]);
  if (status !== 0) throw new Error(`asc failed:\n${output}`);
}

/** What the report says where no test has noticed a fault. */
const SURVIVED = 'SURVIVED';
/** What it says of a fault that does not compile, or changes nothing. */
const UNFIT = 'NO FAULT';

/** Milliseconds of each test file without a fault. */
const usual = new Map<string, number>();

/** Runs the tests of a copy until one fails; returns which, or undefined. */
async function firstFailure(
  copy: string,
  file: string,
  threads: boolean,
): Promise<string | undefined> {
  const files = fs.readdirSync(join(copy, 'tests'), { recursive: true, encoding: 'utf8' });
  const names = files.filter((path) => path.endsWith('.test.ts')).map((path) => path.slice(0, -8));
  for (const name of nearestFirst(names, file, threads)) {
    if (name === 'runtime/threads' && !threads) await compile(copy, 'simd-threads');
    const before = usual.get(name);
    const limit = before && Math.max(LEAST_LIMIT, Math.ceil(PATIENCE * before));
    const started = performance.now();
    const args = ['--import', 'tsx', `tests/${name}.test.ts`];
    const { status, output } = await node(copy, args, limit);
    if (!limit) usual.set(name, performance.now() - started);
    if (status === null) return `${name} hung`;
    if (status !== 0) return `${name}: ${/FAIL.*?"(.*)"/.exec(output)?.[1] ?? 'crashed'}`;
  }
  return undefined;
}

/** Plants a fault in a copy, runs the tests, and puts everything back. Returns what noticed it, or what is wrong. */
async function examine(copy: string, mutant: Mutant): Promise<string> {
  const { file, threads = false } = mutant;
  const module = file.startsWith('assembly/arrays/') ? 'arrays-' : '';
  const target = `${module}${threads ? 'simd-threads' : 'simd'}`;
  const changed = [`build/${target}.wasm`, file, 'build/simd-threads.wasm'].map((path) =>
    join(copy, path),
  );
  const before = changed.map((path) => fs.readFileSync(path));
  try {
    fs.writeFileSync(join(copy, file), planted(copy, mutant));
    if (file.startsWith('assembly/')) {
      await compile(copy, target);
      if (fs.readFileSync(changed[0]).equals(before[0]))
        throw new Error(`'${mutant.why}' changes nothing`);
    }
    return (await firstFailure(copy, file, threads)) ?? SURVIVED;
  } catch (error) {
    return `${UNFIT}: ${(error as Error).message}`;
  } finally {
    for (const [i, path] of changed.entries()) fs.writeFileSync(path, before[i]);
  }
}

/** Makes the copies, and checks that all tests pass without a fault. */
async function prepare(count: number): Promise<string[]> {
  const left = ['node_modules', '.git'].map((name) => join(root, name));
  const copies = Array.from({ length: count }, (_, i) => join(folder, `${i}`));
  for (const copy of copies) {
    fs.cpSync(root, copy, { recursive: true, filter: (path) => !left.includes(path) });
    fs.symlinkSync(left[0], join(copy, 'node_modules'), 'junction');
    await Promise.all([compile(copy, 'simd'), compile(copy, 'simd-threads')]);
  }
  const failure = await firstFailure(copies[0], '', true);
  if (failure) throw new Error(`without any fault, a test fails: ${failure}`);
  return copies;
}

const isNoticed = (by: string): boolean => by !== SURVIVED && !by.startsWith(UNFIT);

const clock = (ms: number): string => new Date(ms).toISOString().slice(14, 19);

/** Plants the faults with the given numbers; returns which test file noticed each. */
async function plant(chosen: number[]): Promise<Map<number, string>> {
  const copies = await prepare(Math.min(COPIES, chosen.length));
  const noticed = new Map<number, string>();
  const [waiting, started] = [[...chosen], Date.now()];
  const work = async (copy: string) => {
    for (let i = waiting.shift(); i !== undefined; i = waiting.shift()) {
      const by = await examine(copy, mutants[i]);
      noticed.set(i, by);
      const left = ((Date.now() - started) / noticed.size) * (chosen.length - noticed.size);
      const done = `${noticed.size}/${chosen.length}, ${clock(left)} left`;
      console.log(`[${done}] ${isNoticed(by) ? 'noticed' : by}: ${label(i)}`);
    }
  };
  await Promise.all(copies.map(work));
  return noticed;
}

interface Options {
  help?: boolean;
  list?: boolean;
  only?: string;
}

async function main({ help, list, only }: Options): Promise<void> {
  if (help) return console.log(HELP);
  for (const mutant of mutants) planted(root, mutant);
  if (list) return console.log(mutants.map((_, i) => label(i)).join('\n'));
  const chosen = only?.split(',').map((n) => Number(n) - 1) ?? [...mutants.keys()];
  if (chosen.some((i) => !mutants[i])) throw new Error(`--only takes 1 to ${mutants.length}`);
  const noticed = await plant(chosen);
  const found = chosen.filter((i) => isNoticed(noticed.get(i) ?? SURVIVED)).length;
  console.log(`\n${chosen.map((i) => `${label(i).padEnd(80)} ${noticed.get(i)}`).join('\n')}
\n${found} of ${chosen.length} faults noticed in ${clock(performance.now())}`);
  process.exitCode = found === chosen.length ? 0 : 1;
}

const flag = { type: 'boolean' } as const;
const options = { help: flag, list: flag, only: { type: 'string' } } as const;
const { values } = parseArgs({ options });
await main(values).catch((error) => {
  console.error(`mutate: ${error.message}`);
  process.exit(1);
});
