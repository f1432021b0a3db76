// TF.js on the browser's graphics: tfjs-webgl.ts and tfjs-webgpu.ts choose by what.

// Registers the gradients, which neither the core nor a backend does.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { type Adapter, Cannot, versionOf } from './adapter.js';
import { conv, gemm } from './tfjs.js';
import { inference, training } from './tfjs-network.js';

/**
 * TF.js on one of these backends.
 *
 * @param renderer what draws, by the words of the browser; undefined where there is none
 */
export const onGpu = (
  name: string,
  renderer: () => string | undefined | Promise<string | undefined>,
): Adapter => ({
  async start() {
    const draws = await renderer();
    if (!draws) throw new Error('this browser has none');
    if (!(await tf.setBackend(name))) throw new Error(`TF.js did not start on ${draws}`);
    return `${await versionOf(`@tensorflow/tfjs-backend-${name}`)}, on ${draws}`;
  },
  prepare(work) {
    switch (work.kind) {
      case 'gemm':
        return gemm(work);
      case 'conv':
      case 'convTraining':
        return conv(work);
      case 'inference':
        return inference(work);
      case 'training':
        return training(work);
      default:
        throw new Cannot('its files and programs are measured in Node');
    }
  },
});
