// TF.js on our backend, as the package has it: its calls are so short that what runs TypeScript here would be measured too.

import './tfjs-once.js';
import * as tf from '@tensorflow/tfjs-core';
import type * as wasmgrad from '../../src/core.js';
import { options } from '../start.js';
import { type Adapter, Cannot, versionOf } from './adapter.js';
import { layersTraining } from './tfjs-layers.js';
import { program } from './tfjs-programs.js';

const packed = (name: string): string => new URL(`../../dist/${name}.js`, import.meta.url).href;
const { backendInfo } = (await import(packed('core'))) as typeof wasmgrad;

/** See the top of this file. */
export const adapter: Adapter = {
  async start() {
    // Not before TF.js is one: it asks for it too.
    const { configure } = (await import(packed('tfjs'))) as { configure: typeof wasmgrad.init };
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
