// Functions that emit the ops of each family, forward and backward: for custom layers. Each takes the emitter first,
// then the results' values, then those that they are computed from. Those that check sizes take the layer's name first:
// their errors begin with it.

import { naming } from '../base/naming.js';
import * as conv from './conv/geometry.emit.js';
import * as transpose from './convtranspose/convtranspose.emit.js';
import * as blur from './pool/blur.emit.js';
import * as channels from './pool/channelpool.emit.js';
import * as pool from './pool/pool.emit.js';
import * as pad from './spatial/pad.emit.js';
import * as upsampling from './spatial/upsample.emit.js';

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
export { type ConvOptions, convOutputShape } from './conv/geometry.emit.js';
export {
  type ConvTransposeOptions,
  convTransposeBackwardBias,
  convTransposeBackwardFilter,
  convTransposeBackwardInput,
  convTransposeForward,
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
  blurPoolOutputShape,
} from './pool/blur.emit.js';
export {
  type ChannelPoolOptions,
  channelArgmax,
  channelPoolBackward,
  channelPoolForward,
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
  poolOutputShape,
} from './pool/pool.emit.js';
export {
  type PaddingMode,
  type PadGeometry,
  type PadOptions,
  padBackward,
  padForward,
  padOutputShape,
} from './spatial/pad.emit.js';
export {
  type Interpolation,
  type UpsamplingGeometry,
  type UpsamplingOptions,
  upsamplingBackward,
  upsamplingForward,
  upsamplingOutputShape,
} from './spatial/upsample.emit.js';

/** The same function with one argument more, the first: the name that its errors get. */
const withName =
  <A extends readonly unknown[], R>(work: (...args: A) => R) =>
  (where: string, ...args: A): R =>
    naming(where, () => work(...args));

/** The sizes of a convolution: of [batch, height, width, channels] with an HWIO filter. */
export const convGeometry = withName(conv.convGeometry);
/** The sizes of the convolution whose backward pass a transposed convolution is. */
export const convTransposeGeometry = withName(transpose.convTransposeGeometry);
/** The sizes of a blur pooling. */
export const blurPoolGeometry = withName(blur.blurPoolGeometry);
/** The result's shape of a pooling across channels. */
export const channelPoolShape = withName(channels.channelPoolShape);
/** The sizes of a pooling. */
export const poolGeometry = withName(pool.poolGeometry);
/** The sizes of a padding. */
export const padGeometry = withName(pad.padGeometry);
/** The sizes of an upsampling. */
export const upsamplingGeometry = withName(upsampling.upsamplingGeometry);
