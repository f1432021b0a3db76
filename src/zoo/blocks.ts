// What networks of the zoo are built of. Layers have torchvision's names, so that weights can be matched.

import type { Padding } from '../base/shape.js';
import type { SymbolicTensor } from '../network/layer.js';
import * as layers from '../operators/layers.js';

/** How a convolution lies, and what follows its batch normalisation. */
export interface ConvNormOptions {
  /** 1 by default. */
  strides?: number;
  /** Half the kernel by default, which keeps the size at stride 1. */
  padding?: Padding;
  /** 1 by default. */
  groups?: number;
  /** 'relu' by default. */
  activation?: 'relu' | 'relu6' | 'linear';
  /** Of the normalisation: 1e-5 by default, as in PyTorch. */
  epsilon?: number;
}

/** A convolution without bias, batch normalisation with PyTorch's numbers, and an activation. */
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

/** What stands at the end of networks that classify: the mean of each channel, and a dense layer. */
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
