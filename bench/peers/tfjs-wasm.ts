// TF.js on its WebAssembly backend, which has kernels for inference alone.

import { fileURLToPath } from 'node:url';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { type Adapter, Cannot, versionOf } from './adapter.js';
import { conv, gemm } from './tfjs.js';
import { inference } from './tfjs-network.js';
import { program } from './tfjs-programs.js';

/** See the top of this file. */
export const adapter: Adapter = {
  async start() {
    setWasmPaths(
      fileURLToPath(new URL('./', import.meta.resolve('@tensorflow/tfjs-backend-wasm'))),
    );
    await tf.setBackend('wasm');
    if (tf.getBackend() !== 'wasm' || !(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'))) {
      throw new Error('TF.js did not start its wasm backend with SIMD');
    }
    // Its threads need a browser, so there is one.
    return `${await versionOf('@tensorflow/tfjs-backend-wasm')}, SIMD`;
  },
  prepare(work) {
    if (work.kind === 'gemm') return gemm(work);
    if (work.kind === 'conv') return conv(work);
    if (work.kind === 'inference') return inference(work);
    if (work.kind === 'tfjs') return program(work);
    throw new Cannot('the wasm backend has no Conv2DBackpropFilter: it does not train');
  },
};
