// What layers are made of: the ops of each family, forward and backward, for layers of one's own. Each takes
// the emitter first, then where the results go, then what they are made of.

export {
  type ActivationName,
  activationBackward,
  activationForward,
  type Nonlinear,
} from './activation.js';
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
} from './batchnorm.js';
export {
  type BlurPoolGeometry,
  type BlurPoolOptions,
  blurPoolBackward,
  blurPoolForward,
  blurPoolGeometry,
  blurPoolOutputShape,
} from './blur.js';
export {
  type ChannelPoolOptions,
  channelArgmax,
  channelPoolBackward,
  channelPoolForward,
  channelPoolShape,
} from './channelpool.js';
export { concatBackward, concatForward } from './concat.js';
export {
  convBackwardBias,
  convBackwardFilter,
  convBackwardInput,
  convForward,
} from './conv.js';
export {
  type ConvTransposeOptions,
  convTransposeBackwardBias,
  convTransposeBackwardFilter,
  convTransposeBackwardInput,
  convTransposeForward,
  convTransposeGeometry,
  convTransposeOutputShape,
} from './convtranspose.js';
export { none } from './emitter.js';
export type { Epilogue } from './epilogue.js';
export { type ConvOptions, convGeometry, convOutputShape } from './geometry.js';
export { type LrnOptions, lrnBackward, lrnForward } from './lrn.js';
export { addToRows, type MatMul, matMul, sumRows } from './matrix.js';
export { multiplyBackward, multiplyForward } from './multiply.js';
export {
  type PaddingMode,
  type PadGeometry,
  type PadOptions,
  padBackward,
  padForward,
  padGeometry,
  padOutputShape,
} from './pad.js';
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
} from './pool.js';
export {
  type Interpolation,
  type UpsamplingGeometry,
  type UpsamplingOptions,
  upsamplingBackward,
  upsamplingForward,
  upsamplingGeometry,
  upsamplingOutputShape,
} from './upsample.js';
