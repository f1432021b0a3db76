// Depthwise convolution as ops: forward and both gradients, for one filter per channel.

import { type Emitter, none, type Operand, type Value } from './emitter.js';
import { backwardWindows, type ConvGeometry } from './geometry.js';
import { sumInParts } from './matrix.js';

/** The fields of assembly/im2col.ts' Window for all channels at once. */
function windowFields({ groups, filters, algorithm, ...g }: ConvGeometry) {
  return { ...g, pixelChannels: g.channels };
}

/** y = filter ⋆ x + bias, then ReLU if `rectify`. */
export function depthwiseForward(
  e: Emitter,
  y: Value,
  x: Value,
  filter: Value,
  bias: Operand,
  g: ConvGeometry,
  rectify: boolean,
): void {
  const yRow = g.outputWidth * g.channels;
  e.emit('depthwise', {
    ...windowFields(g),
    y,
    x,
    filter,
    bias,
    yImage: g.outputHeight * yRow,
    yRow,
    yColumn: g.channels,
    rectify: rectify ? 1 : 0,
    firstTap: 0,
    tapRow: g.kernelWidth,
    tapColumn: 1,
  });
}

/** dx: for each residue of input pixels, a convolution of dy with the taps that reach them, flipped. */
export function depthwiseBackwardInput(
  e: Emitter,
  dx: Value,
  dy: Value,
  filter: Value,
  g: ConvGeometry,
): void {
  for (const { row, column, first, fields } of backwardWindows(g)) {
    e.emit('depthwise', {
      ...fields,
      pixelChannels: g.channels,
      channels: g.channels,
      y: dx.view(dx.shape, first),
      x: dy,
      filter,
      bias: none,
      rectify: 0,
      firstTap: row.firstTap * g.kernelWidth + column.firstTap,
      tapRow: -row.tapStep * g.kernelWidth,
      tapColumn: -column.tapStep,
    });
  }
}

/** Lines of outputs that one partial sum takes at least. */
const SPLIT_LINES = 64;

/** dw: each tap's products with dy, summed over all pixels. */
export function depthwiseBackwardFilter(
  e: Emitter,
  dw: Value,
  x: Value,
  dy: Value,
  g: ConvGeometry,
): void {
  const lines = g.batch * g.outputHeight;
  sumInParts(e, dw, lines, SPLIT_LINES, (partials, splits) =>
    e.emit('depthwiseGradient', { ...windowFields(g), partials, x, dy, splits }),
  );
}
