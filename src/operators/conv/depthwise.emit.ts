// Depthwise convolution as ops: forward and both gradients, for one filter per channel.

import { MOST_PIXELS } from '../../../bindings/constants.js';
import type { Emitter, Operand, Value } from '../../program/emitter.js';
import { sumInParts } from '../dense/matrix.emit.js';
import { backwardWindows, type ConvGeometry } from './geometry.emit.js';

/** Whether there is one filter for each channel, and the kernel fits a block of pixels; others are left to `conv`. */
export function isDepthwise(g: ConvGeometry): boolean {
  const height = (g.kernelHeight - 1) * g.dilationHeight + 1;
  const width = (g.kernelWidth - 1) * g.dilationWidth + g.strideWidth;
  const single = g.groups > 1 && g.groups === g.channels && g.groups === g.filters;
  return single && height * width <= MOST_PIXELS;
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
    ...g,
    pixelChannels: g.channels,
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
  bias: Operand,
  rectify: boolean,
): void {
  for (const { row, column, first, fields } of backwardWindows(g)) {
    e.emit('depthwise', {
      ...fields,
      pixelChannels: g.channels,
      channels: g.channels,
      y: dx.view(dx.shape, first),
      x: dy,
      filter,
      bias,
      rectify: rectify ? 1 : 0,
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
    e.emit('depthwiseBackwardFilter', { ...g, pixelChannels: g.channels, partials, x, dy, splits }),
  );
}
