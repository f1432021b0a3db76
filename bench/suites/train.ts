// What a training step asks of a convolution: forward, and backward to its input and to its filters.

import type { Contest, Targets } from '../compete.js';
import { jaxJs, onnxruntime, pyTorch, tfjsCpu, tfjsWasm } from '../peers/index.js';
import type { Suite } from '../report.js';
import { convWork, depthwise, nameOf } from '../shapes.js';

const half: Targets = { [pyTorch.name]: [0.5, 0.75] };

const shapes: [network: string, work: ReturnType<typeof convWork>, targets?: Targets][] = [
  ['ResNet-18', convWork(3, 56, 64, 64), half],
  ['ResNet-18', convWork(3, 28, 128, 128), half],
  ['ResNet-18', convWork(3, 14, 256, 256), half],
  ['ResNet-18', convWork(3, 7, 512, 512)],
  ['ResNet-18', convWork(3, 56, 64, 128, { stride: 2 })],
  ['ResNet-20', convWork(3, 32, 16, 16, { batch: 32 })],
  ['ResNet-50', convWork(1, 56, 64, 256)],
  ['MobileNet', depthwise(56, 128)],
  ['LeNet-5', convWork(5, 14, 6, 16, { batch: 64, pad: 0 })],
];

export const trainContests = shapes.map(
  ([network, work, targets]): Contest => ({
    name: `${network} ${nameOf(work)}`,
    work: { ...work, kind: 'convTraining' },
    peers: [pyTorch, jaxJs, tfjsCpu, tfjsWasm, onnxruntime],
    targets,
  }),
);

/** See the top of this file. */
export const train: Suite = {
  name: 'train',
  about: 'convolution forward and both backwards, dx and dw',
  contests: trainContests,
};
