// Convolution by Winograd's algorithm as ops. forms.emit.ts has the forms, choice.emit.ts which is fastest.

import { GAP } from '../../../bindings/constants.js';
import { type Emitter, none, type Operand, type Value } from '../../program/emitter.js';
import { panelSize, sumInParts } from '../dense/matrix.emit.js';
import { type PadGeometry, placePadding } from '../spatial/pad.emit.js';
import type { Epilogue } from './epilogue.emit.js';
import { type Form, partsOf, pointsOf, type Work } from './forms.emit.js';
import type { BackwardWindows, ConvGeometry } from './geometry.emit.js';

/** One convolution, forward or of the gradient: of what images, with which padding, to where. */
export interface Pass extends Work {
  readonly padTop: number;
  readonly padLeft: number;
  /** Floats from an image, a line and a pixel of the result to the next. */
  readonly yImage: number;
  readonly yRow: number;
  readonly yColumn: number;
  /** Where its taps are among the filter's, of which each has `tapRow` numbers in a row. */
  readonly taps: {
    readonly tapRow: number;
    readonly firstRow: number;
    readonly rowStep: number;
    readonly firstColumn: number;
    readonly columnStep: number;
    readonly flip: boolean;
  };
}

/** A convolution as these kernels see its images. */
export interface Images extends ConvGeometry {
  /** Numbers in a row of a filter's taps. */
  readonly tapRow: number;
  /** What is put around the image, where two pixels of it side by side are seen as one. */
  readonly pairing?: PadGeometry;
}

/** The images as they are. */
export const imagesOf = (g: ConvGeometry): Images => ({ ...g, tapRow: g.kernelWidth * g.channels });

/**
 * The images in pairs of pixels, where they have few channels and the convolution a horizontal stride of 2, else none:
 * those of a pair fill vectors better, and what is left has a stride of 1. The image is copied, so that pairs begin
 * where windows do.
 */
export function pairsOf(g: ConvGeometry): Images | undefined {
  const { batch, height, width, channels, kernelWidth, padLeft } = g;
  if (2 * channels > LANES || g.strideWidth !== 2 || kernelWidth < 3) return undefined;
  const right = (padLeft + width) % 2;
  const sides = [
    [0, 0],
    [padLeft, right],
  ] as const;
  return {
    ...imagesOf(g),
    ...{ channels: 2 * channels, width: (padLeft + width + right) / 2, padLeft: 0 },
    ...{ kernelWidth: Math.ceil(kernelWidth / 2), strideWidth: 1 },
    pairing: placePadding([batch, height, width, channels], sides, 'zeros'),
  };
}

/** Channels that are transformed together. */
const LANES = 8;

/** The forward pass. */
export function forwardPass(g: Images): Pass {
  const { outputHeight: yHeight, outputWidth: yWidth, filters, tapRow } = g;
  const yRow = yWidth * filters;
  return {
    ...g,
    ...{ yHeight, yWidth, yImage: yHeight * yRow, yRow, yColumn: filters },
    depth: g.kernelHeight * tapRow,
    taps: {
      ...{ tapRow, flip: false },
      ...{ firstRow: 0, rowStep: 1, firstColumn: 0, columnStep: 1 },
    },
  };
}

/** One of the convolutions of dy that make dx: its filters are turned round, and channels are filters. */
export function backwardPass(g: Images, { row, column, fields }: BackwardWindows): Pass {
  const { batch, height, width, padTop, padLeft, yImage, yRow, yColumn } = fields;
  return {
    ...{ batch, height, width, padTop, padLeft, yImage, yRow, yColumn },
    ...{ channels: g.filters, filters: g.channels, yHeight: row.count, yWidth: column.count },
    ...{ kernelHeight: row.taps, kernelWidth: column.taps, strideHeight: 1, strideWidth: 1 },
    depth: row.taps * column.taps * g.filters,
    taps: {
      ...{ tapRow: g.tapRow, flip: true },
      ...{ firstRow: row.firstTap, rowStep: -row.tapStep },
      ...{ firstColumn: column.firstTap, columnStep: -column.tapStep },
    },
  };
}

/** The fields of `Window` in assembly/conv/im2col.ts, as assembly/winograd/form.ts reads them. */
function patchFields(pass: Pass, { rows, columns }: Form) {
  const { batch, height, width, channels, padTop, padLeft, yHeight, yWidth } = pass;
  return {
    batch,
    height,
    width,
    pixelChannels: channels,
    channels,
    kernelHeight: rows.taps,
    kernelWidth: columns.taps,
    strideHeight: rows.outputs * rows.stride,
    strideWidth: columns.outputs * columns.stride,
    padTop,
    padLeft,
    dilationHeight: rows.stride,
    dilationWidth: columns.stride,
    outputHeight: Math.ceil(yHeight / rows.outputs),
    outputWidth: Math.ceil(yWidth / columns.outputs),
  };
}

/** y, and what `after` says. */
export function winogradPass(
  e: Emitter,
  y: Value,
  x: Value,
  filter: Value,
  pass: Pass,
  form: Form,
  { bias = none, residual = none, rectify = false }: Epilogue,
): void {
  const { channels, filters, yHeight, yWidth, yImage, yRow, yColumn } = pass;
  const { flip, ...taps } = pass.taps;
  const [inputs, outputs] = flip ? [filters, channels] : [channels, filters];
  const { rows, columns } = form;
  const planes = pointsOf(rows) * pointsOf(columns);
  const depth = partsOf(rows) * partsOf(columns) * channels;
  const most = e.keepsForms ? filters : columnsAtOnce(planes * depth);
  // Without the zeros of a filter of pairs whose width is odd.
  const row = Math.min(columns.taps * inputs, taps.tapRow);
  const multiplyAdds = pass.batch * yHeight * yWidth * rows.taps * row * outputs;
  for (let first = 0; first < filters; first += most) {
    const count = Math.min(most, filters - first);
    const part = (all: Operand): Operand => (all === none ? none : all.view([count], first));
    const packed = e.form(filter, [planes, panelSize(depth, count) + GAP], (to, packed) =>
      to.emit('winogradFilter', {
        ...{ packed, filter, ...taps, channels: inputs, filters: outputs, flip: flip ? 1 : 0 },
        ...{ kernelHeight: rows.taps, strideHeight: rows.stride, outputsHeight: rows.outputs },
        ...{
          kernelWidth: columns.taps,
          strideWidth: columns.stride,
          outputsWidth: columns.outputs,
        },
        ...{ first, columns: count },
      }),
    );
    const args = {
      ...patchFields(pass, form),
      y: part(y),
      x,
      packed,
      bias: part(bias),
      residual: part(residual),
      filters: count,
      yHeight,
      yWidth,
      yImage,
      yRow,
      yColumn,
      rectify: rectify ? 1 : 0,
    };
    e.emit('winograd', args, { multiplyAdds: (multiplyAdds * count) / filters });
  }
}

/** Floats of transformed filters that are still in cache when they are multiplied with: 9 MiB. */
const AT_ONCE = 9 << 18;

/** How many filters are transformed together, where that is done in each run: whole panels. */
const columnsAtOnce = (floats: number): number =>
  Math.max(64, Math.floor(AT_ONCE / floats / 64) * 64);

/** Patches that one partial sum of a filter gradient takes at least. */
const SPLIT_PATCHES = 80;

/** dw = patches(x)ᵀ·dy. */
export function winogradBackwardFilter(
  e: Emitter,
  dw: Value,
  x: Value,
  dy: Value,
  pass: Pass,
  form: Form,
): void {
  const { filters, yHeight, yWidth } = pass;
  const { tapRow } = pass.taps;
  const patches = patchFields(pass, form);
  const count = pass.batch * patches.outputHeight * patches.outputWidth;
  sumInParts(e, dw, count, SPLIT_PATCHES, (partials, splits) =>
    e.emit('winogradBackwardFilter', {
      ...patches,
      partials,
      x,
      dy,
      tapRow,
      filters,
      yHeight,
      yWidth,
      splits,
    }),
  );
}
