// Transposed convolution as ops. Its forward pass is the gradient of a convolution for the input, its own gradient for
// the input is that convolution's forward pass, and in the gradient of the filter x and dy change roles.

import { ShapeError, ValueError } from '../../base/errors.js';
import { about } from '../../base/naming.js';
import { any } from '../../base/options.js';
import {
  checkPadding,
  checkRank,
  type Pair,
  pair,
  pairOf,
  placeWindows,
  type Shape,
  show,
  type WindowOptions,
} from '../../base/shape.js';
import type { Emitter, Operand, Value } from '../../program/emitter.js';
import { convBackwardFilter, convBackwardInput, convForward } from '../conv/conv.emit.js';
import {
  type Algorithm,
  type ConvGeometry,
  convWords,
  withAlgorithm,
} from '../conv/geometry.emit.js';
import { sumRows } from '../dense/matrix.emit.js';

/** How a transposed convolution lies on its output. */
export interface ConvTransposeOptions
  extends Omit<WindowOptions, 'kernelSize' | 'dimRoundingMode'> {
  /**
   * Pixels that the output has at the bottom and right beyond (side − 1)·stride + kernel − padding, where 'same' is
   * a padding of half a kernel, rounded down, at both ends. They must be fewer than the stride; with padding other
   * than 'same', fewer than the larger of stride and dilation (PyTorch's rule). Without it sides are Keras's:
   * side·stride for 'same', else (side − 1)·stride + max(kernel, stride) less the padding.
   */
  outputPadding?: Pair;
  /** How it is computed: see `ConvOptions`. */
  algorithm?: Algorithm;
}

/** The words of `ConvTransposeOptions`. */
export const convTransposeWords = {
  strides: pair(),
  padding: any,
  dilation: pair(),
  outputPadding: pair(0),
  algorithm: convWords.algorithm,
};

/**
 * Checks a transposed convolution, and returns the sizes of the convolution whose backward pass it is.
 *
 * @param inputShape [batch, height, width, channels]
 * @param filterShape [kernelHeight, kernelWidth, filters, channels]
 * @returns the convolution's geometry: its image is the output here, its filters the channels
 * @throws {ShapeError} where they do not fit
 * @throws {ValueError} for options that make no sense
 */
export function convTransposeGeometry(
  inputShape: Shape,
  filterShape: Shape,
  options: ConvTransposeOptions,
): ConvGeometry {
  checkRank(inputShape, ['batch', 'height', 'width', 'channels']);
  about('the filter', () =>
    checkRank(filterShape, ['kernelHeight', 'kernelWidth', 'filters', 'channels']),
  );
  const [batch, , , channels] = inputShape;
  const [kernelHeight, kernelWidth, filters, filterChannels] = filterShape;
  if (filterChannels !== channels) {
    throw new ShapeError(
      `the filter ${show(filterShape)} is made for ${filterChannels} channels, but the input ${show(inputShape)} has ${channels}`,
    );
  }
  const [height, width] = outputSides(inputShape, filterShape, options);
  const kernelSize = [kernelHeight, kernelWidth] as const;
  const windows = placeWindows(height, width, { ...options, kernelSize }, false);
  // As many windows as there are pixels, even where the output's padding has room for one more.
  const [, outputHeight, outputWidth] = inputShape;
  const sizes = { batch, height, width, outputHeight, outputWidth, groups: 1 };
  const g = { ...windows, ...sizes, channels: filters, filters: channels };
  return withAlgorithm(g, options.algorithm);
}

/** [outputHeight, outputWidth]: sides with as many windows as the input has pixels. */
function outputSides(
  inputShape: Shape,
  filterShape: Shape,
  options: ConvTransposeOptions,
): number[] {
  const strides = pairOf('strides', options.strides ?? 1);
  const dilation = pairOf('dilation', options.dilation ?? 1);
  const padding = checkPadding(options.padding ?? 'valid');
  const { outputPadding } = options;
  const added = outputPadding === undefined ? [] : pairOf('outputPadding', outputPadding, 0);
  return ['height', 'width'].map((name, axis) => {
    const [side, stride] = [inputShape[1 + axis], strides[axis]];
    const more: number | undefined = added[axis];
    const extent = (filterShape[axis] - 1) * dilation[axis] + 1;
    const most = padding === 'same' ? stride : Math.max(stride, dilation[axis]);
    if (more !== undefined && more >= most) {
      const rule =
        padding === 'same'
          ? `the stride with padding 'same', which is ${stride}`
          : `the stride or the dilation, which are ${stride} and ${dilation[axis]}`;
      throw new ValueError(`outputPadding ${more} must be less than ${rule}`);
    }
    if (padding === 'same') {
      if (more === undefined) return side * stride;
      if (more + (extent % 2) > 0) return (side - 1) * stride + (extent % 2) + more;
      throw new ValueError(
        `with padding 'same' a kernel of even ${name} ${extent} needs outputPadding of at least 1, or none, not 0`,
      );
    }
    const [before, after] = padding[axis];
    const whole = (side - 1) * stride + extent + (more ?? Math.max(0, stride - extent));
    if (before + after < whole) return whole - before - after;
    throw new ShapeError(
      `padding takes ${before + after} pixels from the output's ${name}, which has ${whole}`,
    );
  });
}

/** [batch, outputHeight, outputWidth, filters]. */
export function convTransposeOutputShape(g: ConvGeometry): Shape {
  return [g.batch, g.height, g.width, g.channels];
}

/** y = bias + every pixel of x times the filter, added up where they lie; then ReLU if `rectify`. */
export function convTransposeForward(
  e: Emitter,
  y: Value,
  x: Value,
  filter: Value,
  bias: Operand,
  g: ConvGeometry,
  rectify: boolean,
): void {
  convBackwardInput(e, y, x, filter, g, { bias, rectify });
}

/** dx. */
export function convTransposeBackwardInput(
  e: Emitter,
  dx: Value,
  dy: Value,
  filter: Value,
  g: ConvGeometry,
): void {
  convForward(e, dx, dy, filter, g);
}

/** dw. */
export function convTransposeBackwardFilter(
  e: Emitter,
  dw: Value,
  x: Value,
  dy: Value,
  g: ConvGeometry,
): void {
  convBackwardFilter(e, dw, dy, x, g);
}

/** db = dy summed over all pixels. */
export function convTransposeBackwardBias(e: Emitter, db: Value, dy: Value, g: ConvGeometry): void {
  sumRows(e, db, dy, g.batch * g.height * g.width, g.channels);
}
