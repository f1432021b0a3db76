// Matrix products.

import type { Contest } from '../compete.js';
import { jaxJs, onnxruntime, pyTorch, tfjsCpu, tfjsWasm } from '../peers/index.js';
import type { Suite } from '../report.js';

const peers = [tfjsWasm, onnxruntime, pyTorch, jaxJs, tfjsCpu];

export const gemmContests = [256, 512, 1024].map(
  (n): Contest => ({
    name: `GEMM ${n}³`,
    work: { kind: 'gemm', m: n, n, k: n },
    peers,
    targets: { [tfjsWasm.name]: [1.4, 2.6], [onnxruntime.name]: [1.7, 3.2] },
  }),
);

/** See the top of this file. */
export const gemm: Suite = {
  name: 'gemm',
  about: 'products of square matrices',
  contests: gemmContests,
};
