// Normalization: by running statistics, by neighbouring channels, and over groups of a sample's own numbers.

import type { Shape } from '../../../base/shape.js';
import type {
  GroupNormOptions,
  InstanceNormOptions,
  LayerNormOptions,
} from '../../../operators/arrays/index.js';
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

/** A weight of the layer; or a constant of its shape, where it has none. */
const weightOr = (at: Place, name: string, shape: Shape, number: number): string =>
  at.has(name)
    ? at.weight(name)
    : at.floats(shape, new Array(shape.reduce((all, side) => all * side, 1)).fill(number));

/** Over the last axes in the file: others are brought there, and back. */
export function layerNorm(at: Place): string {
  const { axes = [-1], epsilon = 1e-3 } = at.options<LayerNormOptions>();
  const { shape } = at.x;
  const own = axes.map((axis) => (axis < 0 ? axis + shape.length : axis)).sort((a, b) => a - b);
  const order = [...[...shape.keys()].filter((axis) => !own.includes(axis)), ...own];
  const x = at.ours(at.x, order);
  return at.theirs(
    normed(
      at,
      x,
      own.map((axis) => shape[axis]),
      epsilon,
    ),
    shape,
    order,
  );
}

function normed(at: Place, x: string, sides: Shape, epsilon: number): string {
  const beta = at.has('beta') ? [at.weight('beta')] : [];
  if (at.opset >= 17)
    return at.node('LayerNormalization', [x, weightOr(at, 'gamma', sides, 1), ...beta], {
      axis: -sides.length,
      epsilon: { float: epsilon },
    });
  // As PyTorch writes it: see simplify.ts.
  const axes = sides.map((_, i) => i - sides.length);
  const mean = (value: string): string => at.node('ReduceMean', [value], { axes });
  const centred = at.node('Sub', [x, mean(x)]);
  const variance = mean(at.node('Pow', [centred, at.scalar(2)]));
  const deviation = at.node('Sqrt', [at.node('Add', [variance, at.scalar(epsilon)])]);
  const y = at.node('Div', [centred, deviation]);
  const scaled = at.has('gamma') ? at.node('Mul', [y, at.weight('gamma')]) : y;
  return beta.length > 0 ? at.node('Add', [scaled, ...beta]) : scaled;
}

export function instanceNorm(at: Place): string {
  const { epsilon = 1e-3 } = at.options<InstanceNormOptions>();
  const channels = at.x.shape.at(-1) as number;
  const weights = [weightOr(at, 'gamma', [channels], 1), weightOr(at, 'beta', [channels], 0)];
  // It takes pixels.
  const isVector = at.x.shape.length === 1;
  const x = isVector ? at.reshape(at.x.name, [channels, 1]) : at.x.name;
  const y = at.node('InstanceNormalization', [x, ...weights], { epsilon: { float: epsilon } });
  return isVector ? at.reshape(y, [channels]) : y;
}

/** Before opset 21 scales were numbers of groups: a group is a channel of another shape there, scaled afterwards. */
export function groupNorm(at: Place): string {
  const { groups, epsilon: given = 1e-3 } = at.options<GroupNormOptions>();
  const { shape } = at.x;
  const channels = shape.at(-1) as number;
  const epsilon = { float: given };
  if (at.opset >= 21) {
    const weights = [weightOr(at, 'gamma', [channels], 1), weightOr(at, 'beta', [channels], 0)];
    return at.node('GroupNormalization', [at.x.name, ...weights], { num_groups: groups, epsilon });
  }
  const ones = new Array(groups).fill(1);
  const weights = [
    at.floats([groups], ones),
    at.floats(
      [groups],
      ones.map(() => 0),
    ),
  ];
  const grouped = at.reshape(at.x.name, [groups, -1]);
  const y = at.node('InstanceNormalization', [grouped, ...weights], { epsilon });
  const dims = [channels, ...shape.slice(1).map(() => 1)];
  const weight = (name: string, number: number): string =>
    at.has(name) ? at.weight(name, { order: [0], dims }) : weightOr(at, name, dims, number);
  const normed = at.node('Reshape', [y, at.node('Shape', [at.x.name])]);
  return at.node('Add', [at.node('Mul', [normed, weight('gamma', 1)]), weight('beta', 0)]);
}
