// wasmgrad: convolutional networks that run and train on the CPU in any JavaScript engine.

export { type BackendInfo, dispose, type InitOptions, init } from '../bindings/backend.js';
export * from './errors.js';
export * as ops from './ops/index.js';
export type { Pair, Padding, Rounding, Shape } from './shape.js';
export { Tensor } from './tensor.js';
