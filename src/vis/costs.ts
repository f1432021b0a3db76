// Where a network's parameters, its work and its memory are: a bar for each layer.

import { naming } from '../base/naming.js';
import { checkOptions, text } from '../base/options.js';
import type { Model } from '../core.js';
import { checkModel } from '../io/checkmodel.js';
import { COLORS, escaped, GRID, HEADING, heading, NOTE, round, shortened, svg } from './svg.js';

type Row = ReturnType<Model['summary']>[number];

/** A column of bars. */
interface Column {
  readonly title: string;
  readonly color: string;
  readonly of: (row: Row) => number;
  readonly show: (value: number) => string;
}

/** A count in three digits: 61.7K. */
export const compact = (value: number): string =>
  value.toLocaleString('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** Bytes in three digits, as memory is counted. */
export function bytes(value: number): string {
  const power = value < 1024 ? 0 : Math.min(3, Math.floor(Math.log2(value) / 10));
  return `${Number((value / 1024 ** power).toPrecision(3))} ${['B', 'KiB', 'MiB', 'GiB'][power]}`;
}

const columns: readonly Column[] = [
  { title: 'parameters', color: COLORS[0], of: (row) => row.parameters, show: compact },
  { title: 'multiply-adds', color: COLORS[1], of: (row) => row.multiplyAdds, show: compact },
  { title: 'memory of the output', color: COLORS[2], of: (row) => row.memory, show: bytes },
];

const [LINE, TOP, BAR, NUMBER, LETTER] = [18, 24, 110, 70, 7.2];
/** Letters of a layer's name that there is room for. */
const LONGEST = 22;

const short = (name: string): string => shortened(name, LONGEST);

/** One column, with the names of the layers or without. */
function drawn(rows: readonly Row[], { title, color, of, show }: Column, left: number): string {
  const most = Math.max(1, ...rows.map(of));
  const all = rows.map((row, i) => {
    const y = TOP + i * LINE;
    const value = of(row);
    const width = round((value / most) * BAR);
    const words = value > 0 ? show(value) : '';
    return `<rect x="${left}" y="${y + 3}" width="${width}" height="${LINE - 6}" fill="${color}"/><text x="${left + width + 5}" y="${y + 13}" fill="${NOTE}">${words}</text>`;
  });
  const total = rows.reduce((sum, row) => sum + of(row), 0);
  const bottom = TOP + rows.length * LINE;
  return [
    `<text x="${left}" y="16" font-weight="600">${title}</text>`,
    `<path d="M${left} ${TOP}V${bottom}" stroke="${GRID}"/>`,
    ...all,
    `<text x="${left}" y="${bottom + 16}">${show(total)} in all</text>`,
  ].join('');
}

const namesOf = (rows: readonly Row[]): string =>
  rows
    .map(({ name }, i) => `<text x="0" y="${TOP + i * LINE + 13}">${escaped(short(name))}</text>`)
    .join('');

const heightOf = (rows: readonly Row[]): number => TOP + rows.length * LINE + 24;

const leftOf = (rows: readonly Row[]): number =>
  12 + LETTER * Math.max(...rows.map(({ name }) => short(name).length));

/** A picture for each column: pages put them beside each other, or below. */
export function costPictures(model: Model): string[] {
  const rows = model.summary({ print: null });
  const left = leftOf(rows);
  return columns.map((column) => {
    const body = namesOf(rows) + drawn(rows, column, left);
    return svg(
      Math.ceil(left + BAR + NUMBER),
      heightOf(rows),
      `${column.title} of each layer`,
      body,
    );
  });
}

/**
 * Parameters, multiply-adds and memory of each layer for one sample, as bars: an SVG file's text.
 *
 * @param options.title above all; the model's name by default
 * @throws {ValueError} for anything but a model
 */
export function costs(model: Model, options: { title?: string } = {}): string {
  return naming('vis.costs', () => {
    checkModel(model);
    const { title = model.name } = checkOptions('vis.costs', options, { title: text });
    const rows = model.summary({ print: null });
    const margin = 16;
    const left = leftOf(rows);
    const width = Math.ceil(2 * margin + left + columns.length * (BAR + NUMBER));
    const bars = columns.map((column, i) => drawn(rows, column, left + i * (BAR + NUMBER)));
    const body = `<g transform="translate(${margin} ${HEADING})">${namesOf(rows)}${bars.join('')}</g>`;
    return svg(
      width,
      HEADING + heightOf(rows),
      `Parameters, multiply-adds and memory of ${title}`,
      heading(title, width) + body,
    );
  });
}
