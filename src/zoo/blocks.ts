// Blocks that several networks of the zoo share. Layers have torchvision's names, so that weights can be copied by
// name.

import type { Padding } from '../base/shape.js';
import type { SymbolicTensor } from '../network/layer.js';
import * as layers from '../operators/layers.js';

/** Options of `convNorm`: of the convolution, the batch normalisation and the activation. */
export interface ConvNormOptions {
  /** 1 by default. */
  strides?: number;
  /** Half the kernel by default, which keeps the size at stride 1. */
  padding?: Padding;
  /** 1 by default. */
  groups?: number;
  /** 'relu' by default. */
  activation?: 'relu' | 'relu6' | 'linear';
  /** The batch normalisation's: 1e-5 by default, as in PyTorch. */
  epsilon?: number;
}

/** A convolution without bias, batch normalisation with PyTorch's defaults, and an activation. */
export function convNorm(
  x: SymbolicTensor,
  [conv, norm]: readonly [conv: string, norm: string],
  filters: number,
  kernelSize: number,
  options: ConvNormOptions = {},
): SymbolicTensor {
  const { activation = 'relu', epsilon = 1e-5, ...rest } = options;
  const { strides = 1, padding = (kernelSize - 1) / 2, groups = 1 } = rest;
  const lies = { strides, padding, groups, dimRoundingMode: 'floor' } as const;
  const z = layers
    .conv2d({
      name: conv,
      filters,
      kernelSize,
      ...lies,
      useBias: false,
      kernelInitializer: 'heNormal',
    })
    .apply(x);
  const y = layers.batchNorm({ name: norm, momentum: 0.9, epsilon }).apply(z);
  if (activation === 'linear') return y;
  return (activation === 'relu' ? layers.relu() : layers.relu6()).apply(y);
}

/** The end of networks that classify: the mean of each channel, and a dense layer. */
export function poolAndClassify(
  x: SymbolicTensor,
  name: string,
  classes: number,
  dropout = 0,
): SymbolicTensor {
  const features = layers.globalAvgPool2d().apply(x);
  const kept = dropout > 0 ? layers.dropout({ rate: dropout }).apply(features) : features;
  return layers.dense({ name, units: classes }).apply(kept);
}
