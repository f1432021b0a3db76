// Deep networks: ResNet-18 and 50 and GoogLeNet on images of ImageNet's size, Inception's cells, ResNet-20 on images
// of CIFAR's.

import type { Contest } from '../compete.js';
import {
  googlenetInference,
  inception17Inference,
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
    targets: { [onnxruntime.name]: [4.2, 4.5], [pyTorch.name]: [1.1, 1.4] },
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
    name: 'GoogLeNet inference, 224²',
    work: googlenetInference,
    peers: inferring,
    targets: { [onnxruntime.name]: [3.5, 3.5] },
    budget,
  },
  {
    name: 'Inception v3, four cells of 1×7 and 7×1, 17², inference',
    work: inception17Inference,
    peers: inferring,
    targets: { [onnxruntime.name]: [3.5, 3.5] },
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
    targets: { [pyTorch.name]: [1.05, 1.4] },
    budget,
  },
  {
    name: `ResNet-18 training, 224², batch ${resnet18Training.batch}`,
    work: resnet18Training,
    peers: training,
    targets: { [pyTorch.name]: [0.9, 1.3] },
    budget,
  },
];

/** See the top of this file. */
export const resnet: Suite = {
  name: 'resnet',
  about: 'deep networks: inference, and steps of SGD with momentum',
  contests: resnetContests,
};
