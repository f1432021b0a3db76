// Line charts of a training, in the colours of the theme.

import uPlot from 'uplot';
import { byId, element, short } from './dom.js';

const HEIGHT = 170;

const colour = (name: string) => (): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Steps, and for each the numbers of two lines; the second one may stay without a name, and empty. */
export type Columns = [number[], (number | null)[], (number | null)[]];

export interface Chart {
  draw(columns: Columns): void;
  /** Calls the lines otherwise. */
  rename(lines: Lines): void;
  /** Draws again, in other colours. */
  recolour(): void;
}

/** How the lines are called: two, or one. */
type Lines = readonly [string, string] | readonly [string];

/** Steps that an empty chart is wide. */
const EMPTY = 100;

const isSingle = (line: readonly (number | null)[]): boolean =>
  line.filter((value) => value !== null).length === 1;

/** The last number of a line. */
const lastOf = (line: readonly (number | null)[]): number | undefined =>
  line.findLast((value) => value !== null) ?? undefined;

/**
 * @param show how a number of it is written
 * @param range the least and the most of the axis, for those of the lines
 */
export function chart(
  id: string,
  show: (value: number) => string,
  range: (least: number, most: number) => [number, number],
  lines: Lines = ['training', 'test'],
): Chart {
  const place = byId(id, HTMLElement);
  const names = lines.map((name) => element('span', {}, name));
  const numbers = lines.map(() => element('output', {}, '–'));
  const legend = element('p', { className: 'legend' });
  legend.append(
    ...names.map((name, i) => {
      const swatch = element('span', { className: `swatch line-${i + 1}` });
      return element('span', {}, swatch, ' ', name, ' ', numbers[i]);
    }),
  );
  const axis = (size: number, more: uPlot.Axis): uPlot.Axis => ({
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
    size,
    gap: 4,
    ...more,
  });
  const series = (name: string, width: number): uPlot.Series => ({
    stroke: colour(name),
    width,
    spanGaps: true,
    // Where there is no line yet, a point.
    points: {
      show: ({ data }, i) => isSingle(data[i] as (number | null)[]),
      size: 6,
      fill: colour(name),
    },
  });
  /** Numbers under the pointer, or the last ones. */
  const tell = ({ data, cursor: { idx } }: uPlot): void => {
    for (const [i, number] of numbers.entries()) {
      const line = data[i + 1] as (number | null)[];
      const value =
        (typeof idx === 'number' ? lastOf(line.slice(0, idx + 1)) : lastOf(line)) ?? null;
      const text = value === null ? '–' : show(value);
      if (number.textContent !== text) number.textContent = text;
    }
  };
  const plot = new uPlot(
    {
      width: Math.max(200, place.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      scales: {
        x: { time: false, range: (_, __, most) => [0, most || EMPTY] },
        y: { range: (_, least, most) => range(least ?? 0, most ?? 0) },
      },
      axes: [
        axis(24, {
          label: 'steps',
          labelSize: 16,
          labelFont: '12px system-ui, sans-serif',
          labelGap: 0,
        }),
        axis(48, { values: (_, ticks) => ticks.map(short) }),
      ],
      series: [{}, series('--train-line', 1.5), series('--test-line', 2)],
      cursor: { y: false, drag: { x: false, y: false } },
      hooks: { setCursor: [tell] },
    },
    [[], [], []],
    place,
  );
  place.append(legend);
  new ResizeObserver(() => {
    const width = place.clientWidth;
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT });
  }).observe(place);
  return {
    draw(columns) {
      plot.setData(columns);
      tell(plot);
    },
    rename(titles) {
      for (const [i, name] of names.entries()) name.textContent = titles[i];
    },
    recolour: () => plot.redraw(false),
  };
}
