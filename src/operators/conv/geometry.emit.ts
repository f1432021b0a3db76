// How a convolution lies on its input: its one check, its sizes, and which taps reach which pixels.

import { ShapeError, ValueError } from '../../base/errors.js';
import {
  checkInteger,
  checkRank,
  placeWindows,
  type Shape,
  show,
  type WindowOptions,
  type Windows,
} from '../../base/shape.js';
import {
  checkPaddingMode,
  type PaddingMode,
  type PadGeometry,
  padOutputShape,
  placePadding,
} from '../spatial/pad.emit.js';

/** A convolution with all its sizes: NHWC input, HWIO filter [kh, kw, channels / groups, filters]. */
export interface ConvGeometry extends Windows {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly filters: number;
  readonly groups: number;
  readonly algorithm: Algorithm;
  /** Where the image is reflected at its border: how. All else is then of the padded image. */
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
   * How it is computed: 'direct' sums products as they come; 'winograd', for 3×3 filters at stride 1,
   * multiplies a quarter as often and rounds about twice as coarsely, and an outlier, NaN or infinity
   * tells on all of the 4×4 outputs next to it; 'auto' (the default) takes the faster one.
   */
  algorithm?: Algorithm;
}

/** The words of `ConvOptions`. */
export const convWords = [
  'strides',
  'padding',
  'paddingMode',
  'dilation',
  'dimRoundingMode',
  'groups',
  'algorithm',
];

/**
 * Checks a convolution and works out its sizes.
 *
 * @param inputShape [batch, height, width, channels]
 * @param filterShape [kernelHeight, kernelWidth, channels / groups, filters]
 * @throws {ShapeError} where they do not fit
 */
export function convGeometry(
  where: string,
  inputShape: Shape,
  filterShape: Shape,
  options: ConvOptions,
): ConvGeometry {
  checkRank(where, inputShape, ['batch', 'height', 'width', 'channels']);
  checkRank(`${where}: the filter`, filterShape, [
    'kernelHeight',
    'kernelWidth',
    'channels / groups',
    'filters',
  ]);
  const [batch, height, width, channels] = inputShape;
  const [kernelHeight, kernelWidth, groupChannels, filters] = filterShape;
  const groups = checkInteger(where, 'groups', options.groups ?? 1);
  if (channels % groups || filters % groups) {
    throw new ValueError(
      `${where}: groups ${groups} must divide both the ${channels} channels and the ${filters} filters`,
    );
  }
  if (groupChannels * groups !== channels) {
    throw new ShapeError(
      `${where}: the filter ${show(filterShape)} is made for ${groupChannels * groups} channels (${groups} groups of ${groupChannels}), but the input ${show(inputShape)} has ${channels}`,
    );
  }
  const kernelSize = [kernelHeight, kernelWidth] as const;
  const windows = placeWindows(where, height, width, { ...options, kernelSize }, true);
  const g = { ...windows, batch, height, width, channels, filters, groups };
  const reflected = checkConvPadding(where, options) === 'reflect';
  return withAlgorithm(where, reflected ? withReflection(where, g) : g, options.algorithm);
}

/** @throws {ValueError} for a padding mode that there is not, or that has no padding to fill */
export function checkConvPadding(where: string, options: ConvOptions): PaddingMode {
  const { padding = 'valid', paddingMode = 'zeros' } = options;
  if (checkPaddingMode(where, 'paddingMode', paddingMode) === 'zeros' || padding !== 'valid') {
    return paddingMode;
  }
  throw new ValueError(
    `${where}: paddingMode 'reflect' needs padding to reflect into: 'same' or pixels, not 'valid'`,
  );
}

/** The same windows on the image with its reflection around it: as far as they see, and no padding left. */
function withReflection(where: string, g: Omit<ConvGeometry, 'algorithm'>) {
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
  const reflection = placePadding(where, inputShape, sides, 'reflect');
  const [, height, width] = padOutputShape(reflection);
  return { ...g, height, width, padTop: 0, padLeft: 0, reflection };
}

/** @throws {ValueError} for an algorithm that there is not */
export function checkAlgorithm(where: string, algorithm: Algorithm = 'auto'): void {
  if (['auto', 'direct', 'winograd'].includes(algorithm)) return;
  throw new ValueError(
    `${where}: algorithm must be 'auto', 'direct' or 'winograd', not ${algorithm}`,
  );
}

/** The geometry with the algorithm that was asked for. @throws {ValueError} where it does not fit */
export function withAlgorithm(
  where: string,
  geometry: Omit<ConvGeometry, 'algorithm'>,
  algorithm: Algorithm = 'auto',
): ConvGeometry {
  checkAlgorithm(where, algorithm);
  const g = { ...geometry, algorithm };
  const misfit = algorithm === 'winograd' ? whyNotWinograd(g) : undefined;
  if (!misfit) return g;
  throw new ValueError(
    `${where}: algorithm 'winograd' needs 3×3 filters at stride 1 without dilation and groups, but ${misfit}; use 'auto'`,
  );
}

/** Why Winograd's algorithm cannot compute a convolution; undefined where it can. */
export function whyNotWinograd(g: ConvGeometry): string | undefined {
  if (g.kernelHeight !== 3 || g.kernelWidth !== 3) {
    return `the filter is ${g.kernelHeight}×${g.kernelWidth}`;
  }
  if (g.strideHeight !== 1 || g.strideWidth !== 1) {
    return `the strides are ${g.strideHeight}×${g.strideWidth}`;
  }
  if (g.dilationHeight !== 1 || g.dilationWidth !== 1) return 'it is dilated';
  return g.groups === 1 ? undefined : `there are ${g.groups} groups`;
}

/** [batch, outputHeight, outputWidth, filters]. */
export function convOutputShape(g: ConvGeometry): Shape {
  return [g.batch, g.outputHeight, g.outputWidth, g.filters];
}

/** Along one axis: the input positions residue, residue + stride, …, and the taps that reach them. */
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

const gcd = (a: number, b: number): number => (b ? gcd(b, a % b) : a);

/** The residues of an axis. @param pad pixels before the first */
function residues(
  side: number,
  kernel: number,
  stride: number,
  dilation: number,
  pad: number,
): Residue[] {
  const common = gcd(stride, dilation);
  const tapStep = stride / common;
  return Array.from({ length: Math.min(stride, side) }, (_, residue) => {
    // Input position h is tap t of output o where h + pad = o·stride + t·dilation.
    const taps = Array.from({ length: kernel }, (_, tap) => tap).filter(
      (tap) => (residue + pad - tap * dilation) % stride === 0,
    );
    const firstTap = taps.at(-1) ?? 0;
    return {
      residue,
      count: Math.ceil((side - residue) / stride),
      taps: taps.length,
      firstTap,
      tapStep,
      start: taps.length ? (residue + pad - firstTap * dilation) / stride : 0,
      step: dilation / common,
    };
  });
}

/** One of the convolutions of dy at stride 1 that make up dx: for one residue along each axis. */
export interface BackwardWindows {
  readonly row: Residue;
  readonly column: Residue;
  /** Where its first pixel is in dx, in elements. */
  readonly first: number;
  /** The kernels' fields: windows on dy, and the strides with which dx is written. */
  readonly fields: Readonly<Record<WindowField, number>>;
}

type WindowField = keyof Windows | 'batch' | 'height' | 'width' | 'yImage' | 'yRow' | 'yColumn';

/** The convolutions of dy that together make dx. */
export function backwardWindows(g: ConvGeometry): BackwardWindows[] {
  const { channels } = g;
  const rows = residues(g.height, g.kernelHeight, g.strideHeight, g.dilationHeight, g.padTop);
  const columns = residues(g.width, g.kernelWidth, g.strideWidth, g.dilationWidth, g.padLeft);
  return rows.flatMap((row) =>
    columns.map((column) => ({
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
        yRow: g.strideHeight * g.width * channels,
        yColumn: g.strideWidth * channels,
      },
    })),
  );
}
