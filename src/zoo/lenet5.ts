// LeNet-5 (LeCun et al., "Gradient-based learning applied to document recognition", 1998): as it is taught today, and
// as in the paper.

import { Sequential } from '../model/sequential.js';
import * as layers from '../operators/layers.js';
import { type ZooOptions, zooOptions } from './options.js';

/**
 * LeNet-5 with ReLU and max pooling: two 5×5 convolutions and three dense layers, 61 706 parameters for
 * 28×28 images; its outputs are logits.
 */
export function lenet5(options: ZooOptions = {}): Sequential {
  const made = { classes: 10, inputShape: [28, 28, 1], smallest: 12 };
  const { classes, inputShape, seed } = zooOptions('lenet5', options, made);
  const kernelInitializer = 'heNormal';
  const activation = 'relu';
  return new Sequential(
    [
      layers.conv2d({ filters: 6, kernelSize: 5, padding: 'same', activation, kernelInitializer }),
      layers.maxPool2d({ poolSize: 2 }),
      layers.conv2d({ filters: 16, kernelSize: 5, activation, kernelInitializer }),
      layers.maxPool2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 120, activation, kernelInitializer }),
      layers.dense({ units: 84, activation, kernelInitializer }),
      layers.dense({ units: classes }),
    ],
    { inputShape, seed, name: 'lenet5' },
  );
}

/**
 * LeNet-5 of 1998: logistic units, average pooling, and radial basis outputs, 61 696 parameters for
 * 32×32 images. Every filter of the second convolution sees all maps of the layer before it; the paper left some out.
 */
export function lenet5Classic(options: ZooOptions = {}): Sequential {
  const made = { classes: 10, inputShape: [32, 32, 1], smallest: 32 };
  const { classes, inputShape, seed } = zooOptions('lenet5Classic', options, made);
  const activation = 'sigmoid';
  return new Sequential(
    [
      layers.conv2d({ filters: 6, kernelSize: 5, activation }),
      layers.avgPool2d({ poolSize: 2 }),
      layers.conv2d({ filters: 16, kernelSize: 5, activation }),
      layers.avgPool2d({ poolSize: 2 }),
      layers.conv2d({ filters: 120, kernelSize: 5, activation }),
      layers.flatten(),
      layers.dense({ units: 84, activation }),
      layers.rbf({ units: classes }),
    ],
    { inputShape, seed, name: 'lenet5Classic' },
  );
}
