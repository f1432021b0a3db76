// Training a network as deep as ResNet-20, with its batch normalisation but without its shortcuts.

import { everyContest } from '../compete.js';
import { plain20 } from '../networks.js';
import { convNetJs, pyTorch } from '../peers/index.js';
import type { Suite } from '../report.js';

/** See the top of this file. */
export const resnet: Suite = {
  name: 'resnet',
  about: 'ResNet-20 without its shortcuts, on 32×32 images: steps of SGD with momentum',
  run: (arena) =>
    everyContest(arena, [
      {
        name: `plain-20 training, batch ${plain20.batch}`,
        work: plain20,
        // The others that train would need minutes for a step.
        peers: [pyTorch, convNetJs],
      },
    ]),
};
