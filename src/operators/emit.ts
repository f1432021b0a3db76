// Functions that emit the ops of each family, forward and backward: for custom layers. Each takes the emitter first,
// then the results' values, then those that they are computed from.

export type { ActivationName, Nonlinear } from '../network/activation.js';
export { none } from '../program/emitter.js';
export { activationBackward, activationForward } from './activation/activation.emit.js';
export {
  convBackwardBias,
  convBackwardFilter,
  convBackwardInput,
  convForward,
} from './conv/conv.emit.js';
export type { Epilogue } from './conv/epilogue.emit.js';
export { type ConvOptions, convGeometry, convOutputShape } from './conv/geometry.emit.js';
export {
  type ConvTransposeOptions,
  convTransposeBackwardBias,
  convTransposeBackwardFilter,
  convTransposeBackwardInput,
  convTransposeForward,
  convTransposeGeometry,
  convTransposeOutputShape,
} from './convtranspose/convtranspose.emit.js';
export { addToRows, type MatMul, matMul, sumRows } from './dense/matrix.emit.js';
export {
  averageForward,
  blendForward,
  dotBackward,
  dotForward,
  extremeBackward,
  extremeForward,
} from './merge/combine.emit.js';
export { concatBackward, concatForward } from './merge/concat.emit.js';
export { multiplyBackward, multiplyForward } from './merge/multiply.emit.js';
export {
  type Gradients,
  type Moments,
  type NormSize,
  normBackward,
  normInference,
  normInferenceBackward,
  normRunning,
  normTraining,
  type Parameters,
} from './norm/batchnorm.emit.js';
export { type LrnOptions, lrnBackward, lrnForward } from './norm/lrn.emit.js';
export {
  type BlurPoolGeometry,
  type BlurPoolOptions,
  blurPoolBackward,
  blurPoolForward,
  blurPoolGeometry,
  blurPoolOutputShape,
} from './pool/blur.emit.js';
export {
  type ChannelPoolOptions,
  channelArgmax,
  channelPoolBackward,
  channelPoolForward,
  channelPoolShape,
} from './pool/channelpool.emit.js';
export {
  type AdaptivePoolOptions,
  argmaxValue,
  averagePoolBackward,
  averagePoolForward,
  type Choice,
  lpPoolBackward,
  lpPoolForward,
  maxPoolBackward,
  maxPoolForward,
  type NormOptions,
  type PoolGeometry,
  type PoolOptions,
  poolGeometry,
  poolOutputShape,
} from './pool/pool.emit.js';
export {
  type PaddingMode,
  type PadGeometry,
  type PadOptions,
  padBackward,
  padForward,
  padGeometry,
  padOutputShape,
} from './spatial/pad.emit.js';
export {
  type Interpolation,
  type UpsamplingGeometry,
  type UpsamplingOptions,
  upsamplingBackward,
  upsamplingForward,
  upsamplingGeometry,
  upsamplingOutputShape,
} from './spatial/upsample.emit.js';
