// How a convolution lies on its input: the check of its options, its sizes, and which taps reach which pixels.

import { gcd } from '../../base/arithmetic.js';
import { ShapeError, ValueError } from '../../base/errors.js';
import { about } from '../../base/naming.js';
import { any, checkValue, oneOf, whole } from '../../base/options.js';
import {
  checkInteger,
  checkPadding,
  checkRank,
  pair,
  placeWindows,
  rounding,
  type Shape,
  show,
  type WindowOptions,
  type Windows,
} from '../../base/shape.js';
import {
  type PaddingMode,
  type PadGeometry,
  paddingMode,
  padOutputShape,
  placePadding,
} from '../spatial/pad.emit.js';
import { formsOf, type Rank } from './forms.emit.js';

/** A convolution with all its sizes: NHWC input, HWIO filter [kh, kw, channels / groups, filters]. */
export interface ConvGeometry extends Windows {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly filters: number;
  readonly groups: number;
  readonly algorithm: Algorithm;
  /** @internal Which form of Winograd's algorithm computes it: by default the one that costs least. */
  readonly rank?: Rank;
  /** How the image is reflected at its border, where it is. All other sizes are then of the padded image. */
  readonly reflection?: PadGeometry;
}

/** How a convolution is computed. */
export type Algorithm = 'auto' | 'direct' | 'winograd';

/** How a convolution lies on its input. */
export interface ConvOptions extends Omit<WindowOptions, 'kernelSize'> {
  /**
   * What is around the image where `padding` is 'same' or in pixels: 'zeros' (the default), or 'reflect',
   * the image itself, for fewer pixels than it has: PyTorch's padding_mode. Reflecting copies the image.
   */
  paddingMode?: PaddingMode;
  /** Channels and filters in this many separate convolutions: 1 by default. */
  groups?: number;
  /**
   * How it is computed: 'direct' sums products as they come; 'winograd', for filters of up to 10 taps a side at stride 1
   * (but not 1×1), of 3 to 10 at stride 2, multiplies a half to a quarter as often and rounds about twice as coarsely;
   * there an outlier, NaN or infinity changes all outputs of its patch, up to 4×4; gradients of filters of more than 8
   * taps are direct all the same. 'auto' (the default) takes what costs least for such sizes.
   */
  algorithm?: Algorithm;
}

/** The words of `ConvOptions`. */
export const convWords = {
  strides: pair(),
  padding: any,
  paddingMode,
  dilation: pair(),
  dimRoundingMode: rounding,
  groups: whole(1),
  algorithm: oneOf('auto', 'direct', 'winograd'),
};

/**
 * Checks a convolution and works out its sizes.
 *
 * @param inputShape [batch, height, width, channels]
 * @param filterShape [kernelHeight, kernelWidth, channels / groups, filters]
 * @throws {ShapeError} where they do not fit
 */
export function convGeometry(
  inputShape: Shape,
  filterShape: Shape,
  options: ConvOptions,
): ConvGeometry {
  checkRank(inputShape, ['batch', 'height', 'width', 'channels']);
  about('the filter', () =>
    checkRank(filterShape, ['kernelHeight', 'kernelWidth', 'channels / groups', 'filters']),
  );
  const [batch, height, width, channels] = inputShape;
  const [kernelHeight, kernelWidth, groupChannels, filters] = filterShape;
  const groups = checkInteger('groups', options.groups ?? 1);
  if (channels % groups || filters % groups) {
    throw new ValueError(
      `groups ${groups} must divide both the ${channels} channels and the ${filters} filters`,
    );
  }
  if (groupChannels * groups !== channels) {
    throw new ShapeError(
      `the filter ${show(filterShape)} is made for ${groupChannels * groups} channels (${groups} groups of ${groupChannels}), but the input ${show(inputShape)} has ${channels}`,
    );
  }
  const kernelSize = [kernelHeight, kernelWidth] as const;
  const windows = placeWindows(height, width, { ...options, kernelSize }, true);
  const g = { ...windows, batch, height, width, channels, filters, groups };
  const reflected = checkConvPadding(options) === 'reflect';
  return withAlgorithm(reflected ? withReflection(g) : g, options.algorithm);
}

/** @throws {ValueError} for padding that is none, and for a padding mode that there is not, or that has no padding to fill */
export function checkConvPadding(options: ConvOptions): PaddingMode {
  const { padding = 'valid', paddingMode: mode = 'zeros' } = options;
  checkPadding(padding);
  checkValue('paddingMode', mode, paddingMode);
  if (mode === 'zeros' || padding !== 'valid') return mode;
  throw new ValueError(
    `paddingMode 'reflect' needs padding to reflect into: 'same' or pixels, not 'valid'`,
  );
}

/** The same windows on the image with its reflection around it, which is as wide as they see; no padding is left. */
function withReflection(g: Omit<ConvGeometry, 'algorithm'>) {
  const seenHeight =
    (g.outputHeight - 1) * g.strideHeight + (g.kernelHeight - 1) * g.dilationHeight + 1;
  const seenWidth = (g.outputWidth - 1) * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1;
  const bottom = Math.max(0, seenHeight - g.padTop - g.height);
  const right = Math.max(0, seenWidth - g.padLeft - g.width);
  const inputShape = [g.batch, g.height, g.width, g.channels];
  const sides = [
    [g.padTop, bottom],
    [g.padLeft, right],
  ] as const;
  const reflection = placePadding(inputShape, sides, 'reflect');
  const [, height, width] = padOutputShape(reflection);
  return { ...g, height, width, padTop: 0, padLeft: 0, reflection };
}

/** The geometry with the algorithm that was asked for. @throws {ValueError} where that cannot compute it */
export function withAlgorithm(
  geometry: Omit<ConvGeometry, 'algorithm'>,
  algorithm: Algorithm = 'auto',
): ConvGeometry {
  checkValue('algorithm', algorithm, convWords.algorithm);
  const g = { ...geometry, algorithm };
  const misfit = algorithm === 'winograd' ? whyNotWinograd(g) : undefined;
  if (!misfit) return g;
  throw new ValueError(
    `algorithm 'winograd' needs up to 10 taps a side at stride 1 (but not 1×1), or 3 to 10 at stride 2, without dilation and groups, but ${misfit}; use 'auto'`,
  );
}

/** Why Winograd's algorithm cannot compute a convolution; undefined where it can. */
export function whyNotWinograd(g: ConvGeometry): string | undefined {
  if (g.dilationHeight !== 1 || g.dilationWidth !== 1) return 'it is dilated';
  if (g.groups !== 1) return `there are ${g.groups} groups`;
  if (formsOf(g).length) return undefined;
  const isPlain = g.strideHeight * g.strideWidth === 1;
  return isPlain
    ? `the filter is ${g.kernelHeight}×${g.kernelWidth}`
    : `the filter is ${g.kernelHeight}×${g.kernelWidth} at strides ${g.strideHeight}×${g.strideWidth}`;
}

/** [batch, outputHeight, outputWidth, filters]. */
export function convOutputShape(g: ConvGeometry): Shape {
  return [g.batch, g.outputHeight, g.outputWidth, g.filters];
}

/** Along one axis: input positions residue, residue + stride, …, and the taps that reach them. */
interface Residue {
  residue: number;
  /** How many positions. */
  count: number;
  /** How many taps, the highest of them, and the distance from one to the next below. */
  taps: number;
  firstTap: number;
  tapStep: number;
  /** Output position of the first tap for the first position, and from tap to tap. */
  start: number;
  step: number;
}

/** One axis: `side` pixels of the input, `pad` pixels of padding before the first. */
interface Axis {
  readonly side: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pad: number;
}

const axesOf = (g: ConvGeometry): readonly [rows: Axis, columns: Axis] => [
  {
    ...{ side: g.height, kernel: g.kernelHeight, stride: g.strideHeight },
    ...{ dilation: g.dilationHeight, pad: g.padTop },
  },
  {
    ...{ side: g.width, kernel: g.kernelWidth, stride: g.strideWidth },
    ...{ dilation: g.dilationWidth, pad: g.padLeft },
  },
];

/** How many residues of the stride are reached by some tap: taps stride / gcd apart reach the same one. */
function reached({ kernel, stride, dilation }: Axis): number {
  return Math.min(kernel, stride / gcd(stride, dilation));
}

/** The residues of an axis that some tap reaches, in ascending order. */
function residues(axis: Axis): Residue[] {
  const { side, kernel, stride, dilation, pad } = axis;
  const common = gcd(stride, dilation);
  const tapStep = stride / common;
  return Array.from({ length: reached(axis) }, (_, lowest) => {
    // Input position h is tap t of output o where h + pad = o·stride + t·dilation.
    const place = (lowest * dilation - pad) % stride;
    const residue = place < 0 ? place + stride : place;
    const taps = Math.ceil((kernel - lowest) / tapStep);
    const firstTap = lowest + (taps - 1) * tapStep;
    return {
      residue,
      count: Math.ceil((side - residue) / stride),
      taps,
      firstTap,
      tapStep,
      start: (residue + pad - firstTap * dilation) / stride,
      step: dilation / common,
    };
  })
    .filter(({ residue }) => residue < side)
    .sort((a, b) => a.residue - b.residue);
}

/** The whole axis, which no tap reaches. */
const untouched = ({ side }: Axis): Residue => ({
  ...{ residue: 0, count: side, taps: 0, firstTap: 0, tapStep: 1, start: 0, step: 1 },
});

/** One of the convolutions of dy at stride 1 that make dx together: for one residue along each axis. */
export interface BackwardWindows {
  readonly row: Residue;
  readonly column: Residue;
  /** Where its first pixel is in dx, in elements. */
  readonly first: number;
  /** The kernels' fields: windows on dy, and the strides with which dx is written. */
  readonly fields: Readonly<Record<WindowField, number>>;
}

type WindowField = keyof Windows | 'batch' | 'height' | 'width' | 'yImage' | 'yRow' | 'yColumn';

/** How many convolutions `backwardWindows` returns, but for the one without taps. */
export function backwardCount(g: ConvGeometry): number {
  const [rows, columns] = axesOf(g);
  return reached(rows) * reached(columns);
}

/**
 * The convolutions of dy that together make dx. Where there are pixels that no tap reaches, a convolution
 * without taps comes first: it writes all of dx, and the others overwrite their own pixels.
 */
export function backwardWindows(g: ConvGeometry): BackwardWindows[] {
  const [rows, columns] = axesOf(g);
  const across = residues(columns);
  const all = residues(rows).flatMap((row) =>
    across.map((column) => windowsOf(g, row, column, g.strideHeight, g.strideWidth)),
  );
  const wanted = Math.min(g.strideHeight, g.height) * Math.min(g.strideWidth, g.width);
  if (all.length === wanted) return all;
  return [windowsOf(g, untouched(rows), untouched(columns), 1, 1), ...all];
}

function windowsOf(
  g: ConvGeometry,
  row: Residue,
  column: Residue,
  rowStride: number,
  columnStride: number,
): BackwardWindows {
  const { channels } = g;
  return {
    row,
    column,
    first: (row.residue * g.width + column.residue) * channels,
    fields: {
      batch: g.batch,
      height: g.outputHeight,
      width: g.outputWidth,
      kernelHeight: row.taps,
      kernelWidth: column.taps,
      strideHeight: 1,
      strideWidth: 1,
      padTop: -row.start,
      padLeft: -column.start,
      dilationHeight: row.step,
      dilationWidth: column.step,
      outputHeight: row.count,
      outputWidth: column.count,
      yImage: g.height * g.width * channels,
      yRow: rowStride * g.width * channels,
      yColumn: columnStride * channels,
    },
  };
}
