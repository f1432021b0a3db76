// Convolution with its three gradients. Images are NHWC, filters HWIO.

import { ShapeError } from '../../base/errors.js';
import { forwarded, optionsOf } from '../../base/options.js';
import { type Shape, show } from '../../base/shape.js';
import { type ActivationName, checkActivation } from '../../network/activation.js';
import { none } from '../../program/emitter.js';
import { argument, callOp, expectShape, recipe, withoutOptions } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import { activationForward } from '../activation/activation.emit.js';
import * as matrix from '../dense/matrix.emit.js';
import * as conv from './conv.emit.js';
import { type ConvOptions, convGeometry, convOutputShape, convWords } from './geometry.emit.js';

/** How a convolution lies on its input, and what follows it. */
export interface Conv2dOptions extends ConvOptions {
  /** [filters], added to every pixel. */
  bias?: Tensor;
  /** Shaped like the result, added to it before the activation: what a residual block needs. */
  residual?: Tensor;
  /** 'linear' by default. */
  activation?: ActivationName;
}

/**
 * Convolution as networks have it, a cross-correlation: y(i, j) = bias + residual(i, j) + Σ filter·patch.
 *
 * @param x [batch, height, width, channels]
 * @param filter [kernelHeight, kernelWidth, channels / groups, filters]
 * @returns [batch, outputHeight, outputWidth, filters]
 */
export function conv2d(x: Tensor, filter: Tensor, options: Conv2dOptions = {}): Tensor {
  const [y] = callOp('conv2d', [x, filter, options], () => {
    const [vx, vf] = [argument('x', x), argument('filter', filter)];
    optionsOf(options, {
      ...convWords,
      ...forwarded('bias', 'residual', 'activation'),
    });
    const activation = checkActivation(options.activation ?? 'linear');
    const g = convGeometry(x.shape, filter.shape, options);
    const bias = options.bias ? argument('bias', options.bias) : none;
    if (options.bias) expectShape('bias', options.bias, [g.filters]);
    const residual = options.residual ? argument('residual', options.residual) : none;
    if (options.residual) expectShape('residual', options.residual, convOutputShape(g));
    return recipe([convOutputShape(g)], (e, vy) => {
      conv.convForward(e, vy, vx, vf, g, { bias, residual, rectify: activation === 'relu' });
      if (activation !== 'linear' && activation !== 'relu')
        activationForward(e, activation, vy, vy);
    });
  });
  return y;
}

/**
 * The gradient of conv2d for its input.
 *
 * @param dy [batch, outputHeight, outputWidth, filters]
 * @param inputShape that of x
 */
export function conv2dBackwardInput(
  dy: Tensor,
  filter: Tensor,
  inputShape: Shape,
  options: ConvOptions = {},
): Tensor {
  const [dx] = callOp('conv2dBackwardInput', [dy, filter, inputShape, options], () => {
    const [vdy, vf] = [argument('dy', dy), argument('filter', filter)];
    optionsOf(options, convWords);
    const g = convGeometry(inputShape, filter.shape, options);
    expectShape('dy', dy, convOutputShape(g));
    return recipe([inputShape], (e, vdx) => conv.convBackwardInput(e, vdx, vdy, vf, g));
  });
  return dx;
}

/**
 * The gradient of conv2d for its filter.
 *
 * @param x [batch, height, width, channels]
 * @param dy [batch, outputHeight, outputWidth, filters]
 * @param filterShape that of the filter
 */
export function conv2dBackwardFilter(
  x: Tensor,
  dy: Tensor,
  filterShape: Shape,
  options: ConvOptions = {},
): Tensor {
  const [dw] = callOp('conv2dBackwardFilter', [x, dy, filterShape, options], () => {
    const [vx, vdy] = [argument('x', x), argument('dy', dy)];
    optionsOf(options, convWords);
    const g = convGeometry(x.shape, filterShape, options);
    expectShape('dy', dy, convOutputShape(g));
    return recipe([filterShape], (e, vdw) => conv.convBackwardFilter(e, vdw, vx, vdy, g));
  });
  return dw;
}

/** The gradient of a bias: dy [..., channels] summed over all but the last dimension: [channels]. */
export const biasBackward = withoutOptions('biasBackward', (dy: Tensor): Tensor => {
  const [db] = callOp('biasBackward', [dy], () => {
    const value = argument('dy', dy);
    const channels = dy.shape.at(-1);
    if (!channels) throw new ShapeError(`dy must be [..., channels], not ${show(dy.shape)}`);
    return recipe([[channels]], (e, vdb) =>
      matrix.sumRows(e, vdb, value, dy.size / channels, channels),
    );
  });
  return db;
});
