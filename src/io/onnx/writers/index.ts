// The layers that can be written: their writers by type. Layers that are made of others, such as residual, are not in
// graphs: their parts are.

import type { DropoutOptions } from '../../../operators/dropout/dropout.layer.js';
import { activationWriters } from './activation.js';
import { conv, conv3d, convTranspose, dense, rbf } from './conv.js';
import * as elementwise from './elementwise.js';
import * as lookup from './lookup.js';
import { matMul } from './matmul.js';
import { add, concat, dot, identityShortcut, merged, multiply } from './merge.js';
import { batchNorm, groupNorm, instanceNorm, layerNorm, lrn } from './norm.js';
import type { LayerWriter } from './place.js';
import * as pool from './pool.js';
import { argument, reduce } from './reduce.js';
import { resize } from './resize.js';
import * as shape from './shape.js';
import { padding, reshape, upsampling } from './spatial.js';
import { wrapped } from './wrapped.js';

/** It drops whole channels in training: ONNX has none such. */
const nothing: LayerWriter = (at) => at.x.name;

/** Without a word on training it does nothing; readers that train know the rate. */
const dropout: LayerWriter = (at) =>
  at.node('Dropout', [at.x.name, at.scalar(at.options<DropoutOptions>().rate)]);

/** Layers for arrays of any rank. */
const arrays: Readonly<Record<string, LayerWriter>> = {
  map: elementwise.map,
  combine: elementwise.combine,
  combineWeight: elementwise.combineWeight,
  select: elementwise.select,
  cumSum: lookup.cumSum,
  embedding: lookup.embedding,
  constant: shape.constant,
  matMul,
  reduce,
  argMax: argument('ArgMax'),
  argMin: argument('ArgMin'),
  transpose: shape.transpose,
  slice: shape.slice,
  pad: shape.pad,
  expand: shape.expand,
  depthToSpace: shape.depthToSpace,
  spaceToDepth: shape.spaceToDepth,
  resize,
  layerNorm,
  groupNorm,
  instanceNorm,
  conv3d,
  conv3dTranspose: convTranspose,
  groupedConv2dTranspose: convTranspose,
  conv1dTranspose: convTranspose,
  maxPool3d: pool.placedMaxPool,
  dilatedMaxPool1d: pool.placedMaxPool,
  dilatedMaxPool2d: pool.placedMaxPool,
  avgPool3d: pool.placedAvgPool,
  paddedAvgPool1d: pool.placedAvgPool,
  paddedAvgPool2d: pool.placedAvgPool,
  lpPool1d: pool.placedLpPool,
  lpPool3d: pool.placedLpPool,
  dilatedLpPool2d: pool.placedLpPool,
  wrapped: (at) => wrapped(writers)(at),
};

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
  dropout,
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
  ...arrays,
};
