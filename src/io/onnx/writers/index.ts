// The layers that can be written: their writers by type. Layers that are made of others, such as residual, are not in
// graphs: their parts are.

import { activationWriters } from './activation.js';
import { conv, convTranspose, dense, rbf } from './conv.js';
import { add, concat, dot, identityShortcut, merged, multiply } from './merge.js';
import { batchNorm, lrn } from './norm.js';
import type { LayerWriter } from './place.js';
import * as pool from './pool.js';
import { padding, reshape, upsampling } from './spatial.js';

/** Layers that do nothing but in training. */
const nothing: LayerWriter = (at) => at.x.name;

/** Writers by the types of layers. */
export const writers: Readonly<Record<string, LayerWriter>> = {
  ...activationWriters,
  conv1d: conv,
  conv2d: conv,
  depthwiseConv2d: conv,
  conv2dTranspose: convTranspose,
  dense,
  rbf,
  maxPool1d: pool.maxPool,
  maxPool2d: pool.maxPool,
  minPool2d: pool.minPool,
  avgPool1d: pool.avgPool,
  avgPool2d: pool.avgPool,
  lpPool2d: pool.lpPool,
  globalMaxPool2d: pool.globalMaxPool,
  globalAvgPool2d: pool.globalAvgPool,
  adaptiveMaxPool2d: pool.adaptiveMaxPool,
  adaptiveAvgPool2d: pool.adaptiveAvgPool,
  channelPool: pool.channelPool,
  blurPool2d: pool.blurPool,
  batchNorm,
  lrn,
  dropout: nothing,
  spatialDropout2d: nothing,
  add,
  subtract: merged('Sub'),
  multiply,
  average: merged('Mean'),
  maximum: merged('Max'),
  minimum: merged('Min'),
  dot,
  concat,
  identityShortcut,
  zeroPadding2d: padding('constant'),
  reflectionPadding2d: padding('reflect'),
  upsampling2d: upsampling,
  flatten: reshape,
  reshape,
};
