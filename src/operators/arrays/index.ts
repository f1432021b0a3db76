// Layers for arrays of any rank: what imported networks need and few others do. Their kernels are a module of its own,
// which `useArrays` loads. Samples are without the batch; axes count from 0 within a sample.

export { useArrays } from '../../../bindings/usearrays.js';
export {
  type CombineFn,
  type CombineOptions,
  type CombineWeightOptions,
  type ConstantOptions,
  combine,
  combineWeight,
  constant,
  select,
} from './combine.layer.js';
export {
  type Conv3dOptions,
  type ConvTransposeOptions,
  conv1dTranspose,
  conv3d,
  conv3dTranspose,
  groupedConv2dTranspose,
} from './conv3d.layer.js';
export {
  type GroupNormOptions,
  groupNorm,
  type InstanceNormOptions,
  instanceNorm,
  type LayerNormOptions,
  layerNorm,
} from './groupnorm.layer.js';
export { type CumSumOptions, cumSum, type EmbeddingOptions, embedding } from './lookup.layer.js';
export { type MapFunction, type MapOptions, map } from './map.layer.js';
export { type MatMulOptions, matMul } from './matmul.layer.js';
export {
  type AvgPoolOptions,
  avgPool3d,
  dilatedLpPool2d,
  dilatedMaxPool1d,
  dilatedMaxPool2d,
  type LpPoolOptions,
  lpPool1d,
  lpPool3d,
  maxPool3d,
  type PoolOptions,
  paddedAvgPool1d,
  paddedAvgPool2d,
} from './pool3d.layer.js';
export {
  type DepthToSpaceOptions,
  depthToSpace,
  type ExpandOptions,
  expand,
  type SliceOptions,
  type SpaceToDepthOptions,
  slice,
  spaceToDepth,
  type TransposeOptions,
  transpose,
} from './rearrange.layer.js';
export {
  type ArgumentOptions,
  argMax,
  argMin,
  type ReduceOptions,
  reduce,
} from './reduce.layer.js';
export type { ReduceFn } from './reduction.emit.js';
export { type PadOptions, pad, type ResizeOptions, resize } from './resize.layer.js';
export { type WrappedOptions, wrapped } from './wrapped.layer.js';
