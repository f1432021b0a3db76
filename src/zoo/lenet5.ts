// LeNet-5 (LeCun et al., "Gradient-based learning applied to document recognition", 1998) as it is
// taught today: ReLU, max pooling, softmax.

import * as layers from '../layers/index.js';
import { Sequential } from '../model/sequential.js';
import type { ZooOptions } from './options.js';

/** LeNet-5: two 5×5 convolutions and three dense layers, 61 706 parameters; its outputs are logits. */
export function lenet5({
  classes = 10,
  inputShape = [28, 28, 1],
  seed = 0,
}: ZooOptions = {}): Sequential {
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
