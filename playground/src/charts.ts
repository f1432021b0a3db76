// Line charts of a training, in the colours of the theme.

import uPlot from 'uplot';
import { byId } from './dom.js';

const HEIGHT = 150;

const colour = (name: string) => (): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

type Columns = [number[], (number | null)[], (number | null)[]];

export interface Chart {
  draw(columns: Columns): void;
  /** Draws again, in other colours. */
  recolour(): void;
}

/** @param show how a number of it is written */
export function chart(
  id: string,
  show: (value: number) => string,
  range: uPlot.Range.Function,
): Chart {
  const place = byId(id, HTMLElement);
  const text = (value: number | null): string => (value === null ? '–' : show(value));
  const axis = (size: number): uPlot.Axis => ({
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
    size,
    gap: 4,
  });
  const series = (label: string, name: string, width: number): uPlot.Series => ({
    label,
    stroke: colour(name),
    width,
    spanGaps: true,
    points: { show: false },
    value: (_, value) => text(value),
  });
  const plot = new uPlot(
    {
      width: Math.max(200, place.clientWidth),
      height: HEIGHT,
      scales: { x: { time: false }, y: { range } },
      axes: [axis(26), axis(44)],
      series: [
        { label: 'step', value: (_, value) => (value === null ? '–' : String(Math.round(value))) },
        series('training', '--train-line', 1.5),
        series('test', '--test-line', 2),
      ],
      cursor: { y: false, drag: { x: false, y: false } },
    },
    [[], [], []],
    place,
  );
  new ResizeObserver(() => {
    const width = place.clientWidth;
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT });
  }).observe(place);
  return { draw: (columns) => plot.setData(columns), recolour: () => plot.redraw(false) };
}
