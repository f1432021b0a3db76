// Residual networks: ResNet-18 and 50 on images of ImageNet's size, ResNet-20 on CIFAR's.

import type { Contest } from '../compete.js';
import {
  resnet18Inference,
  resnet18Training,
  resnet20Inference,
  resnet20Training,
  resnet50Inference,
} from '../networks.js';
import { convNetJs, onnxruntime, pyTorch, pyTorchFrozen, tfjsWasm } from '../peers/index.js';
import type { Suite } from '../report.js';

const inferring = [onnxruntime, pyTorch, pyTorchFrozen, tfjsWasm];
// TF.js cpu would need minutes for a step.
const training = [pyTorch, onnxruntime, tfjsWasm, convNetJs];

/** A step takes a second: enough of them to have several rounds. */
const budget = 8;

export const resnetContests: Contest[] = [
  {
    name: 'ResNet-18 inference, 224²',
    work: resnet18Inference,
    peers: inferring,
    targets: { [onnxruntime.name]: [2.8, 4.5], [pyTorch.name]: [undefined, 1] },
    budget,
  },
  {
    name: 'ResNet-50 inference, 224²',
    work: resnet50Inference,
    peers: inferring,
    targets: { [onnxruntime.name]: [2.2, 3.5] },
    budget,
  },
  {
    name: `ResNet-20 inference, 32², batch ${resnet20Inference.batch}`,
    work: resnet20Inference,
    peers: inferring,
    budget,
  },
  {
    name: `ResNet-20 training, 32², batch ${resnet20Training.batch}`,
    work: resnet20Training,
    peers: training,
    // Times of at most 1.25 and 0.9.
    targets: { [pyTorch.name]: [0.8, 1.11] },
    budget,
  },
  {
    name: `ResNet-18 training, 224², batch ${resnet18Training.batch}`,
    work: resnet18Training,
    peers: training,
    // Times of at most 1.6 and 1.1.
    targets: { [pyTorch.name]: [0.625, 0.91] },
    budget,
  },
];

/** See the top of this file. */
export const resnet: Suite = {
  name: 'resnet',
  about: 'residual networks: inference, and steps of SGD with momentum',
  contests: resnetContests,
};
