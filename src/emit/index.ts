// What layers are made of: the ops of each family, forward and backward, for layers of one's own. Each takes
// the emitter first, then where the results go, then what they are made of.

export { activationBackward, activationForward } from './activation.js';
export {
  normBackward,
  normInference,
  normInferenceBackward,
  normRunning,
  normTraining,
} from './batchnorm.js';
export {
  blurPoolBackward,
  blurPoolForward,
  blurPoolGeometry,
  blurPoolOutputShape,
} from './blur.js';
export {
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
  convTransposeBackwardBias,
  convTransposeBackwardFilter,
  convTransposeBackwardInput,
  convTransposeForward,
  convTransposeGeometry,
  convTransposeOutputShape,
} from './convtranspose.js';
export { none } from './emitter.js';
export { convGeometry, convOutputShape } from './geometry.js';
export { lrnBackward, lrnForward } from './lrn.js';
export { addToRows, matMul, sumRows } from './matrix.js';
export { multiplyBackward, multiplyForward } from './multiply.js';
export { padBackward, padForward, padGeometry, padOutputShape } from './pad.js';
export {
  argmaxValue,
  averagePoolBackward,
  averagePoolForward,
  lpPoolBackward,
  lpPoolForward,
  maxPoolBackward,
  maxPoolForward,
  poolGeometry,
  poolOutputShape,
} from './pool.js';
export {
  upsamplingBackward,
  upsamplingForward,
  upsamplingGeometry,
  upsamplingOutputShape,
} from './upsample.js';
