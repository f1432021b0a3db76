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
export { blurPool2d } from './blurpool.js';
export { channelPool } from './channelpool.js';
export { conv1d, conv2d, depthwiseConv2d } from './conv.js';
export { conv2dTranspose } from './convtranspose.js';
export { dense } from './dense.js';
export { dropout, spatialDropout2d } from './dropout.js';
export { lrn } from './lrn.js';
export { add, concat, multiply } from './merge.js';
export { reflectionPadding2d, zeroPadding2d } from './padding.js';
export {
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  avgPool1d,
  avgPool2d,
  globalAvgPool2d,
  globalMaxPool2d,
  lpPool2d,
  maxPool1d,
  maxPool2d,
  minPool2d,
} from './pool.js';
export { rbf } from './rbf.js';
export { flatten, reshape } from './reshape.js';
export { residual } from './residual.js';
export { separableConv2d } from './separable.js';
export { identityShortcut } from './shortcut.js';
export { upsampling2d } from './upsampling.js';
