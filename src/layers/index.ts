// The layers, as factories that take one options object each.

export {
  type ActivationOptions,
  type AlphaOptions,
  activation,
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  linear,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh,
} from './activation.js';
export { type BatchNormLayerOptions, batchNorm } from './batchnorm.js';
export { type BlurPool2dOptions, blurPool2d } from './blurpool.js';
export { type ChannelPoolLayerOptions, channelPool } from './channelpool.js';
export {
  type Conv1dLayerOptions,
  type Conv2dLayerOptions,
  conv1d,
  conv2d,
  type DepthwiseConv2dLayerOptions,
  depthwiseConv2d,
} from './conv.js';
export { type Conv2dTransposeLayerOptions, conv2dTranspose } from './convtranspose.js';
export { type DenseOptions, dense } from './dense.js';
export { type DropoutOptions, dropout, spatialDropout2d } from './dropout.js';
export type { KernelOptions } from './kernel.js';
export type { LineOptions, LinePadding } from './line.js';
export { type LrnLayerOptions, lrn } from './lrn.js';
export { add, concat, multiply } from './merge.js';
export { type Padding2dOptions, reflectionPadding2d, zeroPadding2d } from './padding.js';
export {
  type AdaptivePool2dOptions,
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  avgPool1d,
  avgPool2d,
  globalAvgPool2d,
  globalMaxPool2d,
  type LpPool2dOptions,
  lpPool2d,
  maxPool1d,
  maxPool2d,
  minPool2d,
  type Pool1dOptions,
  type Pool2dOptions,
} from './pool.js';
export { type RbfOptions, rbf } from './rbf.js';
export { flatten, type ReshapeOptions, reshape } from './reshape.js';
export { type ResidualOptions, residual } from './residual.js';
export { type SeparableConv2dOptions, separableConv2d } from './separable.js';
export { type IdentityShortcutOptions, identityShortcut } from './shortcut.js';
export { type Upsampling2dOptions, upsampling2d } from './upsampling.js';
