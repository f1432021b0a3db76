// Which algorithm computes a convolution: the one that costs least, by its shape alone, so that results are the same
// on every machine. Costs are in multiply-adds of a register tile, fitted to times; npm run bench -- forms shows what the
// choice gains. Where a machine was measured itself, its verdict counts instead: see `Model.tune`.

import { ABREAST, BLOCK, KC, MOST_ROWS, SPILL } from '../../../bindings/constants.js';
import type { Emitter } from '../../program/emitter.js';
import { panelSize } from '../dense/matrix.emit.js';
import {
  type Form,
  formsOf,
  gradientFormsOf,
  partsOf,
  pointsOf,
  productsOf,
  type Work,
} from './forms.emit.js';
import { type BackwardWindows, type ConvGeometry, whyNotWinograd } from './geometry.emit.js';
import { backwardPass, imagesOf } from './winograd.emit.js';

/** What transforming an entry of a patch of pixels costs; and of products, with what a tile of theirs costs. */
const PIXEL = 8;
const PRODUCT = 12;
/** What a patch costs beyond. */
const PATCH = 1500;
/** What an entry of transformed filters costs: made in each run, kept and only read, or summed for a gradient. */
const MADE = 18;
const READ = 5;
const SUMMED = 12;
/** What a tile of the direct algorithm costs beyond its multiplications, and a filter's entry. */
const TILE = 10;
const PACKED = 12;
const KEPT = 5;
/** What adding one number to its pixel costs. */
const SCATTER = 4;

/** What a tile of three filters costs, where that of six costs six. */
const HALF_TILE = 4;

/** What costs more than anything. */
const NONE = Number.POSITIVE_INFINITY;

/** Rows of a tile: those of relaxed SIMD, for all builds, as all choose alike. */
const MR = 6;

/** Channels and filters come in panels. */
const whole = (count: number): number => panelSize(1, count);

/** How a convolution is computed: by a form of Winograd's algorithm, or directly. */
export interface Choice {
  readonly form?: Form;
  readonly cost: number;
}

/** What a form costs. @param entry what an entry of the transformed filters costs */
function formCost({ rows, columns }: Form, w: Work, entry: number): number {
  const patches =
    w.batch * Math.ceil(w.yHeight / rows.outputs) * Math.ceil(w.yWidth / columns.outputs);
  const planes = pointsOf(rows) * pointsOf(columns);
  const parts = partsOf(rows) * partsOf(columns);
  const transforms = planes * (PIXEL * parts * whole(w.channels) + PRODUCT * whole(w.filters));
  // A gradient's products have channels for rows: whole tiles of them.
  const depth = entry === SUMMED ? Math.ceil(w.channels / MR) * MR : w.channels;
  const entries = productsOf(rows) * productsOf(columns) * depth * whole(w.filters);
  return patches * (entries + transforms + PATCH) + entry * entries;
}

/** What the direct algorithm costs, by the kernel that takes it. A residue that no tap reaches is only zeros. */
function directCost(g: ConvGeometry, w: Work, entry: number): number {
  const pixels = w.batch * w.yHeight * w.yWidth;
  const tiles = w.depth > 0 ? pixels * (w.depth + TILE) : 0;
  return Math.min((tiles + entry * w.depth) * whole(w.filters), abreastCost(g, w));
}

/** What the gradient of the input costs where the gradients of its windows are added to their pixels. */
export function scatterCost(g: ConvGeometry): number {
  const depth = (g.kernelHeight * g.kernelWidth * g.channels) / g.groups;
  const pixels = g.batch * g.outputHeight * g.outputWidth;
  return pixels * ((g.filters / g.groups + TILE) * whole(depth) + SCATTER * depth);
}

/** And where it is convolutions of dy, directly. */
export const convolvingCost = (g: ConvGeometry, windows: readonly BackwardWindows[]): number =>
  windows.reduce((sum, each) => sum + directCost(g, backwardPass(imagesOf(g), each), 0), 0);

/**
 * What a convolution costs with eight images side by side; NONE where the kernel does not take them so: as `isAbreast` of
 * assembly/conv/abreast.ts says, which this repeats.
 */
function abreastCost(g: ConvGeometry, w: Work): number {
  const lanes = Math.ceil(w.batch / ABREAST) * ABREAST;
  const taps = w.kernelHeight * w.kernelWidth;
  const seen = (w.strideWidth * (w.yWidth - 1) + w.kernelWidth) * w.channels;
  const line = Math.max(seen, w.width * w.channels);
  const fits =
    w.filters <= MOST_ROWS &&
    // Not where pixels of the result lie apart, as those of a residue do, nor for pairs of pixels.
    w.strideWidth === g.strideWidth &&
    g.groups * g.dilationHeight * g.dilationWidth === 1 &&
    3 * lanes <= 4 * w.batch &&
    taps > 1 &&
    taps * w.channels <= KC &&
    w.kernelHeight * line * ABREAST < BLOCK - SPILL &&
    w.yWidth * MOST_ROWS * ABREAST < BLOCK - SPILL;
  if (!fits) return NONE;
  // Zeros around the image are not multiplied.
  const rows = Math.min(w.height, w.yHeight) * w.kernelHeight;
  const columns = Math.min(w.width, w.yWidth) * w.kernelWidth;
  return lanes * rows * columns * w.channels * (w.filters > 3 ? MOST_ROWS : HALF_TILE);
}

/** The choice for a convolution, forward or of the gradient of its input. @param kept whether transformed filters are kept from run to run */
export const choose = (g: ConvGeometry, w: Work, kept: boolean): Choice =>
  best(g, formsOf(w), w, kept ? READ : MADE, kept ? KEPT : PACKED);

/** That for the gradient of its filters. */
export const chooseGradient = (g: ConvGeometry, w: Work): Choice =>
  best(g, gradientFormsOf(w), w, SUMMED, 0);

function best(
  g: ConvGeometry,
  forms: readonly Form[],
  w: Work,
  entry: number,
  directEntry: number,
): Choice {
  const direct = { cost: directCost(g, w, directEntry) };
  if (g.algorithm === 'direct' || whyNotWinograd(g) || forms.length === 0) return direct;
  const choices = forms.map((form) => ({ form, cost: formCost(form, w, entry) }));
  const cheapest = choices.reduce((least, each) => (each.cost < least.cost ? each : least));
  if (g.algorithm === 'auto') return cheapest.cost < direct.cost ? cheapest : direct;
  return g.rank === undefined ? cheapest : choices[Math.min(g.rank, choices.length - 1)];
}

/** Which pass of a convolution: its output, or the gradient of its input or filter. */
export type ConvPass = 'forward' | 'input' | 'filter';

/** How a pass is computed, in place of what 'auto' would choose. */
export type Verdict = Pick<ConvGeometry, 'algorithm' | 'rank'>;

/** The convolution with the verdict on one of its passes, where there is one. */
export const advised = (e: Emitter, pass: ConvPass, g: ConvGeometry): ConvGeometry =>
  g.algorithm === 'auto' ? { ...g, ...e.advice?.(e, pass, g) } : g;
