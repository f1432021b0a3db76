// Transposed convolution with its gradients. Images are NHWC, filters [kernelHeight, kernelWidth,
// filters, channels].

import { forwarded, optionsOf } from '../../base/options.js';
import type { Shape } from '../../base/shape.js';
import { type ActivationName, checkActivation } from '../../network/activation.js';
import { none } from '../../program/emitter.js';
import { argument, callOp, expectShape, recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import { activationForward } from '../activation/activation.emit.js';
import * as conv from './convtranspose.emit.js';

/** How a transposed convolution lies on its output, and what follows it. */
export interface Conv2dTransposeOptions extends conv.ConvTransposeOptions {
  /** [filters], added to every pixel. */
  bias?: Tensor;
  /** 'linear' by default. */
  activation?: ActivationName;
}

/**
 * Transposed convolution: every pixel of x, times the filter, is added to the window of the output that
 * belongs to it. Windows lie on the output as conv2d's lie on its input.
 *
 * Outputs have the sides side·stride with padding 'same', else (side − 1)·stride + max(kernel, stride)
 * less the padding, as in Keras; `outputPadding` says otherwise.
 *
 * @param x [batch, height, width, channels]
 * @param filter [kernelHeight, kernelWidth, filters, channels]
 * @returns [batch, outputHeight, outputWidth, filters]
 */
export function conv2dTranspose(
  x: Tensor,
  filter: Tensor,
  options: Conv2dTransposeOptions = {},
): Tensor {
  const [y] = callOp('conv2dTranspose', [x, filter, options], () => {
    const [vx, vf] = [argument('x', x), argument('filter', filter)];
    optionsOf(options, {
      ...conv.convTransposeWords,
      ...forwarded('bias', 'activation'),
    });
    const activation = checkActivation(options.activation ?? 'linear');
    const g = conv.convTransposeGeometry(x.shape, filter.shape, options);
    const bias = options.bias ? argument('bias', options.bias) : none;
    if (options.bias) expectShape('bias', options.bias, [g.channels]);
    return recipe([conv.convTransposeOutputShape(g)], (e, vy) => {
      conv.convTransposeForward(e, vy, vx, vf, bias, g, activation === 'relu');
      if (activation !== 'linear' && activation !== 'relu')
        activationForward(e, activation, vy, vy);
    });
  });
  return y;
}

/**
 * The gradient of conv2dTranspose for its input.
 *
 * @param dy [batch, outputHeight, outputWidth, filters]
 * @param inputShape that of x
 */
export function conv2dTransposeBackwardInput(
  dy: Tensor,
  filter: Tensor,
  inputShape: Shape,
  options: conv.ConvTransposeOptions = {},
): Tensor {
  const [dx] = callOp('conv2dTransposeBackwardInput', [dy, filter, inputShape, options], () => {
    const [vdy, vf] = [argument('dy', dy), argument('filter', filter)];
    optionsOf(options, conv.convTransposeWords);
    const g = conv.convTransposeGeometry(inputShape, filter.shape, options);
    expectShape('dy', dy, conv.convTransposeOutputShape(g));
    return recipe([inputShape], (e, vdx) => conv.convTransposeBackwardInput(e, vdx, vdy, vf, g));
  });
  return dx;
}

/**
 * The gradient of conv2dTranspose for its filter.
 *
 * @param x [batch, height, width, channels]
 * @param dy [batch, outputHeight, outputWidth, filters]
 * @param filterShape that of the filter
 */
export function conv2dTransposeBackwardFilter(
  x: Tensor,
  dy: Tensor,
  filterShape: Shape,
  options: conv.ConvTransposeOptions = {},
): Tensor {
  const [dw] = callOp('conv2dTransposeBackwardFilter', [x, dy, filterShape, options], () => {
    const [vx, vdy] = [argument('x', x), argument('dy', dy)];
    optionsOf(options, conv.convTransposeWords);
    const g = conv.convTransposeGeometry(x.shape, filterShape, options);
    expectShape('dy', dy, conv.convTransposeOutputShape(g));
    return recipe([filterShape], (e, vdw) => conv.convTransposeBackwardFilter(e, vdw, vx, vdy, g));
  });
  return dw;
}
