// wasmgrad: convolutional networks that run and train on the CPU in any JavaScript engine.

export type { BackendInfo, InitOptions } from '../bindings/backend.js';
export * as callbacks from './callbacks.js';
export * as data from './data/index.js';
export type { Algorithm } from './emit/geometry.js';
export * from './errors.js';
export * as layers from './layers/index.js';
export type { Layer } from './layers/layer.js';
export * as losses from './losses.js';
export * as metrics from './metrics.js';
export { loadModel } from './model/load.js';
export type { Profile, ProfileOptions, ProfileRow, Speed } from './model/profile.js';
export { type CompileOptions, Sequential, type SequentialOptions } from './model/sequential.js';
export type { Data } from './model/source.js';
export type { SummaryRow } from './model/summary.js';
export type { FitOptions, History } from './model/train.js';
export type { Weight } from './model/weights.js';
export * as ops from './ops/index.js';
export * as optimizers from './optimizers.js';
export { backendInfo, dispose, init, type MemoryInfo, memory } from './runtime.js';
export * as schedules from './schedules.js';
export type { Padding, Pair, Rounding, Shape } from './shape.js';
export { Tensor } from './tensor.js';
export * as zoo from './zoo/index.js';
