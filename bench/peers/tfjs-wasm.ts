// TF.js on its WebAssembly backend, which has kernels for inference alone.

import { getThreadsCount, setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { pathOf } from '#platform/here';
import { threads } from '../start.js';
import { type Adapter, Cannot, versionOf } from './adapter.js';
import { conv, gemm } from './tfjs.js';
import { inference } from './tfjs-network.js';

/** See the top of this file. */
export const adapter: Adapter = {
  async start() {
    const folder = '../node_modules/@tensorflow/tfjs-backend-wasm/dist/';
    setWasmPaths(pathOf(new URL(folder, import.meta.url)));
    setThreadsCount(threads);
    await tf.setBackend('wasm');
    if (tf.getBackend() !== 'wasm' || !(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'))) {
      throw new Error('TF.js did not start its wasm backend with SIMD');
    }
    const version = `${await versionOf('@tensorflow/tfjs-backend-wasm')}, SIMD`;
    // It has threads in pages that are cross-origin isolated; 4.22.0 may take fewer than it is asked for (tfjs #8513).
    return threads > 1
      ? `${version}, asked for ${threads} threads it says that it has ${getThreadsCount()}`
      : version;
  },
  async prepare(work) {
    if (work.kind === 'gemm') return gemm(work);
    if (work.kind === 'conv') return conv(work);
    if (work.kind === 'inference') return inference(work);
    if (work.kind === 'tfjs') return (await import('./tfjs-programs.js')).program(work);
    throw new Cannot('the wasm backend has no Conv2DBackpropFilter: it does not train');
  },
};
