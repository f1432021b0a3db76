// TF.js on its cpu backend: plain JavaScript, and the one of its backends that trains without a GPU or
// a native binary.

import '@tensorflow/tfjs-backend-cpu';
// Registers the gradients, which neither the core nor a backend does.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { type Adapter, Cannot, versionOf } from './adapter.js';
import { conv, gemm } from './tfjs.js';
import { layersTraining } from './tfjs-layers.js';
import { inference, training } from './tfjs-network.js';

/** See the top of this file. */
export const adapter: Adapter = {
  async start() {
    await tf.setBackend('cpu');
    return versionOf('@tensorflow/tfjs-backend-cpu');
  },
  async prepare(work) {
    switch (work.kind) {
      case 'gemm':
        return gemm(work);
      case 'inference':
        return inference(work);
      case 'training':
        return work.isTfLayers ? layersTraining(work) : training(work);
      case 'tfjs':
        return (await import('./tfjs-programs.js')).program(work);
      case 'onnxLoading':
      case 'onnxInference':
        throw new Cannot('it reads no ONNX files');
      default:
        return conv(work);
    }
  },
};
