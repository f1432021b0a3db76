// TF.js on our backend.

import './tfjs-once.js';
import * as tf from '@tensorflow/tfjs-core';
import { backendInfo } from '../../src/index.js';
import { options } from '../start.js';
import { type Adapter, Cannot, versionOf } from './adapter.js';
import { layersTraining } from './tfjs-layers.js';
import { program } from './tfjs-programs.js';

/** See the top of this file. */
export const adapter: Adapter = {
  async start() {
    // Not before TF.js is one: it asks for it too.
    const { configure } = await import('../../src/tfjs/index.js');
    configure(options);
    await tf.setBackend('wasmgrad');
    return `wasmgrad ${backendInfo().version}, ${await versionOf('@tensorflow/tfjs-core')}`;
  },
  prepare(work) {
    if (work.kind === 'tfjs') return program(work);
    if (work.kind === 'training' && work.isTfLayers) return layersTraining(work);
    throw new Cannot('others measure it');
  },
  info: () => ({ ...backendInfo() }),
};
