// True convolution of one signal or image with another, and cross-correlation.

import { ShapeError, ValueError } from '../../base/errors.js';
import { about, naming } from '../../base/naming.js';
import { oneOf, optionsOf } from '../../base/options.js';
import { checkShape, type Padding, show } from '../../base/shape.js';
import { shown } from '../../base/shown.js';
import { argument, callOp, recipe } from '../../tensor/eager.js';
import { Tensor } from '../../tensor/tensor.js';
import { convForward } from './conv.emit.js';
import { convGeometry } from './geometry.emit.js';

/**
 * Which part of the result is wanted, along each axis, for x of side N and h of side M. 'full' is all of it, N + M − 1
 * numbers. 'same' is N of them from ⌊(M − 1) / 2⌋ on: the middle, or the earlier of two middles for even M. 'valid' is
 * the N − M + 1 for which h lies wholly within x.
 */
export type ConvolveMode = 'full' | 'same' | 'valid';

/** How far x and h overlap. */
export interface ConvolveOptions {
  /** 'full' by default, of both functions, as in SciPy; NumPy's correlate has 'valid'. */
  mode?: ConvolveMode;
}

/**
 * True convolution, where the filter is turned round: y(i) = Σ h(k)·x(i − k), in one or two dimensions,
 * with zeros around x. It is scipy.signal.convolve2d, which however exchanges x and h for 'valid' where h is
 * the larger one; numpy.convolve exchanges them for 'same' too.
 *
 * The gradients of mode 'full' are dx = correlate(dy, h, { mode: 'valid' }) and
 * dh = correlate(dy, x, { mode: 'valid' }).
 *
 * @param x [steps] or [height, width]
 * @param h as many dimensions
 * @throws {ShapeError} for h larger than x in mode 'valid'
 */
export function convolve(x: Tensor, h: Tensor, options: ConvolveOptions = {}): Tensor {
  naming('convolve', () => argument('h', h));
  const turned = Tensor.from(h.numbers.slice().reverse(), h.shape);
  try {
    return slide('convolve', x, turned, options);
  } finally {
    turned.dispose();
  }
}

/**
 * Cross-correlation, where the filter lies as it is: y(i) = Σ h(k)·x(i + k), which is convolve with h turned
 * round, and of that the same part in each mode. It is numpy.correlate, but x and h are never exchanged.
 * For even sides, conv2d's padding 'same' begins one later than this 'same'.
 *
 * @param x [steps] or [height, width]
 * @param h as many dimensions
 * @throws {ShapeError} for h larger than x in mode 'valid'
 */
export function correlate(x: Tensor, h: Tensor, options: ConvolveOptions = {}): Tensor {
  return slide('correlate', x, h, options);
}

/** y(i) = Σ h(k)·x(i + k); the mode says where i begins and ends. */
function slide(name: string, x: Tensor, h: Tensor, options: ConvolveOptions): Tensor {
  const [y] = callOp(name, [x, h, options], () => {
    const [vx, vh] = [argument('x', x), argument('h', h)];
    const { mode = 'full' } = optionsOf(options, {
      mode: oneOf('full', 'same', 'valid'),
    });
    const [image, kernel] = [plane('x', x), plane('h', h)];
    if (x.shape.length !== h.shape.length) {
      throw new ShapeError(
        `x and h must have as many dimensions, not ${show(x.shape)} and ${show(h.shape)}`,
      );
    }
    if (mode === 'valid' && kernel.some((side, axis) => side > image[axis])) {
      throw new ShapeError(
        `in mode 'valid' h must lie within x, but h is ${show(h.shape)} and x ${show(x.shape)}; use mode 'full' or 'same', or exchange them`,
      );
    }
    const [from, window] = isExchanged(x, h, mode) ? [kernel, image] : [image, kernel];
    const padding: Padding = [paddingOf(mode, window[0]), paddingOf(mode, window[1])];
    const g = convGeometry([1, ...from, 1], [...window, 1, 1], { padding });
    const sides = [g.outputHeight, g.outputWidth].slice(-x.shape.length);
    return recipe([sides], (e, vy) =>
      from === image ? convForward(e, vy, vx, vh, g) : convForward(e, vy, vh, vx, g),
    );
  });
  if (isExchanged(x, h, options.mode)) y.numbers.reverse();
  return y;
}

/**
 * Whether x slides over h: in mode 'full' that gives the same numbers in reverse order, and a window as large as the
 * larger of both would read mostly zeros.
 */
const isExchanged = (x: Tensor, h: Tensor, mode: ConvolveMode = 'full'): boolean =>
  mode === 'full' && h.size > x.size;

/** Height and width; a signal is a plane of one line. */
function plane(name: string, { shape }: Tensor): [number, number] {
  about(name, () => checkShape(shape, 1));
  if (shape.length === 1) return [1, shape[0]];
  if (shape.length === 2) return [shape[0], shape[1]];
  throw new ShapeError(
    `${name} must be [steps] or [height, width], not ${show(shape)}; for images with channels there is conv2d`,
  );
}

/** Zeros before and after x, for h of a side. */
function paddingOf(mode: ConvolveMode, side: number): [number, number] {
  const rest = side - 1;
  if (mode === 'full') return [rest, rest];
  if (mode === 'same') return [Math.ceil(rest / 2), Math.floor(rest / 2)];
  if (mode === 'valid') return [0, 0];
  throw new ValueError(`mode must be 'full', 'same' or 'valid', not ${shown(mode)}`);
}
