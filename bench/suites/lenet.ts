// LeNet-5: training and inference.

import type { Contest } from '../compete.js';
import { lenet5Inference, lenet5Training } from '../networks.js';
import {
  convNetJs,
  onnxruntime,
  pyTorch,
  pyTorchFrozen,
  tfjsCpu,
  tfjsWasm,
} from '../peers/index.js';
import type { Suite } from '../report.js';

export const lenetContests: Contest[] = [
  {
    name: `LeNet-5 training, batch ${lenet5Training.batch}`,
    work: lenet5Training,
    peers: [pyTorch, convNetJs, tfjsCpu, tfjsWasm, onnxruntime],
    targets: { [pyTorch.name]: [1, 1.3], [convNetJs.name]: [25, 25] },
  },
  {
    name: `LeNet-5 inference, batch ${lenet5Inference.batch}`,
    work: lenet5Inference,
    peers: [pyTorch, pyTorchFrozen, tfjsWasm, onnxruntime],
  },
];

/** See the top of this file. */
export const lenet: Suite = {
  name: 'lenet',
  about: 'LeNet-5: steps of SGD with momentum, and inference',
  contests: lenetContests,
};
