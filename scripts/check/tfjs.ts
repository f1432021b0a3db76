// TF.js's own specs on our backend for TF.js, in Node and in Chromium, with one thread and with two. Fails if a spec
// fails that TF.js's cpu backend passes; what fails on both is printed side by side. An argument is a regular expression
// that selects specs by their names: `npm run tfjs -- conv2d`. $BROWSERS names other browsers than Chromium.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { browsing, chosen, serving, type Visit } from './browsers/index.js';
import { bundleForNode, bundleForPages } from './tfjs/bundle.js';
import type { Failure, Report, Run } from './tfjs/specs.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [pattern] = process.argv.slice(2);

/** As many specs has TF.js 4.22 in Node, and more in pages; a suite that has lost some shows nothing. */
const SPECS = 4230;

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

/** Runs specs with one thread and with two; returns failures that are ours. */
async function check(where: string, engine: Engine): Promise<string[]> {
  const ours: string[] = [];
  let cpu: readonly Failure[] | undefined;
  for (const threads of [1, 2]) {
    const { specs, failures } = await runOn(where, engine, {
      backend: 'wasmgrad',
      threads,
      pattern,
    });
    assert(specs >= (pattern ? 1 : SPECS), `${where}: only ${specs} specs`);
    if (failures.length === 0) continue;
    cpu ??= (await runOn(where, engine, { backend: 'cpu', threads: 1, pattern })).failures;
    const own = without(failures, cpu);
    for (const failure of failures) {
      const { name, message } = failure;
      console.log(`  ${name}\n    wasmgrad: ${short(message)}`);
      const same = cpu.find((other) => other.name === name);
      console.log(`    cpu: ${same ? short(same.message) : 'passes'}`);
      if (own.includes(failure)) ours.push(`${where}, threads: ${threads}: ${name}`);
    }
  }
  return ours;
}

/** Runs them in a process of its own. */
const inNode =
  (program: string): Engine =>
  async (run) => {
    // TF.js's specs print much.
    const child = fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.send(run);
    const ended = once(child, 'exit').then(([code]) => ({ error: `Node ended with ${code}` }));
    const [report] = await Promise.race([once(child, 'message'), ended.then((end) => [end])]);
    if ('error' in report) throw new Error(report.error);
    await ended;
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
  try {
    const program = join(folder, 'specs.cjs');
    await bundleForNode(program);
    return await check(`Node ${process.versions.node}`, inNode(program));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** In browsers. */
async function checkBrowsers(pages: Promise<Record<string, string>>): Promise<string[]> {
  const html =
    '<!doctype html><link rel="icon" href="data:,"><body><script src="/specs.js"></script>';
  const thread = readFileSync(`${root}dist/browser/kernel-thread.js`, 'utf8');
  const made = {
    '/index.html': html,
    '/kernel-thread.js': thread,
    ...(await pages),
  };
  const names = process.env.BROWSERS ? chosen() : (['chromium'] as const);
  return serving({ directory: root, made }, async (origin) => {
    const ours: string[] = [];
    for (const name of names)
      ours.push(...(await browsing(name, (visit) => check(name, inPage(visit, origin)))));
    return ours;
  });
}

// Compressing wasm for pages takes as long as a run of the specs.
const pages = bundleForPages();
const ours = [...(await checkNode()), ...(await checkBrowsers(pages))];
assert.deepEqual(ours, [], 'specs fail that pass on the cpu backend of TF.js');
