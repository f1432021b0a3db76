// Training LeNet-5.

import { everyContest } from '../compete.js';
import { lenet5 } from '../networks.js';
import { convNetJs, onnxruntime, pyTorch, tfjsCpu, tfjsWasm } from '../peers/index.js';
import type { Suite } from '../report.js';

/** See the top of this file. */
export const lenet: Suite = {
  name: 'lenet',
  about: 'LeNet-5, one step of SGD with momentum on one batch after the other',
  run: (arena) =>
    everyContest(arena, [
      {
        name: `LeNet-5 training, batch ${lenet5.batch}`,
        work: lenet5,
        peers: [pyTorch, convNetJs, tfjsCpu, tfjsWasm, onnxruntime],
        targets: { [pyTorch.name]: [1, 1.3], [convNetJs.name]: [25, 25] },
      },
    ]),
};
