// The core: tensors, layers, models and what trains them. `wasmgrad` adds data, ops and zoo, which also have
// entries of their own, so that a page without a bundler loads no more than it uses.

export type { BackendInfo, InitOptions } from '../bindings/backend.js';
export type { WasmSource } from '../bindings/load.js';
export type { Instructions, SimdMode, Variant } from '../bindings/variant.js';
export * as callbacks from './callbacks.js';
export type { Emitter, Operand, Value } from './emit/emitter.js';
export type { Algorithm, ConvGeometry } from './emit/geometry.js';
export * as emit from './emit/index.js';
export * from './errors.js';
export type { InitializerName } from './initializers.js';
export * as layers from './layers/index.js';
export { input } from './layers/input.js';
export {
  type Forward,
  type Fusion,
  type Gradients,
  type KernelAndBias,
  Layer,
  type LayerOptions,
  type Lowering,
  type ParameterSpec,
} from './layers/layer.js';
export type { SymbolicTensor } from './layers/symbolic.js';
export * as losses from './losses.js';
export * as metrics from './metrics.js';
export type { ByOutput, CompileOptions, LossName, MetricNames } from './model/compile.js';
export type { Unit } from './model/cost.js';
export type { Dataset, DatasetBatch } from './model/feed.js';
export { type LoadOptions, loadModel } from './model/load.js';
export { Model, type ModelOptions, type Prediction, type Tensors } from './model/model.js';
export type { MemoryNeed } from './model/outline.js';
export type { Peaks } from './model/peak.js';
export type { Profile, ProfileOptions, ProfileRow, Speed } from './model/profile.js';
export type { ClassWeight, WeightOptions } from './model/sampleweights.js';
export { Sequential, type SequentialOptions } from './model/sequential.js';
export type { Data, DataSet } from './model/source.js';
export type { SummaryRow } from './model/summary.js';
export type { FitDatasetOptions, FitOptions, History } from './model/train.js';
export type { Weight } from './model/weights.js';
export * as optimizers from './optimizers.js';
export { backendInfo, dispose, init, type MemoryInfo, memory } from './runtime.js';
export * as schedules from './schedules.js';
export type { Padding, Pair, Rounding, Shape, WindowOptions } from './shape.js';
export {
  type DType,
  type Nested,
  type NumberArray,
  type Rows,
  Tensor,
  type TensorData,
} from './tensor.js';
export { ResNet, type ResNetOptions } from './zoo/resnet.js';
