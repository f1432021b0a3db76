// The benchmarks' command: runs the suites asked for, prints their tables, writes them down.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { backendInfo, dispose } from '../src/index.js';
import { browserArenas } from './browser.js';
import { Arena, type Arenas, everyContest } from './compete.js';
import { hasSection, publish } from './publish.js';
import {
  busyCores,
  disturbance,
  machine,
  markdown,
  notes,
  type Report,
  type Suite,
  save,
} from './report.js';
import { against, engineFlags, start } from './start.js';
import { cli } from './suites/cli.js';
import { conv } from './suites/conv.js';
import { footprint } from './suites/footprint.js';
import { forms } from './suites/forms.js';
import { gemm } from './suites/gemm.js';
import { lenet } from './suites/lenet.js';
import { memoryUse } from './suites/memory.js';
import { onnx } from './suites/onnx.js';
import { page } from './suites/page.js';
import { peak } from './suites/peak.js';
import { pictures } from './suites/pictures.js';
import { resnet } from './suites/resnet.js';
import { startup } from './suites/startup.js';
import { tfjs } from './suites/tfjs.js';
import { threads } from './suites/threads.js';
import { train } from './suites/train.js';
import { terminalTable } from './table.js';

const suites = [
  ...[gemm, conv, train, lenet, resnet, onnx, tfjs, threads],
  ...[footprint, peak, forms, pictures, page, startup, cli, memoryUse],
];

/** Where --write puts the tables. */
const DOCUMENT = 'docs/performance.md';

const help = `npm run bench -- [suite …] [--browser] [--check] [--revectorize] [--against=DIR] [--write]

Measures wasmgrad against other libraries: all suites, or those whose names contain one of the given words.

${suites.map(({ name, about }) => `  ${name.padEnd(10)}${about}`).join('\n')}

All libraries do the same work on the same numbers, on one thread but in 'threads'. Each has a process of its own; first
its result is compared with sums in float64 at corners, edges and some hundred other places (a network's
logits or first losses with PyTorch's in float64), then they take turns. A library that is not to be had,
does not do a work or does it wrong is left out, and the report says why. PyTorch takes part where python3,
/usr/bin/python3 or $PYTHON can import torch.

In the tables, figures are medians over all samples, wasmgrad's best in brackets; × is how many times the
peer's speed wasmgrad's is, the median over the rounds; ✓ ✗ says whether that reaches the target, ? that
it could not be judged. bench/results/latest.json and latest.md have all of it.

  --browser       in Chromium: all libraries in one page, ours from dist/browser, and TF.js on WebGL and WebGPU beside
                  them, which are called software where no graphics card draws. 'threads' has a page that is
                  cross-origin isolated, the others one that is not. Only suites of contests run in a page:
                  ${suites.flatMap(({ name, contests }) => (contests ? [name] : [])).join(' ')}
  --check         exit with 1 where a target is missed
  --revectorize   init({ revectorize: true }): has the engine make 256-bit code; the peers stay as they are
  --against=DIR   measures against another checkout of this repository, where npm ci and npm run build have been
                  run, in place of the peers: what a change has made faster or slower
  --write         also put the tables into ${DOCUMENT}: with all suites, so that they are of one run, or with
                  those that have a section of their own there, such as onnx cli
  --help          this text`;

/** What was asked for; ends the process where that cannot be. */
function commandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        browser: { type: 'boolean' },
        check: { type: 'boolean' },
        revectorize: { type: 'boolean' },
        against: { type: 'string' },
        write: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    console.error(`${(error as Error).message}\nnpm run bench -- --help says what there is.`);
    process.exit(1);
  }
}

const { values: options, positionals: words } = commandLine();
const named = suites.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
);
const chosen = named.filter(({ contests }) => contests || !options.browser);
/** Where the tables belong in the document. */
const section =
  [options.browser ? 'browser' : '', ...engineFlags.map((flag) => flag.slice(2)), ...words]
    .filter(Boolean)
    .join(' ') || 'default';

const list = (some: Suite[]): string => some.map(({ name }) => name).join(', ');

/** What is wrong with the command. */
function mistake(): string | undefined {
  if (options.against !== undefined && !against)
    return '--against=DIR takes a directory after the =.';
  if (against && !existsSync(join(against, 'dist/index.js')))
    return `--against=${against}: there is no dist/index.js; run npm ci and npm run build there.`;
  const unknown = words.filter((word) => !suites.some(({ name }) => name.includes(word)));
  if (unknown.length > 0)
    return `No suite is called ${unknown.join(' or ')}; there are ${list(suites)}.`;
  if (chosen.length === 0) return `--browser: only Node runs ${list(named)}.`;
  if (options.browser && (against || engineFlags.length > 0))
    return '--browser: --against and --revectorize are of Node.';
  if (options.write && !hasSection(DOCUMENT, section))
    return `--write: run all suites, so that all of ${DOCUMENT}'s tables are of one run; it has no section for ${section}.`;
  if (options.write && against)
    return `--write: ${DOCUMENT} is about the peers; leave out --against.`;
  return undefined;
}

if (options.help) console.log(help);
else {
  const wrong = mistake();
  if (wrong) {
    console.error(wrong);
    process.exitCode = 1;
  } else await main();
}

/** In Node threads need nothing, and each library has a process. */
async function nodeArenas(): Promise<Arenas> {
  await start();
  const ours = backendInfo();
  dispose();
  const { simd, tile, revectorized } = ours;
  const width = revectorized ? '256-bit' : '128-bit';
  const arena = new Arena();
  return {
    name: `Node ${process.versions.node}, wasmgrad with ${simd} ${width} SIMD, ${tile} tile`,
    ...{ plain: arena, isolated: arena },
    backend: async () => (await arena.backend()) ?? ours,
    close: async () => arena.close(),
  };
}

async function main(): Promise<void> {
  const at = machine();
  const arenas = options.browser ? await browserArenas() : await nodeArenas();
  console.log(`${at.cpu}, ${arenas.name}`);
  const left = named.filter((suite) => !chosen.includes(suite));
  if (left.length > 0) console.log(`only in Node: ${list(left)}`);

  const alone: { time: number; busy: number }[] = [];
  const report: Report = {
    date: new Date().toISOString(),
    command: [
      'npm run bench',
      ...(process.argv.length > 2 ? ['--'] : []),
      ...process.argv.slice(2),
    ].join(' '),
    machine: at,
    ...(options.browser ? { browser: arenas.name } : {}),
    busy: 0,
    backend: {},
    libraries: {},
    suites: [],
  };
  try {
    for (const { name, about, contests = [], run, cores = 1 } of chosen) {
      console.log(`\n── ${name}: ${about} ──`);
      const [began, busy] = [performance.now(), busyCores()];
      const arena = cores > 1 ? arenas.isolated : arenas.plain;
      const results = await everyContest(arena, contests);
      if (run && !options.browser) results.push(...(await run(arena)));
      const time = performance.now() - began;
      if (cores === 1) alone.push({ time, busy: busy() });
      report.suites.push({ name, about, results });
      console.log(terminalTable(results));
      for (const note of notes(results)) console.log(`  · ${note}`);
    }
    report.backend = await arenas.backend();
    report.libraries = { ...arenas.plain.libraries, ...arenas.isolated.libraries };
    const total = alone.reduce((sum, { time }) => sum + time, 0);
    report.busy = alone.reduce((sum, { time, busy }) => sum + busy * (time / total), 0);
  } finally {
    await arenas.close();
  }
  console.log();
  for (const [name, about] of Object.entries(report.libraries)) console.log(`${name}: ${about}`);
  console.log(`\n${disturbance(report)}\nWritten to ${save(report)}.`);
  if (options.write) {
    publish(DOCUMENT, section, markdown(report));
    console.log(`Written to ${DOCUMENT}.`);
  }
  judge(report);
}

/** Says what is slower than in another checkout by more than 2 %. */
function compareWith(checkout: string, done: Report['suites']): void {
  const ratios = done.flatMap(({ results }) =>
    results.flatMap(({ name, figures }) =>
      figures.flatMap(({ who, ratio }) => (ratio === undefined ? [] : [{ name, who, ratio }])),
    ),
  );
  const slower = ratios.filter(({ ratio }) => ratio < 0.98);
  console.log(
    `${slower.length} of ${ratios.length} works slower than in ${checkout} by more than 2 %`,
  );
  for (const { name, who, ratio } of slower) console.log(`  ${ratio.toFixed(3)} × ${who}: ${name}`);
}

/** Says which targets are missed. */
function judge({ suites: done }: Report): void {
  const targets = done.flatMap(({ results }) =>
    results.flatMap((result) => result.targets.map((target) => ({ ...target, result }))),
  );
  const count = (met: boolean | undefined) => targets.filter((target) => target.met === met).length;
  const unknown = count(undefined);
  console.log(
    `${count(true)} of ${targets.length} targets met${unknown ? `, ${unknown} could not be judged` : ''}`,
  );
  for (const { met, text, who, result } of targets) {
    if (met !== false) continue;
    const found = result.figures.find((figure) => figure.who === who)?.ratio;
    console.log(`  missed: ${result.name}: ${text}${found ? `, is ${found.toFixed(2)}` : ''}`);
  }
  if (options.check && count(false) > 0) process.exitCode = 1;
  if (against) compareWith(against, done);
  const failures = done.flatMap(({ results }) => results.filter(({ figures }) => !figures.length));
  for (const { name } of failures) console.log(`  wasmgrad failed: ${name}`);
  if (failures.length > 0) process.exitCode = 1;
}
