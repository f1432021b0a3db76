// Matrix products, and images as matrices of patches.

import { ShapeError } from '../../base/errors.js';
import { about } from '../../base/naming.js';
import { flag, forwarded, optionsOf } from '../../base/options.js';
import {
  checkRank,
  placeWindows,
  rounding,
  type Shape,
  show,
  type WindowOptions,
} from '../../base/shape.js';
import { argument, callOp, expectShape, recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import * as matrix from './matrix.emit.js';

/** Which operands are stored transposed. */
export interface MatMulOptions {
  transposeA?: boolean;
  transposeB?: boolean;
}

/** a·b for matrices [m, k] and [k, n], or their transposes: [m, n]. */
export function matMul(a: Tensor, b: Tensor, options: MatMulOptions = {}): Tensor {
  const [c] = callOp('matMul', [a, b, options], () => {
    const [va, vb] = [argument('a', a), argument('b', b)];
    const words = { transposeA: flag, transposeB: flag };
    const { transposeA = false, transposeB = false } = optionsOf(options, words);
    about('a', () => checkRank(a.shape, ['rows', 'columns'], 0));
    about('b', () => checkRank(b.shape, ['rows', 'columns'], 0));
    const [m, k] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
    const [kb, n] = transposeB ? [b.shape[1], b.shape[0]] : b.shape;
    if (k !== kb) {
      const flags = `${transposeA ? ', a transposed' : ''}${transposeB ? ', b transposed' : ''}`;
      throw new ShapeError(
        `inner dimensions ${k} and ${kb} of ${show(a.shape)} and ${show(b.shape)} differ${flags}`,
      );
    }
    return recipe([[m, n]], (e, vc) =>
      matrix.matMul(e, vc, va, vb, { m, n, k, transposeA, transposeB }),
    );
  });
  return c;
}

const windowWords = {
  ...forwarded('kernelSize', 'strides', 'padding', 'dilation'),
  dimRoundingMode: rounding,
};

function im2colFields(inputShape: Shape, options: WindowOptions) {
  optionsOf(options, windowWords);
  checkRank(inputShape, ['batch', 'height', 'width', 'channels']);
  const [batch, height, width, channels] = inputShape;
  const windows = placeWindows(height, width, options, true);
  return { ...windows, batch, height, width, channels, pixelChannels: channels };
}

function columnsShape(f: ReturnType<typeof im2colFields>): Shape {
  return [f.batch * f.outputHeight * f.outputWidth, f.kernelHeight * f.kernelWidth * f.channels];
}

/**
 * Patches as the rows of a matrix: [batch·outputHeight·outputWidth, kernelHeight·kernelWidth·channels],
 * so that im2col(x)·filter, the filter as [kernelHeight·kernelWidth·channels, filters], convolves.
 *
 * @param x [batch, height, width, channels]
 */
export function im2col(x: Tensor, options: WindowOptions): Tensor {
  const [columns] = callOp('im2col', [x, options], () => {
    const value = argument('x', x);
    const fields = im2colFields(x.shape, options);
    return recipe([columnsShape(fields)], (e, columns) =>
      e.emit('im2col', { ...fields, columns, x: value }),
    );
  });
  return columns;
}

/**
 * The adjoint of im2col: adds every element of the patch matrix to the pixel it was copied from.
 *
 * @param columns as im2col makes them
 * @param inputShape [batch, height, width, channels] of the image
 */
export function col2im(columns: Tensor, inputShape: Shape, options: WindowOptions): Tensor {
  const [x] = callOp('col2im', [columns, inputShape, options], () => {
    const value = argument('columns', columns);
    const fields = im2colFields(inputShape, options);
    expectShape('columns', columns, columnsShape(fields));
    return recipe([inputShape], (e, x) => e.emit('col2im', { ...fields, x, columns: value }));
  });
  return x;
}
