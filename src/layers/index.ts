// The layers, as factories that take one options object each.

export {
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
export { batchNorm } from './batchnorm.js';
export { conv1d, conv2d, depthwiseConv2d } from './conv.js';
export { conv2dTranspose } from './convtranspose.js';
export { dense } from './dense.js';
export { dropout, spatialDropout2d } from './dropout.js';
export { add } from './merge.js';
export { avgPool1d, avgPool2d, globalAvgPool2d, lpPool2d, maxPool1d, maxPool2d } from './pool.js';
export { rbf } from './rbf.js';
export { flatten, reshape } from './reshape.js';
export { residual } from './residual.js';
export { identityShortcut } from './shortcut.js';
