// Runs the tests, in as many processes as there are cores, against both SIMD builds: the plain one under this Node,
// the relaxed one under a Node that has relaxed SIMD (24, through npm, where this one is older), and that one once
// more with 256-bit code and the wide register tile; each with another number of threads. An argument narrows the
// files: `npm test -- conv`.

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { bundleTests, testFiles } from './test-bundle.js';

interface Run {
  readonly title: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A file of a run, in a process of its own. */
interface Job {
  readonly run: Run;
  readonly file: string;
}

/** What became of a job. */
interface Outcome {
  readonly job: Job;
  readonly total: number;
  readonly passed: number;
  readonly failed: boolean;
  readonly seconds: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));
/** How long each file took the last time: the longest begin first. */
const timesFile = `${root}build/test-times.json`;
const cores = availableParallelism();

const modern = Number(process.versions.node.split('.')[0]) >= 22;
/** Asked for its path once: npx takes a second each time. */
const relaxed = modern
  ? process.execPath
  : execFileSync('npx', ['-y', 'node@24', '-p', 'process.execPath'], { encoding: 'utf8' }).trim();
const runs: readonly Run[] = [
  {
    title: 'strict, 2 threads',
    command: [process.execPath],
    env: { WASMGRAD_SIMD: 'strict', WASMGRAD_THREADS: '2' },
  },
  {
    title: 'relaxed, 1 thread',
    command: [relaxed],
    env: { WASMGRAD_SIMD: 'relaxed', WASMGRAD_THREADS: '1' },
  },
  {
    title: 'relaxed, 256-bit code, 3 threads',
    // Without the baseline compiler, all code is 256-bit code from the first call on.
    command: [relaxed, '--no-liftoff'],
    env: { WASMGRAD_SIMD: 'relaxed', WASMGRAD_THREADS: '3', WASMGRAD_REVECTORIZE: '1' },
  },
];

function readTimes(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(timesFile, 'utf8'));
  } catch {
    return {};
  }
}

const times = readTimes();
const key = ({ run, file }: Job): string => `${run.title}: ${file}`;
/** Seconds, guessed by the size where nothing is known. */
const expected = (job: Job): number => times[key(job)] ?? statSync(root + job.file).size / 4000;

const figure = (output: string, word: string): number =>
  Number(new RegExp(`^ *${word}: +(\\d+)`, 'm').exec(output)?.[1] ?? 0);

/** Runs a job; what it says is shown where a test fails. */
async function perform(job: Job): Promise<Outcome> {
  const started = performance.now();
  const [program, ...rest] = job.run.command;
  const env = { ...process.env, ...job.run.env, FORCE_COLOR: '0' };
  const args = [...rest, 'build/tests/run.js', job.file];
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  for (const from of [child.stdout, child.stderr]) from.on('data', (part) => said.push(part));
  const status = await new Promise((resolve) => child.on('close', resolve));
  const output = stripVTControlCharacters(Buffer.concat(said).toString());
  const [total, passed] = [figure(output, 'Total'), figure(output, 'Passed')];
  const failed = status !== 0 || total === 0 || passed < total;
  const seconds = (performance.now() - started) / 1000;
  times[key(job)] = seconds;
  if (failed) console.log(`\n── ${job.run.title}: ${job.file} ──\n${output}`);
  return { job, total, passed, failed, seconds };
}

/** Where the tests stand, on one line of a terminal. */
function show(done: number, all: number, failed: number): void {
  if (!process.stdout.isTTY) return;
  process.stdout.write(`\r${done} of ${all} parts done${failed ? `, ${failed} failed` : ''}   `);
}

/** Performs all jobs, the longest first, as many at a time as there are cores. */
async function performAll(jobs: readonly Job[]): Promise<Outcome[]> {
  const waiting = [...jobs].sort((a, b) => expected(b) - expected(a));
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      outcomes.push(await perform(job));
      show(outcomes.length, jobs.length, outcomes.filter(({ failed }) => failed).length);
    }
  };
  await Promise.all(Array.from({ length: cores }, work));
  if (process.stdout.isTTY) process.stdout.write('\n');
  return outcomes;
}

/** The totals of each run, and the files that took longest. */
function report(outcomes: readonly Outcome[]): void {
  for (const run of runs) {
    const own = outcomes.filter(({ job }) => job.run === run);
    const sum = (of: (outcome: Outcome) => number): number =>
      own.reduce((total, outcome) => total + of(outcome), 0);
    console.log(`\nsimd: ${run.title} (${sum(({ seconds }) => seconds).toFixed(0)} s)`);
    console.log(`  Total:   ${sum(({ total }) => total)}`);
    console.log(`  Passed:  ${sum(({ passed }) => passed)}`);
  }
  const slowest = Object.entries(times).sort(([, a], [, b]) => b - a);
  const lines = slowest.slice(0, 10).map(([name, seconds]) => `  ${seconds.toFixed(1)} s  ${name}`);
  console.log(`\nslowest files:\n${lines.join('\n')}`);
}

const pattern = new RegExp(`${process.argv[2] ?? '.'}.*\\.test\\.ts$`);
const files = testFiles(root).filter((file) => pattern.test(file));
if (files.length === 0) {
  console.error(`no test file in tests/ matches '${process.argv[2]}'`);
  process.exit(1);
}
const folder = `${root}build/tests`;
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
await bundleTests(root, files, folder);
const outcomes = await performAll(runs.flatMap((run) => files.map((file) => ({ run, file }))));
writeFileSync(timesFile, JSON.stringify(times));
report(outcomes);
process.exit(outcomes.some(({ failed }) => failed) ? 1 : 0);
