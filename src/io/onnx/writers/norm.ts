// Normalization: by running statistics, and by neighbouring channels.

import type { BatchNormLayerOptions } from '../../../operators/norm/batchnorm.layer.js';
import { fullLrn, type LrnOptions } from '../../../operators/norm/lrn.emit.js';
import { channelsFirst, type Place } from './place.js';

export function batchNorm(at: Place): string {
  const { epsilon = 1e-3, momentum = 0.99 } = at.options<BatchNormLayerOptions>();
  const weights = ['gamma', 'beta', 'movingMean', 'movingVariance'].map((name) => at.weight(name));
  return at.node('BatchNormalization', [at.x.name, ...weights], {
    epsilon: { float: epsilon },
    momentum: { float: momentum },
  });
}

/** Runtimes take images and odd sizes alone. Other shapes become images; for other sizes see `evenLrn`. */
export function lrn(at: Place): string {
  const { size, alpha, beta, bias } = fullLrn(at.options<LrnOptions>());
  if (size % 2 === 0) return evenLrn(at);
  const isImage = at.x.shape.length === 3;
  const channels = at.x.shape.at(-1) as number;
  const x = isImage ? at.x.name : at.reshape(at.x.name, [channels, -1, 1]);
  const y = at.node('LRN', [x], {
    size,
    alpha: { float: alpha },
    beta: { float: beta },
    bias: { float: bias },
  });
  return isImage ? y : at.reshape(y, channelsFirst(at.shape));
}

/** x / (bias + alpha·mean)^beta, with the mean of x² over windows of channels, of which one more comes before. */
function evenLrn(at: Place): string {
  const { size, alpha, beta, bias } = fullLrn(at.options<LrnOptions>());
  const { name: x, shape } = at.x;
  const lines = at.reshape(at.node('Mul', [x, x]), [1, shape.at(-1) as number, -1]);
  const means = at.node('AveragePool', [lines], {
    kernel_shape: [size, 1],
    pads: [size / 2, 0, size / 2 - 1, 0],
    count_include_pad: 1,
  });
  const scaled = at.node('Mul', [at.reshape(means, channelsFirst(shape)), at.scalar(alpha)]);
  const sum = at.node('Add', [scaled, at.scalar(bias)]);
  return at.node('Div', [x, at.node('Pow', [sum, at.scalar(beta)])]);
}
