// Depthwise convolution as ops: forward and both gradients, for one filter per channel.

import { type Emitter, none, type Operand, type Value } from './emitter.js';
import { type ConvGeometry, residues } from './geometry.js';

const flag = (value: boolean): number => (value ? 1 : 0);

/** The fields of assembly/im2col.ts' Window for all channels at once. */
function windowFields({ groups, filters, ...g }: ConvGeometry) {
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
    rectify: flag(rectify),
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
  const { channels } = g;
  for (const row of residues(
    g.height,
    g.kernelHeight,
    g.strideHeight,
    g.dilationHeight,
    g.padTop,
  )) {
    for (const column of residues(
      g.width,
      g.kernelWidth,
      g.strideWidth,
      g.dilationWidth,
      g.padLeft,
    )) {
      const first = (row.residue * g.width + column.residue) * channels;
      e.emit('depthwise', {
        batch: g.batch,
        height: g.outputHeight,
        width: g.outputWidth,
        pixelChannels: channels,
        channels,
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
        y: dx.view(dx.shape, first),
        x: dy,
        filter,
        bias: none,
        yImage: g.height * g.width * channels,
        yRow: g.strideHeight * g.width * channels,
        yColumn: g.strideWidth * channels,
        rectify: 0,
        firstTap: row.firstTap * g.kernelWidth + column.firstTap,
        tapRow: -row.tapStep * g.kernelWidth,
        tapColumn: -column.tapStep,
      });
    }
  }
}

/** Lines of outputs that one partial sum takes at least. */
const SPLIT_LINES = 64;

/** dw, in partial sums whose number depends on the shape alone. */
export function depthwiseBackwardFilter(
  e: Emitter,
  dw: Value,
  x: Value,
  dy: Value,
  g: ConvGeometry,
): void {
  const lines = g.batch * g.outputHeight;
  const splits = Math.min(16, Math.max(1, Math.floor(lines / SPLIT_LINES)));
  const partials = splits === 1 ? dw : e.value([splits, ...dw.shape]);
  e.emit('depthwiseGradient', { ...windowFields(g), partials, x, dy, splits });
  if (splits > 1) e.emit('sumPartials', { y: dw, partials, splits, count: dw.size });
}
