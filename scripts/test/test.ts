// Runs the tests in three runs, in as many processes as there are cores. All tests run with the plain SIMD build under
// this Node. Tests that depend on kernels run with the relaxed build, under a Node with relaxed SIMD (24, from npm, if
// this one is older), and again with 256-bit code and the wide tile. Each run has another number of threads. An
// argument selects files: `npm test -- conv`.

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { bundleTests, END_OF_FILE, testFiles } from './bundle.js';

interface Run {
  readonly title: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Folders of tests that would only repeat another run. */
  readonly without: readonly string[];
}

/** Some files of a run, in a process of their own. */
interface Job {
  readonly run: Run;
  readonly files: readonly string[];
}

/** The outcome of a file. */
interface Outcome {
  readonly run: Run;
  readonly file: string;
  readonly total: number;
  readonly passed: number;
  failed: boolean;
  readonly seconds: number;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
/** How long each file took the last time: the longest start first. */
const timesFile = `${root}build/test-times.json`;
const cores = availableParallelism();

const modern = Number(process.versions.node.split('.')[0]) >= 22;
/** Its path, found once: npx takes a second each time. */
const relaxed = modern
  ? process.execPath
  : execFileSync('npx', ['-y', 'node@24', '-p', 'process.execPath'], { encoding: 'utf8' }).trim();

/**
 * Tests in these folders do not depend on the kernels, or compare what one build computes with itself: pictures, models
 * in workers, networks by name, whose numbers `golden` holds in each build.
 */
const plain = [
  'base',
  'cli',
  'data',
  'errors',
  'generate',
  'io',
  'platform',
  'reference',
  'structure.test.ts',
  'vis',
  'worker',
  'zoo',
];
/**
 * Tests in these folders run kernels, but test other things: messages, the order of a training, what users asked for,
 * and that TF.js has the same numbers, whose kernels are in `arrays` too.
 */
const around = ['requirements', 'tensor', 'tfjs', 'training'];

const runs: readonly Run[] = [
  {
    title: 'strict, 2 threads',
    command: [process.execPath],
    env: { WASMGRAD_SIMD: 'strict', WASMGRAD_THREADS: '2' },
    without: [],
  },
  {
    title: 'relaxed, 1 thread',
    command: [relaxed],
    env: { WASMGRAD_SIMD: 'relaxed', WASMGRAD_THREADS: '1' },
    without: plain,
  },
  {
    title: 'relaxed, 256-bit code, 3 threads',
    // Without the baseline compiler, all code is 256-bit code from the first call on.
    command: [relaxed, '--no-liftoff'],
    env: { WASMGRAD_SIMD: 'relaxed', WASMGRAD_THREADS: '3', WASMGRAD_REVECTORIZE: '1' },
    without: [...plain, ...around],
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
const key = (run: Run, file: string): string => `${run.title}: ${file}`;
/** The expected seconds of a file, guessed by its size if it has not run before. */
const expected = (run: Run, file: string): number =>
  times[key(run, file)] ?? statSync(root + file).size / 8000;

/** Files that test what is loaded when, or set TF.js's backend: they share a process with no other. */
const alone = ['tests/io/onnx/arrays.test.ts', 'tests/tfjs/'];

/** Short files share a process up to so many seconds: starting one takes most of a second. */
const ENOUGH = 15;

/** Distributes the files of a run over few processes that keep all cores busy to the end; the longest first. */
function jobsOf(run: Run, files: readonly string[]): Job[] {
  const sorted = files
    .filter((file) => !run.without.includes(file.split('/')[1]))
    .sort((a, b) => expected(run, b) - expected(run, a));
  const jobs: { run: Run; files: string[]; seconds: number }[] = [];
  for (const file of sorted) {
    const seconds = expected(run, file);
    const isAlone = alone.some((path) => file.startsWith(path));
    const open = jobs.find((job) => !isAlone && job.seconds + seconds <= ENOUGH);
    if (open) {
      open.files.push(file);
      open.seconds += seconds;
    } else jobs.push({ run, files: [file], seconds: isAlone ? ENOUGH : seconds });
  }
  return jobs;
}

const figure = (output: string, word: string): number =>
  Number(new RegExp(`^ *${word}: +(\\d+)`, 'm').exec(output)?.[1] ?? 0);

/** Runs a job; shows a file's output if one of its tests fails. */
async function perform({ run, files }: Job): Promise<Outcome[]> {
  const [program, ...rest] = run.command;
  const env = { ...process.env, ...run.env, FORCE_COLOR: '0' };
  const args = [...rest, '--expose-gc', 'build/tests/run.js', ...files];
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  for (const from of [child.stdout, child.stderr]) from.on('data', (part) => said.push(part));
  const status = await new Promise((resolve) => child.on('close', resolve));
  const outputs = stripVTControlCharacters(Buffer.concat(said).toString()).split(END_OF_FILE);
  // The first line of each part ends the one before.
  const parts = outputs.map((text, i) => (i === 0 ? text : text.slice(text.indexOf('\n') + 1)));
  const ended = outputs.slice(1).map((text) => text.split('\n', 1)[0].split(' '));
  const outcomes = files.map((file, i) => {
    const [name, seconds] = ended[i] ?? [];
    const [total, passed] = ['Total', 'Passed'].map((word) => figure(parts[i] ?? '', word));
    const failed = name !== file || total === 0 || passed < total;
    if (name === file) times[key(run, file)] = Number(seconds);
    return { run, file, total, passed, failed, seconds: Number(seconds ?? 0) };
  });
  // A process may fail after its last file too.
  if (status !== 0 && !outcomes.some(({ failed }) => failed))
    outcomes[outcomes.length - 1].failed = true;
  outcomes.forEach(({ file, failed }, i) => {
    if (failed) console.log(`\n── ${run.title}: ${file} ──\n${parts[i] ?? 'it was not reached'}`);
  });
  return outcomes;
}

/** Shows the progress on one line of a terminal. */
function show(done: number, all: number, failed: number): void {
  if (!process.stdout.isTTY) return;
  process.stdout.write(`\r${done} of ${all} files done${failed ? `, ${failed} failed` : ''}   `);
}

/** Performs all jobs, the longest first, as many at a time as there are cores. */
async function performAll(jobs: readonly Job[]): Promise<Outcome[]> {
  const seconds = ({ run, files }: Job): number =>
    files.reduce((sum, file) => sum + expected(run, file), 0);
  const waiting = [...jobs].sort((a, b) => seconds(b) - seconds(a));
  const all = jobs.reduce((sum, { files }) => sum + files.length, 0);
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      outcomes.push(...(await perform(job)));
      show(outcomes.length, all, outcomes.filter(({ failed }) => failed).length);
    }
  };
  await Promise.all(Array.from({ length: cores }, work));
  if (process.stdout.isTTY) process.stdout.write('\n');
  return outcomes;
}

/** The totals of each run, and the files that took longest. */
function report(outcomes: readonly Outcome[]): void {
  for (const run of runs) {
    const own = outcomes.filter((outcome) => outcome.run === run);
    const sum = (of: (outcome: Outcome) => number): number =>
      own.reduce((total, outcome) => total + of(outcome), 0);
    console.log(
      `\nsimd: ${run.title} (${own.length} files, ${sum(({ seconds }) => seconds).toFixed(0)} s)`,
    );
    console.log(`  Total:   ${sum(({ total }) => total)}`);
    console.log(`  Passed:  ${sum(({ passed }) => passed)}`);
    if (run.without.length > 0)
      console.log(`  not in this run, as they would find the same: ${run.without.join(', ')}`);
  }
  const slowest = outcomes.toSorted((a, b) => b.seconds - a.seconds).slice(0, 10);
  const lines = slowest.map(
    ({ run, file, seconds }) => `  ${seconds.toFixed(1)} s  ${key(run, file)}`,
  );
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
const outcomes = await performAll(runs.flatMap((run) => jobsOf(run, files)));
writeFileSync(timesFile, JSON.stringify(times));
report(outcomes);
const failures = outcomes.filter(({ failed }) => failed);
for (const { run, file } of failures) console.log(`failed: ${key(run, file)}`);
process.exit(failures.length > 0 ? 1 : 0);
