// What layers are made of: the ops of each family, forward and backward, for layers of one's own. Each takes
// the emitter first, then where the results go, then what they are made of.

export {
  type ActivationName,
  activationBackward,
  activationForward,
  type Nonlinear,
} from './operators/activation/activation.emit.js';
export {
  convBackwardBias,
  convBackwardFilter,
  convBackwardInput,
  convForward,
} from './operators/conv/conv.emit.js';
export type { Epilogue } from './operators/conv/epilogue.emit.js';
export { type ConvOptions, convGeometry, convOutputShape } from './operators/conv/geometry.emit.js';
export {
  type ConvTransposeOptions,
  convTransposeBackwardBias,
  convTransposeBackwardFilter,
  convTransposeBackwardInput,
  convTransposeForward,
  convTransposeGeometry,
  convTransposeOutputShape,
} from './operators/convtranspose/convtranspose.emit.js';
export { addToRows, type MatMul, matMul, sumRows } from './operators/dense/matrix.emit.js';
export { concatBackward, concatForward } from './operators/merge/concat.emit.js';
export { multiplyBackward, multiplyForward } from './operators/merge/multiply.emit.js';
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
} from './operators/norm/batchnorm.emit.js';
export { type LrnOptions, lrnBackward, lrnForward } from './operators/norm/lrn.emit.js';
export {
  type BlurPoolGeometry,
  type BlurPoolOptions,
  blurPoolBackward,
  blurPoolForward,
  blurPoolGeometry,
  blurPoolOutputShape,
} from './operators/pool/blur.emit.js';
export {
  type ChannelPoolOptions,
  channelArgmax,
  channelPoolBackward,
  channelPoolForward,
  channelPoolShape,
} from './operators/pool/channelpool.emit.js';
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
} from './operators/pool/pool.emit.js';
export {
  type PaddingMode,
  type PadGeometry,
  type PadOptions,
  padBackward,
  padForward,
  padGeometry,
  padOutputShape,
} from './operators/spatial/pad.emit.js';
export {
  type Interpolation,
  type UpsamplingGeometry,
  type UpsamplingOptions,
  upsamplingBackward,
  upsamplingForward,
  upsamplingGeometry,
  upsamplingOutputShape,
} from './operators/spatial/upsample.emit.js';
export { none } from './program/emitter.js';
