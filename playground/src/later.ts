// What the worker takes for some rooms only: in one file, which it loads when the first of them asks.

export { patches, plane, reasons } from './deep.js';
export { explain } from './explaining.js';
export { readFiles, writeOnnx } from './foreign.js';
export { teacher } from './teaching.js';
