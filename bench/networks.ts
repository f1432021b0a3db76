// The networks whose training is measured. reference-losses.ts prints their losses.

import { describeNetwork, type NetworkLayer, type NetworkWork } from './work.js';

const conv = (filters: number, kernel: number, pad: number): NetworkLayer => ({
  type: 'conv',
  filters,
  kernel,
  stride: 1,
  pad,
  batchNorm: false,
});

/** LeNet-5: 5×5×6 same, pool, 5×5×16, pool, 120, 84, 10; ReLU, max pool. */
export const lenet5: NetworkWork = describeNetwork({
  name: 'LeNet-5',
  batch: 64,
  side: 28,
  channels: 1,
  layers: [
    conv(6, 5, 2),
    { type: 'maxPool' },
    conv(16, 5, 0),
    { type: 'maxPool' },
    { type: 'dense', units: 120, relu: true },
    { type: 'dense', units: 84, relu: true },
    { type: 'dense', units: 10, relu: false },
  ],
  learningRate: 0.03,
  momentum: 0.9,
  losses: [2.98778079, 2.68702259, 2.51233901],
  tolerance: 1e-4,
});

/** The six convolutions of a ResNet-20 stage; the first of a later stage has stride 2. */
const stage = (filters: number, stride: number): NetworkLayer[] =>
  Array.from({ length: 6 }, (_, i) => ({
    type: 'conv',
    filters,
    kernel: 3,
    stride: i === 0 ? stride : 1,
    pad: 1,
    batchNorm: true,
  }));

/** ResNet-20 for CIFAR without its shortcuts, "plain-20" in its paper (arXiv 1512.03385). */
export const plain20: NetworkWork = describeNetwork({
  name: 'plain-20',
  batch: 32,
  side: 32,
  channels: 3,
  layers: [
    { type: 'conv', filters: 16, kernel: 3, stride: 1, pad: 1, batchNorm: true },
    ...stage(16, 1),
    ...stage(32, 2),
    ...stage(64, 2),
    { type: 'globalAvgPool' },
    { type: 'dense', units: 10, relu: false },
  ],
  learningRate: 0.003,
  momentum: 0.9,
  losses: [2.37416251, 2.24388873, 2.10568238],
  // PyTorch's own float32 run strays by 6e-4: so deep, a few ReLUs on the other side of zero change gradients by 1 %.
  tolerance: 5e-3,
});
