// What `vis.plot` draws, as frames: curves with one scale each.

import { ValueError } from '../base/errors.js';
import { shown } from '../base/shown.js';
import type { History } from '../core.js';
import type { Change, Invariance } from './invariance.js';
import { COLORS } from './svg.js';

/** Curves by their names. */
export type Series = Readonly<Record<string, ArrayLike<number>>>;

/** What `vis.plot` draws: a history of `fit`, curves, frames of curves, or what `vis.invariance` found of one or several models. */
export type Plottable =
  | History
  | Series
  | Readonly<Record<string, Series>>
  | Invariance
  | Readonly<Record<string, Invariance>>;

/** One frame. */
export interface Frame {
  readonly title: string;
  readonly curves: readonly Curve[];
  /** Where the numbers of the curves are, from left to right. */
  readonly at: readonly number[];
  readonly xLabel: string;
  /** The numbers at its lower and its upper edge. */
  readonly range: readonly [number, number];
  /** Whether equal factors are equal distances. */
  readonly logarithmic?: boolean;
}

/** A curve of a frame. */
export interface Curve {
  readonly name: string;
  readonly values: readonly number[];
  readonly color: string;
  /** Validation is dashed. */
  readonly dashed: boolean;
}

const isHistory = (what: object): what is History => 'history' in what && 'epoch' in what;

const isList = (what: unknown): boolean => ArrayBuffer.isView(what) || Array.isArray(what);

/** Whether a record has records of curves, not curves. */
const isNested = (what: object): what is Record<string, Series> =>
  Object.values(what).every((one) => typeof one === 'object' && one !== null && !isList(one));

const isInvariance = (what: object): what is Invariance => 'shift' in what && 'layers' in what;

const isStudies = (what: object): what is Record<string, Invariance> =>
  Object.values(what).every((one) => typeof one === 'object' && one !== null && isInvariance(one));

const colorOf = (i: number): string => COLORS[i % COLORS.length];

/** @throws {ValueError} for what has no numbers */
export function framesOf(what: Plottable): Frame[] {
  if (typeof what !== 'object' || what === null)
    throw new ValueError(
      `expected what fit returns, or curves by their names such as { loss: [2, 1] }, not ${shown(what)}`,
    );
  if (isHistory(what)) return historyFrames(what);
  if (isInvariance(what)) return invarianceFrames({ '': what });
  if (Object.keys(what).length === 0) throw new ValueError('there are no curves');
  if (isStudies(what)) return invarianceFrames(what);
  if (!isNested(what)) return [frameOf('', curvesOf(what), 'epoch')];
  const frames = Object.entries(what).map(([title, series]) =>
    frameOf(title, curvesOf(series), 'epoch'),
  );
  // Frames beside each other are there to be compared.
  const range = rangeOf(frames.flatMap(({ curves }) => curves));
  return frames.map((frame) => ({ ...frame, range }));
}

/** Curves, each in a colour of its own. @throws {ValueError} */
function curvesOf(series: Series): Curve[] {
  const curves = Object.entries(series).map(([name, values], i) => {
    const list = isList(values) ? Array.from(values) : [];
    if (list.some(Number.isFinite)) return { name, values: list, color: colorOf(i), dashed: false };
    throw new ValueError(`the curve ${shown(name)} has no numbers: it is ${shown(values)}`);
  });
  if (curves.length === 0) throw new ValueError('there are no curves');
  return curves;
}

function rangeOf(curves: readonly Curve[]): [number, number] {
  const all = curves.flatMap(({ values }) => values.filter(Number.isFinite));
  const least = all.reduce((a, b) => Math.min(a, b));
  return [least, all.reduce((a, b) => Math.max(a, b))];
}

/** A frame of curves. @param at 1, 2, 3 … where it is not given */
function frameOf(
  title: string,
  curves: readonly Curve[],
  xLabel: string,
  at?: readonly number[],
): Frame {
  const length = Math.max(...curves.map(({ values }) => values.length));
  const places = Array.from({ length }, (_, i) => at?.[i] ?? i + 1);
  return { title, curves, xLabel, at: places, range: rangeOf(curves) };
}

const VALIDATION = /^val_/;

/** A frame for each metric. */
function historyFrames({ epoch, history }: History): Frame[] {
  const curves = curvesOf(history);
  const metrics = [...new Set(curves.map(({ name }) => name.replace(VALIDATION, '')))];
  return metrics.map((metric, i) => {
    const own = curves.filter(({ name }) => name.replace(VALIDATION, '') === metric);
    const named = own.map(({ name, values }) => {
      const dashed = VALIDATION.test(name);
      return { name: dashed ? 'validation' : 'training', values, color: colorOf(i), dashed };
    });
    return frameOf(metric, named, 'epoch', epoch);
  });
}

/** The norms of each layer's gradients, as `callbacks.gradientNorms()` collects them. */
export type Norms = Readonly<Record<string, readonly number[]>>;

/** Layers whose gradients are drawn at most, as there are colours; and pixels of the frame that no name can have. */
const [LAYERS, BESIDE] = [7, 200];

/**
 * How the gradients of some layers change, from the first layer to the last: none where all are 0.
 *
 * @param width of the frame: as many layers as have room for their names
 */
export function normsSeries(norms: Norms, width: number): Series {
  // On a logarithmic scale 0 has no place.
  const all = Object.entries(norms)
    .map(([layer, list]) => [layer, list.map((norm) => (norm > 0 ? norm : Number.NaN))] as const)
    .filter(([, list]) => list.some(Number.isFinite));
  const some = (count: number) => {
    const step = (all.length - 1) / Math.max(1, count - 1);
    return Array.from({ length: count }, (_, i) => all[Math.round(i * step)]);
  };
  const fits = (count: number): boolean =>
    some(count).reduce((sum, [{ length }]) => sum + 34 + 7 * length, BESIDE) <= width;
  let count = Math.min(LAYERS, all.length);
  while (count > 2 && !fits(count)) count--;
  return Object.fromEntries(some(count));
}

/** The frame of gradients, if there are any. */
export function normsFrame(norms: Norms, width: number): Frame | undefined {
  const series = normsSeries(norms, width);
  if (Object.keys(series).length === 0) return undefined;
  return { ...frameOf('gradient norms', curvesOf(series), 'epoch'), logarithmic: true };
}

/** What the images of each change are changed by. */
const changes: Readonly<Record<Change, string>> = {
  shift: 'pixels to the right',
  turn: 'degrees clockwise',
  grow: 'times as large',
  darken: 'share of the light taken away',
};

/** A frame for each change, and one for the layers; a curve for each model. */
function invarianceFrames(studies: Readonly<Record<string, Invariance>>): Frame[] {
  const all = Object.values(studies);
  const names = Object.keys(studies);
  // Of one model both curves have room.
  const isOne = names.length === 1;
  const frames = Object.entries(changes).flatMap(([change, xLabel]) => {
    const found = all.map((study) => study[change as Change]);
    if (found[0].by.length === 0) return [];
    const series = isOne
      ? { 'class stays': found[0].same, 'output moves': found[0].moved }
      : Object.fromEntries(found.map(({ same }, i) => [names[i], same]));
    const title = isOne ? change : `${change}: class stays`;
    return [frameOf(title, curvesOf(series), xLabel, found[0].by)];
  });
  if (!all.some(({ layers }) => layers.some(({ error }) => Number.isFinite(error)))) return frames;
  const errors = all.map(({ layers }, i) => [
    isOne ? 'error' : names[i],
    layers.map(({ error }) => error),
  ]);
  const curves = curvesOf(Object.fromEntries(errors));
  return [...frames, frameOf('equivariance error', curves, 'layer')];
}
