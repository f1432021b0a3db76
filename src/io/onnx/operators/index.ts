// The operators that can be read: their translations by name.

import { layers } from '../../../core.js';
import type { ReduceFn } from '../../../operators/arrays/index.js';
import { Activation, type Value } from '../../importing/value.js';
import type { Node } from '../node.js';
import * as constant from './constant.js';
import { conv, convTranspose } from './conv.js';
import {
  applyBinary,
  applyUnary,
  binary,
  clip,
  mean,
  shrink,
  unary,
  unaryOfSeveral,
} from './elementwise.js';
import * as logic from './logic.js';
import { gemm, matMul, rbf } from './matmul.js';
import * as norm from './norm.js';
import * as pool from './pool.js';
import { argExtreme, cumSum, reduce, softmax } from './reduce.js';
import { resize } from './resize.js';
import * as shape from './shape.js';

/** Makes layers of a node; several outputs are a list. */
export type Translation = (node: Node) => Value | readonly Value[];

/** Dropout: drops in training. Its rate is an attribute, or, later, an input. */
function dropout(node: Node): Value {
  const x = node.input(0);
  const rate = Number(node.known(1)?.data[0] ?? node.float('ratio', 0.5));
  if (!(x instanceof Activation)) return x;
  if (!(rate > 0 && rate < 1)) return x;
  return node.builder.anywhere(x, (name) => layers.dropout({ name, rate }));
}

/** Another name for a value: of an array of the file, the one that it then has. */
function identity(node: Node): Value {
  const x = node.input(0);
  if (x instanceof Activation || x.name === undefined) return x;
  return x.as(x.shape, node.proto.outputs[0]);
}

const reductions: Readonly<Record<string, ReduceFn>> = {
  ReduceSum: 'sum',
  ReduceMean: 'mean',
  ReduceMax: 'max',
  ReduceMin: 'min',
  ReduceProd: 'prod',
  ReduceL1: 'l1',
  ReduceL2: 'l2',
  ReduceSumSquare: 'sumSquare',
  ReduceLogSumExp: 'logSumExp',
};

/** Each entry's value changed. */
const each = <From, To>(record: Readonly<Record<string, From>>, change: (from: From) => To) =>
  Object.fromEntries(Object.entries(record).map(([name, from]) => [name, change(from)]));

/** Translations by the names of ONNX's operators. */
export const operators: Readonly<Record<string, Translation>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  Gemm: gemm,
  MatMul: matMul,
  BatchNormalization: norm.batchNormalization,
  InstanceNormalization: norm.instanceNormalization,
  LayerNormalization: norm.layerNormalization,
  GroupNormalization: norm.groupNormalization,
  LRN: norm.lrn,
  MaxPool: pool.maxPool,
  AveragePool: pool.averagePool,
  LpPool: pool.lpPool,
  GlobalAveragePool: pool.globalAveragePool,
  GlobalMaxPool: pool.globalMaxPool,
  GlobalLpPool: pool.globalLpPool,
  ...each(
    unary,
    (own): Translation =>
      (node) =>
        applyUnary(node, own),
  ),
  ...each(
    binary,
    (own): Translation =>
      (node) =>
        applyBinary(node, own),
  ),
  Sum: (node) => applyBinary(node, binary.Add),
  Mean: mean,
  Clip: clip,
  Shrink: shrink,
  Softmax: (node) => softmax(node, false),
  LogSoftmax: (node) => softmax(node, true),
  ...each(
    reductions,
    (fn): Translation =>
      (node) =>
        reduce(node, fn),
  ),
  ArgMax: (node) => argExtreme(node, true),
  ArgMin: (node) => argExtreme(node, false),
  Reshape: shape.reshape,
  Flatten: shape.flatten,
  Transpose: shape.transpose,
  Squeeze: shape.squeeze,
  Unsqueeze: shape.unsqueeze,
  Expand: shape.expand,
  Concat: shape.concat,
  Split: shape.split,
  Slice: shape.slice,
  Pad: shape.pad,
  Tile: shape.tile,
  Shape: shape.shape,
  DepthToSpace: shape.depthToSpace,
  SpaceToDepth: shape.spaceToDepth,
  Resize: resize,
  Upsample: resize,
  Dropout: dropout,
  Identity: identity,
  Constant: constant.constant,
  ConstantOfShape: constant.constantOfShape,
  Range: constant.range,
  Gather: constant.gather,
  Cast: constant.cast,
  Size: constant.size,
  CumSum: cumSum,
  Where: logic.where,
  Not: logic.not,
  IsInf: logic.isInf,
  ...each(
    logic.comparisons,
    (own): Translation =>
      (node) =>
        logic.compare(node, own),
  ),
};

/** Translations of all that a graph has once it is simplified. */
export const translations: Readonly<Record<string, Translation>> = {
  ...operators,
  AdaptiveAveragePool: pool.adaptiveAveragePool,
  BlurPool: pool.blurPool,
  IdentityShortcut: shape.identityShortcut,
  Rbf: rbf,
  ...each(
    unaryOfSeveral,
    (own): Translation =>
      (node) =>
        applyUnary(node, own),
  ),
};
