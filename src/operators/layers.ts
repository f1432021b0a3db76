// The layers, as factories that take one options object each.

export type { KernelOptions } from '../network/kernel.js';
export type { LineOptions, LinePadding } from '../network/line.js';
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
} from './activation/activation.layer.js';
export {
  type Conv1dLayerOptions,
  type Conv2dLayerOptions,
  conv1d,
  conv2d,
  type DepthwiseConv2dLayerOptions,
  depthwiseConv2d,
} from './conv/conv.layer.js';
export { type SeparableConv2dOptions, separableConv2d } from './conv/separable.layer.js';
export {
  type Conv2dTransposeLayerOptions,
  conv2dTranspose,
} from './convtranspose/convtranspose.layer.js';
export { type DenseOptions, dense } from './dense/dense.layer.js';
export { type RbfOptions, rbf } from './dense/rbf.layer.js';
export {
  type DropoutOptions,
  dropout,
  spatialDropout2d,
} from './dropout/dropout.layer.js';
export { average, dot, maximum, minimum, subtract } from './merge/combine.layer.js';
export { add, concat, multiply } from './merge/merge.layer.js';
export { type ResidualOptions, residual } from './merge/residual.layer.js';
export {
  type IdentityShortcutOptions,
  identityShortcut,
} from './merge/shortcut.layer.js';
export { type BatchNormLayerOptions, batchNorm } from './norm/batchnorm.layer.js';
export { type LrnLayerOptions, lrn } from './norm/lrn.layer.js';
export { type BlurPool2dOptions, blurPool2d } from './pool/blurpool.layer.js';
export { type ChannelPoolLayerOptions, channelPool } from './pool/channelpool.layer.js';
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
} from './pool/pool.layer.js';
export {
  type Padding2dOptions,
  reflectionPadding2d,
  zeroPadding2d,
} from './spatial/padding.layer.js';
export { flatten, type ReshapeOptions, reshape } from './spatial/reshape.layer.js';
export { type Upsampling2dOptions, upsampling2d } from './spatial/upsampling.layer.js';
