// The entry 'wasmgrad/io': reads and writes files of tensors.

import { foreign } from '../model/foreign.js';
import { assignFrom } from './weights.js';

foreign.assign = assignFrom;

export { readNpy, writeNpy } from './npy.js';
export { readNpz, writeNpz } from './npz.js';
export type { ReadOptions } from './numbers.js';
export { readSafetensors, safetensorsMetadata, writeSafetensors } from './safetensors.js';
