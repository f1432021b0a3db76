// The entry 'wasmgrad/core': tensors, layers, models, training. 'wasmgrad' also has data, ops, zoo and `emit`. Data, ops
// and zoo have entries of their own too, so that a page without a bundler loads only what it uses.

export type { BackendInfo, InitOptions } from '../bindings/backend.js';
export type { WasmSource } from '../bindings/load.js';
export type { Instructions, SimdMode, Variant } from '../bindings/variant.js';
export type { WasmBytes, WasmModule } from '../bindings/wasmtypes.js';
export * from './base/errors.js';
export type { Bytes } from './base/filebytes.js';
export type { Check, Words } from './base/options.js';
export type { Padding, Pair, Rounding, Shape, WindowOptions } from './base/shape.js';
export type { Drawable, ImageSource, PixelData } from './image/imagesource.js';
export type { ReluRule } from './lowering/spec.js';
export type { PreprocessingOptions } from './model/about.js';
export type { ByName, Names } from './model/activations.js';
export type { ModelOptions, Tensors } from './model/architecture.js';
export type { Answer, ClassifyOptions, Picture } from './model/classify.js';
export type { FoundGradients, GradientsOptions, OutputChoice } from './model/gradients.js';
export { type LoadOptions, loadCheckpoint, loadModel } from './model/load.js';
export { Model, type Prediction } from './model/model.js';
export type { MemoryNeed } from './model/outline.js';
export type { Peaks } from './model/peak.js';
export type { PredictOptions } from './model/predict.js';
export type { Profile, ProfileOptions, ProfileRow, Speed } from './model/profile.js';
export { Sequential, type SequentialOptions } from './model/sequential.js';
export type { SummaryRow } from './model/summary.js';
export type { Tuned, TuneOptions, Tuning, TuningProgress, TuningRow } from './model/tune.js';
export type { InitializerName } from './network/initializers.js';
export { input } from './network/input.js';
export type { SymbolicTensor } from './network/layer.js';
export {
  type Forward,
  type Fused,
  type Fusion,
  type Gradients,
  type KernelAndBias,
  Layer,
  type LayerOptions,
  type Lowering,
  type ParameterSpec,
  type WeightReader,
} from './network/layer.js';
export * as regularizers from './network/regularizers.js';
export type { Weight } from './network/weight.js';
export type { Algorithm, ConvGeometry } from './operators/conv/geometry.emit.js';
export * as layers from './operators/layers.js';
export type { Unit } from './program/cost.js';
export type { Emitter, Operand, Value } from './program/emitter.js';
export { backendInfo, dispose, init, type MemoryInfo, memory } from './runtime/runtime.js';
export type { Nested, NumberArray, Rows, TensorData } from './tensor/nested.js';
export type { Data } from './tensor/numbers.js';
export { type DType, Tensor } from './tensor/tensor.js';
export type { Callback, Progress } from './training/callback.js';
export * as callbacks from './training/callbacks.js';
export type {
  ByOutput,
  CompileOptions,
  LossName,
  MetricNames,
  OptimizerName,
} from './training/compile.js';
export type { Dataset, DatasetBatch } from './training/datasetfeed.js';
export * as losses from './training/losses.js';
export type { EvaluateOptions } from './training/measure.js';
export * as metrics from './training/metrics.js';
export * as optimizers from './training/optimizers.js';
export type { ClassWeight, SampleWeight, WeightOptions } from './training/sampleweights.js';
export * as schedules from './training/schedules.js';
export type { FitDatasetOptions, FitOptions } from './training/session.js';
export type { DataSet } from './training/source.js';
export type { History } from './training/train.js';
