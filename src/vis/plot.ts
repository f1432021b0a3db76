// Curves as SVG.

import { ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { checkOptions, flag, forwarded, text, whole } from '../base/options.js';
import { shown } from '../base/shown.js';
import {
  type Curve,
  type Frame,
  framesOf,
  type Norms,
  normsFrame,
  type Plottable,
} from './frames.js';
import { escaped, GRID, HEADING, heading, NOTE, numeral, round, svg } from './svg.js';

/** Options of `vis.plot`. */
export interface PlotOptions {
  /** Above all. */
  title?: string;
  /** What the numbers of a curve are counted by: 'epoch' by default. */
  xLabel?: string;
  /** Whether equal factors are equal distances, for numbers that are all positive. */
  logarithmic?: boolean;
  /**
   * The `norms` of `callbacks.gradientNorms()`: a frame below the others shows those of some layers, from the first to
   * the last, on a logarithmic scale.
   */
  gradientNorms?: Norms;
  /** Of a frame, 420 × 260 by default; several stand beside each other, two in a row. */
  width?: number;
  height?: number;
}

const words = {
  title: text,
  xLabel: text,
  logarithmic: flag,
  ...forwarded('gradientNorms'),
  width: whole(120),
  height: whole(90),
};

/**
 * Curves as a picture: an SVG file's text. A history of `fit` has a frame for each metric, with the validation dashed;
 * a record of curves has one frame, a record of such records a frame for each, with one scale. Numbers that are not
 * finite are gaps.
 *
 * @param what what `fit` returns, curves by their names, frames of curves by theirs, or what `vis.invariance` returns,
 *   of several models by their names
 * @throws {ValueError} for anything else, and for no numbers at all
 */
export function plot(what: Plottable, options: PlotOptions = {}): string {
  return naming('vis.plot', () => {
    const {
      title = '',
      xLabel,
      logarithmic = false,
      width = 420,
      height = 260,
      gradientNorms = {},
    } = checkOptions('vis.plot', options, words);
    const frames = framesOf(what);
    const norms = normsFrame(checkNorms(gradientNorms), 2 * width);
    // Names of layers need room.
    const columns = norms ? 2 : Math.min(2, frames.length);
    const top = title ? HEADING : 0;
    const rows = Math.ceil(frames.length / columns);
    const drawn = (frame: Frame, [x, y]: readonly [number, number], columns = 1): string => {
      const own = { logarithmic: frame.logarithmic ?? logarithmic, xLabel: xLabel ?? frame.xLabel };
      const drawing = new Drawing(frame, { width: columns * width, height, ...own });
      return `<g transform="translate(${x} ${y})">${drawing.svg()}</g>`;
    };
    const [wide, tall] = [columns * width, top + (rows + Number(norms !== undefined)) * height];
    const body = frames.map((frame, i) =>
      drawn(frame, [(i % columns) * width, top + Math.floor(i / columns) * height]),
    );
    if (norms) body.push(drawn(norms, [0, top + rows * height], columns));
    const names = frames.flatMap(({ curves }) => curves.map(({ name }) => name));
    const label = title || `Curves of ${[...new Set(names)].join(', ')}`;
    return svg(wide, tall, label, heading(title, wide) + body.join(''));
  });
}

/** @throws {ValueError} for what is no record of norms */
export function checkNorms(norms: Norms): Norms {
  const fits = (list: unknown): boolean => Array.isArray(list) && list.every(Number.isFinite);
  if (typeof norms === 'object' && norms !== null && Object.values(norms).every(fits)) return norms;
  throw new ValueError(
    `gradientNorms must be the norms that callbacks.gradientNorms() collected, not ${shown(norms)}`,
  );
}

/** How a frame is drawn. */
type Layout = Required<Omit<PlotOptions, 'title' | 'gradientNorms'>>;

/** About so many ticks. */
const TICKS = 5;

/** Round numbers from `low` to `high`: 1, 2 or 5 times a power of ten apart. */
function ticksOf(low: number, high: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const from = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - from + 1;
  return Array.from({ length: count }, (_, i) => (from + i) * step);
}

/** Powers of ten from `low` to `high`, with 2 and 5 times them where they are few. */
function powersOf(low: number, high: number): number[] {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const factors = to - from > 3 ? [1] : [1, 2, 5];
  const all = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  return all
    .flatMap((power) => factors.map((factor) => factor * 10 ** power))
    .filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
}

class Drawing {
  readonly #frame: Frame;
  readonly #layout: Layout;
  readonly #left = 52;
  readonly #top = 30;
  readonly #low: number;
  readonly #high: number;
  readonly #first: number;
  readonly #last: number;

  constructor(frame: Frame, layout: Layout) {
    this.#frame = frame;
    this.#layout = layout;
    [this.#low, this.#high] = frame.range;
    [this.#first, this.#last] = [Math.min(...frame.at), Math.max(...frame.at)];
    if (layout.logarithmic && !(this.#low > 0))
      throw new ValueError(`on a logarithmic scale all numbers are positive, not ${this.#low}`);
  }

  svg(): string {
    const { width, height, xLabel, logarithmic } = this.#layout;
    const ticks = logarithmic ? powersOf(this.#low, this.#high) : ticksOf(this.#low, this.#high);
    const right = width - 16;
    const bottom = height - 38;
    const lines = ticks.map((tick) => {
      const y = this.#y(tick);
      return `<path d="M${this.#left} ${y}H${right}" stroke="${GRID}"/><text x="${this.#left - 6}" y="${y + 4}" text-anchor="end" fill="${NOTE}">${numeral(tick)}</text>`;
    });
    const isWhole = this.#frame.at.every(Number.isInteger);
    const steps = ticksOf(this.#first, this.#last).filter(
      (step) => !isWhole || Number.isInteger(step),
    );
    const marks = steps.map(
      (step) =>
        `<text x="${this.#x(step)}" y="${bottom + 16}" text-anchor="middle" fill="${NOTE}">${numeral(step)}</text>`,
    );
    const label = `<text x="${(this.#left + right) / 2}" y="${height - 8}" text-anchor="middle" fill="${NOTE}">${escaped(xLabel)}</text>`;
    const axis = `<path d="M${this.#left} ${bottom}H${right}" stroke="${NOTE}"/>`;
    const curves = this.#frame.curves.map((curve) => this.#curve(curve));
    return [...lines, axis, ...marks, label, this.#legend(), ...curves].join('');
  }

  #x(place: number): number {
    const span = this.#layout.width - 16 - this.#left;
    const [first, last] = [this.#first, this.#last];
    return round(this.#left + (last > first ? (place - first) / (last - first) : 0.5) * span);
  }

  #y(value: number): number {
    const scale = this.#layout.logarithmic ? Math.log : Number;
    const [low, high, own] = [this.#low, this.#high, value].map((one) => scale(one));
    const share = high > low ? (own - low) / (high - low) : 0.5;
    const bottom = this.#layout.height - 38;
    return round(bottom - share * (bottom - this.#top - 6));
  }

  /** A line through the finite numbers; a dot where there is just one, hollow for the validation. */
  #curve({ values, color, dashed }: Curve): string {
    let path = '';
    let dots = '';
    values.forEach((value, i) => {
      if (!Number.isFinite(value)) return;
      const [x, y] = [this.#x(this.#frame.at[i]), this.#y(value)];
      const isStart = i === 0 || !Number.isFinite(values[i - 1]);
      const isAlone = isStart && !Number.isFinite(values[i + 1] ?? Number.NaN);
      if (isAlone)
        dots += `<circle cx="${x}" cy="${y}" r="3.5" fill="${dashed ? 'none' : color}" stroke="${color}" stroke-width="2"/>`;
      else path += `${isStart ? 'M' : 'L'}${x} ${y}`;
    });
    if (!path) return dots;
    const dash = dashed ? ' stroke-dasharray="5 4"' : '';
    return `<path d="${path}" fill="none" stroke="${color}" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"${dash}/>${dots}`;
  }

  /** The frame's title, and the curves' names after strokes of their colours. */
  #legend(): string {
    const { title, curves } = this.#frame;
    const heading = title
      ? `<text x="${this.#left}" y="18" font-weight="600">${escaped(title)}</text>`
      : '';
    if (title && curves.length === 1) return heading;
    let at = this.#left + (title ? 8 * title.length + 12 : 0);
    const names = curves.map(({ name, color, dashed }) => {
      const x = at;
      at += 30 + 6.5 * name.length;
      const dash = dashed ? ' stroke-dasharray="5 4"' : '';
      return `<path d="M${x} 14h18" stroke="${color}" stroke-width="2"${dash}/><text x="${x + 22}" y="18">${escaped(name)}</text>`;
    });
    return heading + names.join('');
  }
}
