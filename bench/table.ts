// A suite's results as a table: a row per work, a column per library.

import type { Figure, Result } from './result.js';

/** For a terminal: without the peers' best samples, so that a line stays short. */
export function terminalTable(results: Result[]): string {
  const lines = rows(results, false);
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) => `  ${line.map((text, i) => text.padEnd(widths[i])).join('   ')}`.trimEnd())
    .join('\n');
}

/** For a document. */
export function markdownTable(results: Result[]): string {
  const [head, ...body] = rows(results, true);
  return [head, head.map((_, i) => (i ? '--:' : '---')), ...body]
    .map((line) => `| ${line.join(' | ')} |`)
    .join('\n');
}

function rows(results: Result[], full: boolean): string[][] {
  const [ours = 'wasmgrad', ...peers] = new Set(
    results.flatMap(({ figures }) => figures.map(({ who }) => who)),
  );
  const units = [...new Set(results.map(({ unit }) => unit))];
  // Targets that are not about a peer have a column of their own.
  const others = results.map(({ targets }) =>
    targets.flatMap(({ who, text, met }) => (who ? [] : [`${sign(met)} ${text}`])).join(', '),
  );
  const lines = [
    [units.length === 1 ? units[0] : '', ours, ...peers, 'target'],
    ...results.map((result, i) => [
      units.length === 1 ? result.name : `${result.name}, ${result.unit}`,
      speed(figureOf(result, ours), true),
      ...peers.map((peer) => compared(result, peer, full)),
      others[i],
    ]),
  ];
  return others.some(Boolean) ? lines : lines.map((line) => line.slice(0, -1));
}

const figureOf = ({ figures }: Result, who: string) => figures.find((figure) => figure.who === who);

/** A peer's speed, its ratio and what the ratio was to be. */
function compared(result: Result, peer: string, full: boolean): string {
  const figure = figureOf(result, peer);
  if (!figure) return '–';
  const target = result.targets.find(({ who }) => who === peer);
  const judged = target
    ? ` ${sign(target.met)}${full ? ' ' : ''}≥${full ? ' ' : ''}${target.least}`
    : '';
  const times = `${(figure.ratio ?? 0).toFixed(2)}×`;
  return `${speed(figure, full)}${full ? ' · ' : '  '}${full ? `**${times}**` : times}${judged}`;
}

const sign = (met: boolean | undefined) => (met === undefined ? '?' : met ? '✓' : '✗');

function speed(figure: Figure | undefined, full: boolean): string {
  if (!figure) return '–';
  const { median, best } = figure;
  return !full || best === median ? digits(median) : `${digits(median)} (${digits(best)})`;
}

const plain = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, useGrouping: false });
const large = new Intl.NumberFormat('en', { maximumFractionDigits: 0, useGrouping: false });
const digits = (value: number) => (Math.abs(value) < 1000 ? plain : large).format(value);
