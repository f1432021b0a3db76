// Convolution forward, in the shapes of LeNet-5, ResNet, VGG16 and MobileNet.

import type { Contest, Targets } from '../compete.js';
import { jaxJs, onnxruntime, pyTorch, tfjsCpu, tfjsWasm } from '../peers/index.js';
import type { Suite } from '../report.js';
import { convWork, depthwise, nameOf } from '../shapes.js';

/** Against TF.js wasm, onnxruntime-web and, where there is a third, PyTorch. */
function targets(...[tf, ort, torch]: [Pair, Pair, Pair?]): Targets {
  const both = { [tfjsWasm.name]: tf, [onnxruntime.name]: ort };
  return torch ? { ...both, [pyTorch.name]: torch } : both;
}

type Pair = readonly [number, number];

const wide = targets([3.3, 5], [4, 6], [0.65, 1]);

const shapes: [network: string, work: ReturnType<typeof convWork>, targets?: Targets][] = [
  ['ResNet-18', convWork(3, 56, 64, 64), wide],
  ['ResNet-18', convWork(3, 28, 128, 128), wide],
  ['ResNet-18', convWork(3, 14, 256, 256), wide],
  ['ResNet-18', convWork(3, 7, 512, 512), wide],
  ['ResNet-20', convWork(3, 32, 16, 16, { batch: 32 }), targets([2.8, 3.8], [4, 5.5], [0.8, 1])],
  ['ResNet-50', convWork(1, 56, 64, 256), targets([1.9, 3], [1.6, 2.6])],
  ['ResNet', convWork(7, 224, 3, 64, { stride: 2 }), targets([1.4, 2.2], [1.6, 2.6])],
  ['MobileNet', depthwise(56, 128), targets([1.2, 1.2], [1.2, 1.2])],
  ['LeNet-5', convWork(5, 28, 1, 6, { batch: 64 })],
  ['LeNet-5', convWork(5, 14, 6, 16, { batch: 64, pad: 0 })],
  ['ResNet-20', convWork(3, 32, 16, 32, { batch: 32, stride: 2 })],
  ['ResNet-18', convWork(3, 56, 64, 128, { stride: 2 })],
  ['ResNet-50', convWork(1, 56, 256, 512, { stride: 2 })],
  ['ResNet-50', convWork(1, 14, 1024, 256)],
  ['VGG16', convWork(3, 224, 64, 64)],
  ['VGG16', convWork(3, 56, 256, 256)],
  ['VGG16', convWork(3, 28, 512, 512)],
  ['MobileNet', convWork(1, 14, 512, 512)],
  ['MobileNet', depthwise(112, 64, { stride: 2 })],
  ['MobileNet', depthwise(14, 512)],
  // So small that it measures what a call costs.
  ['a call:', convWork(3, 8, 8, 8)],
];

const fast = [tfjsWasm, onnxruntime, pyTorch];

// The slow ones only where there are targets, to keep the whole benchmark short.
export const convContests = shapes.map(
  ([network, work, wanted]): Contest => ({
    name: `${network} ${nameOf(work)}`,
    work,
    peers: wanted ? [...fast, jaxJs, tfjsCpu] : fast,
    targets: wanted,
  }),
);

/** See the top of this file. */
export const conv: Suite = {
  name: 'conv',
  about: 'convolution forward, one image unless a batch is given',
  contests: convContests,
};
