// What the benchmarks found, and where it goes: the terminal, JSON for a program, Markdown for a reader.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import type { Arena, Contest } from './compete.js';
import type { Result } from './result.js';
import { markdownTable } from './table.js';

/** A file of the benchmark. */
export interface Suite {
  name: string;
  /** One line for `--help` and above the table. */
  about: string;
  /** What libraries compete in, in Node and in pages. */
  contests?: readonly Contest[];
  /** What else there is, in Node alone. */
  run?(arena: Arena): Promise<Result[]>;
  /** Cores that it keeps busy: 1 by default. */
  cores?: number;
}

/** A run of the benchmark, as it is written down. */
export interface Report {
  date: string;
  command: string;
  machine: ReturnType<typeof machine>;
  /** The browser that it ran in, where that is not Node. */
  browser?: string;
  /** Cores busy on average while it ran, of those suites that need one. */
  busy: number;
  /** wasmgrad's backendInfo(). */
  backend: object;
  /** Who took part: names and versions. */
  libraries: Record<string, string>;
  suites: { name: string; about: string; results: Result[] }[];
}

/** The processor's family and model where Linux tells them: names such as 'AMD EPYC' leave them open. */
function generation(): string {
  try {
    const text = readFileSync('/proc/cpuinfo', 'utf8');
    const [family, model] = ['cpu family', 'model'].map(
      (name) => new RegExp(`^${name}\\s*: (\\d+)$`, 'm').exec(text)?.[1],
    );
    return family && model ? ` (family ${family}, model ${model})` : '';
  } catch {
    return '';
  }
}

/** Where the figures come from, and what else went on there. */
export function machine() {
  const [cpu] = cpus();
  return {
    cpu: (cpu?.model.trim() ?? 'unknown') + generation(),
    cores: cpus().length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    platform: `${platform()} ${arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    flags: [...(process.env.NODE_OPTIONS?.split(' ') ?? []), ...process.execArgv],
  };
}

/** How many cores are busy on average, from now until the returned function is called. */
export function busyCores(): () => number {
  const used = () =>
    cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  const [before, began] = [used(), performance.now()];
  return () => (used() - before) / (performance.now() - began);
}

/** Cores that the benchmark itself may keep busy: one thread, and engines that compile beside it. */
const OWN_CORES = 1.3;

/** What to say of a run on a machine that had other things to do. */
export function disturbance({ busy }: Report): string {
  const cores = `${busy.toFixed(1)} cores were busy on average, of which the benchmark needs 1`;
  return busy > OWN_CORES ? `${cores}: other work ran, do not trust these figures` : cores;
}

/** The report in Markdown. */
export function markdown(report: Report): string {
  const { machine: at, browser, backend, libraries } = report;
  const facts = [
    ['Command', `\`${report.command}\``],
    ['Date', report.date.slice(0, 10)],
    [
      'Machine',
      `${at.cpu}, ${at.cores} cores, ${at.memory}, ${at.platform}; ${disturbance(report)}`,
    ],
    ['Engine', browser ?? `Node ${at.node}, V8 ${at.v8}, flags ${at.flags.join(' ')}`],
    ['wasmgrad', list(backend)],
    ...Object.entries(libraries).filter(([name]) => name !== 'wasmgrad'),
  ];
  const suites = report.suites.map(
    ({ name, about, results }) =>
      `**${name}**: ${about}\n\n${markdownTable(results)}\n${notes(results)
        .map((note) => `\n- ${note}`)
        .join('')}`,
  );
  return [
    ...facts.map(([what, value]) => `- ${what}: ${value}`),
    `\n${browser ? IN_PAGES : IN_NODE} ${LEGEND}`,
    ...suites.map((text) => `\n${text.trim()}`),
  ].join('\n');
}

/** Where libraries run. */
const IN_NODE = `Each library runs in a process of its own, on one thread where no other number is named; they take turns.`;
const IN_PAGES = `All libraries run in one page, on one thread where no other number is named; they take turns. The page of **threads** is
cross-origin isolated, the other is not.`;

/** How to read a table. */
const LEGEND = `Figures are medians, the best
sample in brackets; × is how many times the peer's speed wasmgrad's is, the median over the rounds, with ✓
or ✗ for its target, ? where that cannot be judged. – is not measured: the notes say why, or it is slow and
left to other rows. Every result was first compared with float64: of a sum of K products it may be off by
10·K·2⁻²⁴/3, five times what summing them one by one in float32 does. Networks begin with the same weights
everywhere: their logits may be off by 10⁻⁵ of the largest, how far losses have moved by 10⁻³ of itself.`;

const list = (values: object) =>
  Object.entries(values)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');

/** The notes to a suite's results, each once, with what it is about. */
export function notes(results: Result[]): string[] {
  const about = new Map<string, string[]>();
  for (const result of results) {
    for (const { who, text } of result.notes) {
      const note = `${who}: ${text}`;
      about.set(note, [...(about.get(note) ?? []), result.name]);
    }
  }
  return [...about].map(([note, names]) => {
    const others = results.map(({ name }) => name).filter((name) => !names.includes(name));
    if (others.length === 0) return note;
    const where = others.length < names.length ? `all but ${others.join('; ')}` : names.join('; ');
    return `${note} (${where})`;
  });
}

/** Writes bench/results/latest.json and latest.md; returns their paths. */
export function save(report: Report): string {
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('latest.json', folder), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(new URL('latest.md', folder), `# Benchmark\n\n${markdown(report)}\n`);
  return 'bench/results/latest.json and latest.md';
}
