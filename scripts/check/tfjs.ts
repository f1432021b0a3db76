// TF.js's own specs on our backend for TF.js: those of tfjs-core, in Node and in Chromium, with one thread and with two;
// and those of tfjs-layers, tfjs-converter and tfjs-data, as far as they are published (tfjs/mapped.ts), in Node with two.
// Fails if a spec fails that TF.js's cpu backend passes; what fails on both is printed side by side. An argument is a
// regular expression that selects specs by their names: `npm run tfjs -- conv2d`. $BROWSERS names other browsers than
// Chromium. `npm ci --prefix scripts/check/tfjs/mapped` first.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { browsing, chosen, serving, type Visit } from './browsers/index.js';
import { bundleForNode, bundleForPages, type Suite } from './tfjs/bundle.js';
import type { Failure, Report, Run } from './tfjs/specs.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [pattern] = process.argv.slice(2);

/** As many specs there are in Node, and more in pages: a suite that has lost some shows nothing. */
const SPECS: Readonly<Record<Suite, number>> = { core: 4230, mapped: 3466 };

/** What is run, and how often. */
interface Check {
  readonly where: string;
  readonly suite: Suite;
  readonly threads: readonly number[];
}

/** Specs that were run on our backend. */
let ran = 0;

/** Runs specs in an engine, each time in a new process or page. */
type Engine = (run: Run) => Promise<Report>;

/** The start of a message, on one line. */
const short = (message: string): string => message.replace(/\s+/g, ' ').slice(0, 200);

/** Failures that the others do not have; a name may stand for several specs. */
function without(failures: readonly Failure[], others: readonly Failure[]): Failure[] {
  const left = [...others];
  return failures.filter(({ name }) => {
    const same = left.findIndex((other) => other.name === name);
    if (same >= 0) left.splice(same, 1);
    return same < 0;
  });
}

/** Runs specs on a backend, and prints a line. */
async function runOn(where: string, engine: Engine, run: Run): Promise<Report> {
  const report = await engine(run);
  const { specs, failures, pending, seconds } = report;
  const counts = `${specs} specs, ${failures.length} failed, ${pending} pending`;
  console.log(
    `${where}, ${run.backend}, threads: ${run.threads}: ${counts}, ${seconds.toFixed(1)} s`,
  );
  return report;
}

/** Runs specs with each number of threads; returns failures that are ours. */
async function check({ where, suite, threads: each }: Check, engine: Engine): Promise<string[]> {
  const ours: string[] = [];
  let cpu: readonly Failure[] | undefined;
  for (const threads of each) {
    const run: Run = { backend: 'wasmgrad', threads, pattern };
    const { specs, failures } = await runOn(where, engine, run);
    ran += specs;
    assert(pattern || specs >= SPECS[suite], `${where}: only ${specs} of ${SPECS[suite]} specs`);
    if (failures.length === 0) continue;
    cpu ??= (await runOn(where, engine, { ...run, backend: 'cpu', threads: 1 })).failures;
    for (const { name, message } of failures) {
      const same = cpu.find((other) => other.name === name);
      console.log(`  ${name}\n    wasmgrad: ${short(message)}`);
      console.log(`    cpu: ${same ? short(same.message) : 'passes'}`);
    }
    const own = without(failures, cpu);
    ours.push(...own.map(({ name }) => `${where}, threads: ${threads}: ${name}`));
  }
  return ours;
}

/** Runs them in a process of its own. */
const inNode =
  (program: string): Engine =>
  async (run) => {
    // TF.js's specs print much. What is said last counts where the process ends before it reports.
    const child = fork(program, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let said = '';
    child.stderr?.on('data', (text) => {
      said = (said + text).slice(-4000);
    });
    child.send(run);
    const ended = once(child, 'exit').then(([code]) => ({ error: `ended with ${code}:\n${said}` }));
    const [report] = await Promise.race([once(child, 'message'), ended.then((end) => [end])]);
    if (child.connected) child.disconnect();
    await ended;
    if ('error' in report) throw new Error(report.error);
    return report;
  };

/** Runs them in a page of its own. */
const inPage =
  (visit: Visit, origin: string): Engine =>
  async (run) => {
    const { result } = await visit(
      `${origin}/`,
      (tab) =>
        tab.evaluate(
          (what) =>
            (globalThis as unknown as { runSpecs(run: Run): Promise<Report> }).runSpecs(what),
          run,
        ),
      /(?:)/,
    );
    return result;
  };

/** In Node. */
async function checkNode(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'wasmgrad-tfjs-'));
  const bundled = async (suite: Suite): Promise<string> => {
    const program = join(folder, `${suite}.cjs`);
    await bundleForNode(suite, program);
    return program;
  };
  const run = (suite: Suite, threads: readonly number[], program: string): Promise<string[]> =>
    check({ where: `Node ${process.versions.node}, ${suite}`, suite, threads }, inNode(program));
  try {
    const core = await bundled('core');
    // While specs run.
    const [ours, mapped] = await Promise.all([run('core', [1, 2], core), bundled('mapped')]);
    return [...ours, ...(await run('mapped', [2], mapped))];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** In browsers. */
async function checkBrowsers(): Promise<string[]> {
  const made = {
    '/index.html':
      '<!doctype html><link rel="icon" href="data:,"><body><script src="/specs.js"></script>',
    '/kernel-thread.js': readFileSync(`${root}dist/browser/kernel-thread.js`, 'utf8'),
    ...(await bundleForPages()),
  };
  const names = process.env.BROWSERS ? chosen() : (['chromium'] as const);
  return serving({ directory: root, made }, async (origin) => {
    const ours: string[] = [];
    for (const name of names) {
      const what: Check = { where: `${name}, core`, suite: 'core', threads: [1, 2] };
      ours.push(...(await browsing(name, (visit) => check(what, inPage(visit, origin)))));
    }
    return ours;
  });
}

const ours = [...(await checkNode()), ...(await checkBrowsers())];
assert(ran > 0, `no spec's name matches ${pattern}`);
assert(ours.length === 0, ['specs fail that pass on cpu of TF.js:', ...ours].join('\n'));
