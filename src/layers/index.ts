// The layers, as factories that take one options object each.

export { activation, relu, softmax } from './activation.js';
export { batchNorm } from './batchnorm.js';
export { blurPool2d } from './blurpool.js';
export { channelPool } from './channelpool.js';
export { conv2d } from './conv.js';
export { conv2dTranspose } from './convtranspose.js';
export { dense } from './dense.js';
export { dropout } from './dropout.js';
export { lrn } from './lrn.js';
export { reflectionPadding2d, zeroPadding2d } from './padding.js';
export {
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  avgPool2d,
  globalAvgPool2d,
  globalMaxPool2d,
  lpPool2d,
  maxPool2d,
  minPool2d,
} from './pool.js';
export { flatten, reshape } from './reshape.js';
export { upsampling2d } from './upsampling.js';
