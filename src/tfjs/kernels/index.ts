// All kernels that are ours.

import type { Native } from '../kernel.js';
import { arrangeKernels } from './arrange.js';
import { convKernels } from './conv.js';
import { elementwiseKernels } from './elementwise.js';
import { gradientKernels } from './gradient.js';
import { matMulKernels } from './matmul.js';
import { normKernels } from './norm.js';
import { optimizerKernels } from './optimizer.js';
import { poolKernels } from './pool.js';
import { reduceKernels } from './reduce.js';
import { resizeKernels } from './resize.js';
import { takeKernels } from './take.js';

export const natives: readonly Native[] = [
  ...convKernels,
  ...matMulKernels,
  ...poolKernels,
  ...normKernels,
  ...elementwiseKernels,
  ...reduceKernels,
  ...arrangeKernels,
  ...takeKernels,
  ...resizeKernels,
  ...gradientKernels,
  ...optimizerKernels,
];
