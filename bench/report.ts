// What the benchmarks found: tables for a reader, JSON for a program.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';
import type { BackendInfo } from '../src/index.js';

/** One library's figures for one work, in the result's unit. */
export interface Figure {
  who: string;
  median: number;
  best: number;
}

/** What was to be reached, and whether it was. */
export interface Target {
  text: string;
  met: boolean;
}

/** One work, done by wasmgrad (first) and by its peers. */
export interface Result {
  name: string;
  unit: string;
  figures: Figure[];
  target?: Target;
}

/** A file of the benchmark. */
export interface Suite {
  name: string;
  /** One line for `--help` and above the table. */
  about: string;
  run(): Promise<Result[]>;
}

/** How many times the peer's median speed wasmgrad's is. */
export function ratio(result: Result, peer: string): number {
  const other = result.figures.find(({ who }) => who === peer);
  if (!other) throw new Error(`${result.name}: no figures of ${peer}`);
  return result.figures[0].median / other.median;
}

/** The result with the target of being so many times faster than a peer. */
export function atLeast(result: Result, times: number, peer: string): Result {
  return { ...result, target: { text: `≥ ${times} × ${peer}`, met: ratio(result, peer) >= times } };
}

const plain = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, useGrouping: false });
const large = new Intl.NumberFormat('en', { maximumFractionDigits: 0, useGrouping: false });
const digits = (value: number) => (Math.abs(value) < 1000 ? plain : large).format(value);

/** A suite's results as a table: per library median and best, and how many times faster wasmgrad is. */
export function table(results: Result[]): string {
  const [first, ...peers] = new Set(
    results.flatMap(({ figures }) => figures.map(({ who }) => who)),
  );
  const rows = results.map((result) => [
    result.name,
    speed(result, first),
    ...peers.flatMap((peer) => [speed(result, peer), times(result, peer)]),
    result.unit,
    result.target ? `${result.target.met ? '✓' : '✗'} ${result.target.text}` : '',
  ]);
  const lines = [['', first, ...peers.flatMap((peer) => [peer, 'ratio']), '', 'target'], ...rows];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) => `  ${line.map((text, i) => text.padEnd(widths[i])).join('   ')}`.trimEnd())
    .join('\n');
}

function speed(result: Result, who: string): string {
  const figure = result.figures.find((candidate) => candidate.who === who);
  if (!figure) return '–';
  const { median, best } = figure;
  return best === median ? digits(median) : `${digits(median)} (${digits(best)})`;
}

function times(result: Result, who: string): string {
  return result.figures.some((figure) => figure.who === who)
    ? `${ratio(result, who).toFixed(2)}×`
    : '–';
}

/** Where the figures come from. */
export function machine() {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    platform: `${platform()} ${arch()}`,
    node: process.versions.node,
  };
}

/** Writes everything to bench/results/latest.json and returns its path. */
export function save(backend: BackendInfo, results: Record<string, Result[]>): string {
  const folder = new URL('results/', import.meta.url);
  const peers = JSON.parse(
    readFileSync(new URL('package.json', import.meta.url), 'utf8'),
  ).dependencies;
  const suites = Object.entries(results).map(([suite, list]) => [suite, list.map(withRatios)]);
  const content = {
    date: new Date().toISOString(),
    machine: machine(),
    backend,
    peers,
    suites: Object.fromEntries(suites),
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('latest.json', folder), `${JSON.stringify(content, null, 2)}\n`);
  return 'bench/results/latest.json';
}

function withRatios(result: Result) {
  const ratios = result.figures.slice(1).map(({ who }) => [who, ratio(result, who)]);
  return { ...result, ratios: Object.fromEntries(ratios) };
}
