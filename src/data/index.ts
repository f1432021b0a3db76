// Data sets on their way into tensors.

export { type IdxArray, parseIdx } from './idx.js';
