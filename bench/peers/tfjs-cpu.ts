// TF.js on its cpu backend: plain JavaScript, and the one of its backends that trains without a GPU or
// a native binary.

import '@tensorflow/tfjs-backend-cpu';
// Registers the gradients, which neither the core nor a backend does.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { type Adapter, versionOf } from './adapter.js';
import { conv, gemm, network } from './tfjs.js';

/** See the top of this file. */
export const adapter: Adapter = {
  async start() {
    await tf.setBackend('cpu');
    return versionOf('@tensorflow/tfjs-backend-cpu');
  },
  prepare(work) {
    if (work.kind === 'gemm') return gemm(work);
    return work.kind === 'network' ? network(work) : conv(work);
  },
};
