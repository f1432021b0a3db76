// wasmgrad: convolutional networks that run and train on the CPU in any JavaScript engine.

export * from './core.js';
export * as data from './data/index.js';
export * as ops from './operators/ops.js';
export * as zoo from './zoo/index.js';
