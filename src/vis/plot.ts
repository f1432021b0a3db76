// Curves as SVG.

import { ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { checkOptions, flag, text, whole } from '../base/options.js';
import { shown } from '../base/shown.js';
import type { History } from '../core.js';

/** Curves by their names. */
export type Series = Readonly<Record<string, ArrayLike<number>>>;

/** Options of `vis.plot`. */
export interface PlotOptions {
  /** Above all. */
  title?: string;
  /** What the numbers of a curve are counted by: 'epoch' by default. */
  xLabel?: string;
  /** Whether equal factors are equal distances, for numbers that are all positive. */
  logarithmic?: boolean;
  /** Of a frame, 420 × 260 by default; several stand beside each other, two in a row. */
  width?: number;
  height?: number;
}

const words = {
  title: text,
  xLabel: text,
  logarithmic: flag,
  width: whole(120),
  height: whole(90),
};

/** Colours that people with any kind of sight tell apart (Okabe & Ito, 2008). */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];

/** One frame: curves with one scale. */
interface Frame {
  readonly title: string;
  readonly curves: readonly Curve[];
}

interface Curve {
  readonly name: string;
  readonly values: readonly number[];
  readonly color: string;
  /** Validation is dashed. */
  readonly dashed: boolean;
}

/**
 * Curves as a picture: an SVG file's text. A history of `fit` has a frame for each metric, with the validation dashed;
 * a record has one frame. Numbers that are not finite are gaps.
 *
 * @param what what `fit` returns, or curves by their names
 * @throws {ValueError} for anything else, and for no numbers at all
 */
export function plot(what: History | Series, options: PlotOptions = {}): string {
  return naming('vis.plot', () => {
    const {
      title = '',
      xLabel = 'epoch',
      logarithmic = false,
      width = 420,
      height = 260,
    } = checkOptions('vis.plot', options, words);
    const { frames, first } = framesOf(what);
    const columns = Math.min(2, frames.length);
    const top = title ? 32 : 0;
    const [wide, tall] = [columns * width, top + Math.ceil(frames.length / columns) * height];
    const body = frames.map((frame, i) => {
      const [x, y] = [(i % columns) * width, top + Math.floor(i / columns) * height];
      const inner = new Drawing(frame, { width, height, first, xLabel, logarithmic }).svg();
      return `<g transform="translate(${x} ${y})">${inner}</g>`;
    });
    const names = frames.flatMap(({ curves }) => curves.map(({ name }) => name));
    const heading = title
      ? `<text x="${wide / 2}" y="22" text-anchor="middle" font-size="16" font-weight="600">${escaped(title)}</text>`
      : '';
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${wide} ${tall}" width="${wide}" height="${tall}" role="img" aria-label="${escaped(title || `Curves of ${names.join(', ')}`)}" font-family="system-ui, sans-serif" font-size="12" fill="#1a1a1a"><rect width="${wide}" height="${tall}" fill="#fff"/>${heading}${body.join('')}</svg>`;
  });
}

const escaped = (words: string): string =>
  words.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const isHistory = (what: object): what is History => 'history' in what && 'epoch' in what;

/** The frames, and the number of the first value. @throws {ValueError} */
function framesOf(what: History | Series): { frames: Frame[]; first: number } {
  if (typeof what !== 'object' || what === null)
    throw new ValueError(
      `expected what fit returns, or curves by their names such as { loss: [2, 1] }, not ${shown(what)}`,
    );
  const series = (isHistory(what) ? what.history : what) as Series;
  const curves = Object.entries(series).map(([name, values]) => {
    const list = ArrayBuffer.isView(values) || Array.isArray(values) ? Array.from(values) : [];
    if (list.some(Number.isFinite)) return { name, values: list };
    throw new ValueError(`the curve ${shown(name)} has no numbers: it is ${shown(values)}`);
  });
  if (curves.length === 0) throw new ValueError('there are no curves');
  const validation = /^val_/;
  const color = (i: number): string => COLORS[i % COLORS.length];
  if (!isHistory(what)) {
    const list = curves.map((curve, i) => ({ ...curve, color: color(i), dashed: false }));
    return { frames: [{ title: '', curves: list }], first: 1 };
  }
  const metrics = [...new Set(curves.map(({ name }) => name.replace(validation, '')))];
  const frames = metrics.map((metric, i) => ({
    title: metric,
    curves: curves
      .filter(({ name }) => name.replace(validation, '') === metric)
      .map(({ name, values }) => {
        const dashed = validation.test(name);
        return { name: dashed ? 'validation' : 'training', values, color: color(i), dashed };
      }),
  }));
  return { frames, first: what.epoch[0] ?? 1 };
}

/** How a frame is drawn. */
interface Layout extends Required<Omit<PlotOptions, 'title'>> {
  /** The number of the first value. */
  readonly first: number;
}

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

const numeral = (value: number): string => String(Number(value.toPrecision(4)));

class Drawing {
  readonly #frame: Frame;
  readonly #layout: Layout;
  readonly #left = 52;
  readonly #top = 30;
  readonly #low: number;
  readonly #high: number;
  readonly #length: number;

  constructor(frame: Frame, layout: Layout) {
    this.#frame = frame;
    this.#layout = layout;
    const all = frame.curves.flatMap(({ values }) => values.filter(Number.isFinite));
    [this.#low, this.#high] = [Math.min(...all), Math.max(...all)];
    if (layout.logarithmic && !(this.#low > 0))
      throw new ValueError(`on a logarithmic scale all numbers are positive, not ${this.#low}`);
    this.#length = Math.max(...frame.curves.map(({ values }) => values.length));
  }

  svg(): string {
    const { width, height, xLabel, first, logarithmic } = this.#layout;
    const ticks = logarithmic ? powersOf(this.#low, this.#high) : ticksOf(this.#low, this.#high);
    const right = width - 16;
    const bottom = height - 38;
    const lines = ticks.map((tick) => {
      const y = this.#y(tick);
      return `<path d="M${this.#left} ${y}H${right}" stroke="#ddd"/><text x="${this.#left - 6}" y="${y + 4}" text-anchor="end" fill="#555">${numeral(tick)}</text>`;
    });
    const steps = ticksOf(first, first + this.#length - 1).filter(Number.isInteger);
    const marks = steps.map(
      (step) =>
        `<text x="${this.#x(step - first)}" y="${bottom + 16}" text-anchor="middle" fill="#555">${numeral(step)}</text>`,
    );
    const label = `<text x="${(this.#left + right) / 2}" y="${height - 8}" text-anchor="middle" fill="#555">${escaped(xLabel)}</text>`;
    const axis = `<path d="M${this.#left} ${bottom}H${right}" stroke="#555"/>`;
    const curves = this.#frame.curves.map((curve) => this.#curve(curve));
    return [...lines, axis, ...marks, label, this.#legend(), ...curves].join('');
  }

  #x(index: number): number {
    const span = this.#layout.width - 16 - this.#left;
    return round(this.#left + (this.#length > 1 ? index / (this.#length - 1) : 0.5) * span);
  }

  #y(value: number): number {
    const scale = this.#layout.logarithmic ? Math.log : Number;
    const [low, high, own] = [this.#low, this.#high, value].map((one) => scale(one));
    const share = high > low ? (own - low) / (high - low) : 0.5;
    const bottom = this.#layout.height - 38;
    return round(bottom - share * (bottom - this.#top - 6));
  }

  /** A line through the finite numbers; a point where there is just one. */
  #curve({ values, color, dashed }: Curve): string {
    let path = '';
    values.forEach((value, i) => {
      if (!Number.isFinite(value)) return;
      const isStart = i === 0 || !Number.isFinite(values[i - 1]);
      path += `${isStart ? 'M' : 'L'}${this.#x(i)} ${this.#y(value)}`;
      const isAlone = isStart && !Number.isFinite(values[i + 1] ?? Number.NaN);
      if (isAlone) path += 'h0';
    });
    const dash = dashed ? ' stroke-dasharray="5 4"' : '';
    return `<path d="${path}" fill="none" stroke="${color}" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"${dash}/>`;
  }

  /** The frame's title, and the curves' names after strokes of their colours. */
  #legend(): string {
    const { title, curves } = this.#frame;
    const heading = title
      ? `<text x="${this.#left}" y="18" font-weight="600">${escaped(title)}</text>`
      : '';
    if (title && curves.length === 1) return heading;
    let at = this.#left + (title ? 8 * title.length + 16 : 0);
    const names = curves.map(({ name, color, dashed }) => {
      const x = at;
      at += 34 + 7 * name.length;
      const dash = dashed ? ' stroke-dasharray="5 4"' : '';
      return `<path d="M${x} 14h18" stroke="${color}" stroke-width="2"${dash}/><text x="${x + 22}" y="18">${escaped(name)}</text>`;
    });
    return heading + names.join('');
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;
