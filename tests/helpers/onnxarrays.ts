// Models for tests of files: each layer for arrays of any rank by itself, in its ways; and networks of them.

import {
  input,
  type Layer,
  layers,
  Model,
  type Shape,
  type SymbolicTensor,
} from '../../src/index.js';
import * as arrays from '../../src/operators/arrays/index.js';
import { singlesOf } from './onnxlayers.js';
import { type Net, stirred } from './onnxmodels.js';

const volume: Shape = [5, 6, 4, 4];
const image: Shape = [6, 8, 4];
const signal: Shape = [9, 4];
const vector: Shape = [6];

const functions = [
  ...['exp', 'negate', 'abs', 'reciprocal', 'erf', 'sign', 'floor', 'ceil', 'round', 'sin', 'cos'],
  ...['softsign', 'mish', 'geluTanh'],
] as const;
const others = [
  ...['tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'asinh', 'atanh'],
  ...['isNaN', 'isInfinite', 'isNotZero'],
] as const;

const map = (options: arrays.MapOptions) => [image, () => arrays.map(options)] as const;
const weighed = (options: arrays.CombineWeightOptions, shape = image) =>
  [shape, () => arrays.combineWeight(options)] as const;

/** A layer's cases with one input, by its options. */
const cases = <O>(make: (options: O) => Layer, shape: Shape, ...all: O[]) =>
  all.map((options) => [shape, () => make(options)] as const);

const windows = {
  padding: [
    [1, 0],
    [0, 1],
    [1, 1],
  ],
  strides: [2, 1, 1],
} as const;

/** Each layer by itself. */
export const arraySingles = singlesOf({
  alone: {
    map: [
      ...functions.map((fn) => map({ fn: fn as arrays.MapOptions['fn'] })),
      ...(['elu', 'celu', 'selu', 'leakyRelu', 'thresholdedRelu'] as const).map((fn) =>
        map({ fn, alpha: 0.25 }),
      ),
      map({ fn: 'hardSigmoid', alpha: 0.5, beta: 0.25 }),
      ...[{ beta: 0.5 }, { alpha: 2 }, { alpha: -1, beta: 1 }].map((rest) =>
        map({ fn: 'affine', ...rest }),
      ),
      map({ fn: 'power', alpha: 2 }),
      ...[{ alpha: -0.5 }, { beta: 0.5 }, { alpha: -0.25, beta: 0.25 }].map((rest) =>
        map({ fn: 'clip', ...rest }),
      ),
      ...others.map((fn) => map({ fn: fn as arrays.MapOptions['fn'] })),
    ],
    combineWeight: [
      ...(['add', 'subtract', 'multiply', 'maximum', 'minimum', 'prelu'] as const).map((fn) =>
        weighed({ fn, shape: [4] }),
      ),
      weighed({ fn: 'subtract', shape: [8, 1], first: true }),
      weighed({ fn: 'add', shape: image }),
      weighed({ fn: 'greater', shape: [4] }),
      weighed({ fn: 'multiply', shape: [3, 6] }, vector),
      ...(['notEqual', 'greaterEqual', 'lessEqual'] as const).map((fn) =>
        weighed({ fn, shape: [4] }),
      ),
    ],
    reduce: [
      ...(['sum', 'mean', 'max', 'min', 'prod', 'l1', 'l2', 'sumSquare', 'logSumExp'] as const).map(
        (fn) => [image, () => arrays.reduce({ fn, axes: [1], keepDims: true })] as const,
      ),
      ...cases(arrays.reduce, image, { fn: 'mean', axes: [0, 1] }, { fn: 'sum', axes: [2] }),
      ...cases(arrays.reduce, image, { fn: 'mean', axes: [0, 1], keepDims: true }),
      ...cases(arrays.reduce, signal, { fn: 'max', axes: [-1] }),
    ],
    cumSum: [
      ...cases(arrays.cumSum, image, { axis: 0 }, { axis: 2, exclusive: true, reverse: true }),
      ...cases(arrays.cumSum, signal, { axis: -1, reverse: true }),
      ...cases(arrays.cumSum, vector, { axis: 0, exclusive: true }),
    ],
    embedding: [
      ...cases(arrays.embedding, signal, { count: 5, shape: [3] }),
      ...cases(arrays.embedding, vector, { count: 5, shape: [3, 2] }),
    ],
    argMax: cases(arrays.argMax, image, { axis: 2 }, { axis: 0, last: true, keepDims: true }),
    argMin: cases(arrays.argMin, image, { axis: 1 }),
    transpose: [
      ...cases(arrays.transpose, image, { axes: [2, 0, 1] }, { axes: [1, 0, 2] }),
      ...cases(arrays.transpose, signal, { axes: [1, 0] }),
    ],
    slice: [
      ...cases(
        arrays.slice,
        image,
        { begin: [1, 2], end: [5, -1] },
        { begin: [0, -1, 1], end: [6, -9, 3], step: [2, -1, 1] },
      ),
      ...cases(arrays.slice, vector, { begin: [2], end: [4] }),
    ],
    pad: cases<arrays.PadOptions>(
      arrays.pad,
      image,
      {
        padding: [
          [1, 0],
          [0, 2],
          [0, 3],
        ],
      },
      {
        padding: [
          [1, -1],
          [0, 2],
          [1, 0],
        ],
        value: 0.5,
      },
      {
        padding: [
          [1, 2],
          [3, 0],
          [0, 0],
        ],
        mode: 'reflect',
      },
      {
        padding: [
          [1, 2],
          [3, 0],
          [0, 1],
        ],
        mode: 'edge',
      },
    ),
    expand: [
      ...cases(arrays.expand, [1, 8, 1], { shape: [6, 1, 4] }),
      ...cases(arrays.expand, [1, 6], { shape: [3, 6] }),
      ...cases(arrays.expand, vector, { shape: [2, 3, 6] }),
    ],
    depthToSpace: cases<arrays.DepthToSpaceOptions>(
      arrays.depthToSpace,
      image,
      { blockSize: 2 },
      { blockSize: 2, mode: 'crd' },
    ),
    spaceToDepth: cases(arrays.spaceToDepth, image, { blockSize: 2 }),
    resize: cases<arrays.ResizeOptions>(
      arrays.resize,
      image,
      { axes: [0, 1], sizes: [9, 5], mode: 'linear' },
      { axes: [0, 1], scales: [1.5, 2], coordinates: 'asymmetric', nearest: 'floor' },
      { axes: [0, 1], sizes: [12, 16], mode: 'linear', coordinates: 'asymmetric' },
      { axes: [0, 1], sizes: [9, 5], mode: 'linear', coordinates: 'alignCorners' },
      { axes: [0, 1], scales: [1.5, 2], mode: 'cubic', cubicCoefficient: -0.5 },
    ),
    layerNorm: [
      ...cases(arrays.layerNorm, image, {}, { axes: [0, 2], epsilon: 0.1 }, { center: false }),
      ...cases(arrays.layerNorm, vector, { scale: false }),
    ],
    groupNorm: [
      ...cases(arrays.groupNorm, image, { groups: 2, epsilon: 0.01 }),
      ...cases(arrays.groupNorm, signal, { groups: 1 }),
      ...cases(arrays.groupNorm, image, { groups: 2, scale: false }, { groups: 4, center: false }),
    ],
    instanceNorm: [
      ...cases(arrays.instanceNorm, image, {}, { scale: false, center: false }),
      ...cases(arrays.instanceNorm, signal, { epsilon: 0.1 }),
    ],
    conv3d: cases<arrays.Conv3dOptions>(
      arrays.conv3d,
      volume,
      { filters: 3, kernelSize: 2 },
      { filters: 4, kernelSize: [3, 2, 1], groups: 2, ...windows, activation: 'relu' },
      { filters: 2, kernelSize: 3, padding: 'same', strides: 2, useBias: false },
    ),
    conv3dTranspose: cases<arrays.ConvTransposeOptions>(
      arrays.conv3dTranspose,
      [3, 2, 3, 4],
      { filters: 3, kernelSize: 2 },
      { filters: 2, kernelSize: 3, strides: 2, padding: 'same', activation: 'tanh' },
    ),
    groupedConv2dTranspose: cases<arrays.ConvTransposeOptions>(
      arrays.groupedConv2dTranspose,
      image,
      { filters: 6, kernelSize: [3, 2], groups: 2, strides: 2, outputPadding: 1 },
    ),
    conv1dTranspose: cases<arrays.ConvTransposeOptions>(arrays.conv1dTranspose, signal, {
      filters: 3,
      kernelSize: 3,
      padding: [[1, 2]],
      dilation: 2,
    }),
    maxPool3d: cases<arrays.PoolOptions>(arrays.maxPool3d, volume, {}, { poolSize: 3, ...windows }),
    dilatedMaxPool1d: cases(arrays.dilatedMaxPool1d, signal, { poolSize: 2, dilation: 3 }),
    dilatedMaxPool2d: cases(arrays.dilatedMaxPool2d, image, { dilation: [1, 2], strides: 1 }),
    avgPool3d: cases<arrays.AvgPoolOptions>(
      arrays.avgPool3d,
      volume,
      { strides: 1 },
      {
        ...{ poolSize: 3, ...windows, countPadding: true },
      },
    ),
    paddedAvgPool1d: cases(arrays.paddedAvgPool1d, signal, { padding: 1, countPadding: true }),
    paddedAvgPool2d: cases(arrays.paddedAvgPool2d, image, { padding: 1, countPadding: true }),
    lpPool1d: cases(arrays.lpPool1d, signal, { p: 3 }),
    lpPool3d: cases<arrays.LpPoolOptions>(arrays.lpPool3d, volume, { p: 1 }),
    dilatedLpPool2d: cases(arrays.dilatedLpPool2d, image, { poolSize: 3, strides: 2 }),
  },
  merging: {
    combine: [
      ...(['add', 'subtract', 'multiply', 'divide', 'maximum', 'minimum', 'prelu'] as const).map(
        (fn) => [[image, image], () => arrays.combine({ fn })] as const,
      ),
      [[image, [8, 1]], () => arrays.combine({ fn: 'add' })],
      [[[1, 8, 4], image], () => arrays.combine({ fn: 'subtract' })],
      [[image, image], () => arrays.combine({ fn: 'less' })],
    ],
    select: [
      [[image, image, image], () => arrays.select()],
      [[[8, 1], image, [1]], () => arrays.select()],
      [[signal, [4], [9, 1]], () => arrays.select()],
    ],
    matMul: [
      [
        [
          [3, 4],
          [4, 5],
        ],
        () => arrays.matMul(),
      ],
      [
        [
          [2, 4, 3],
          [5, 4],
        ],
        () => arrays.matMul({ transposeA: true, transposeB: true }),
      ],
    ],
  },
});

const chain = (x: SymbolicTensor, ...list: readonly Layer[]): SymbolicTensor =>
  list.reduce((y, layer) => layer.apply(y), x);

/** A block of ConvNeXt: a depthwise convolution, a norm of the channels, and two dense layers at each pixel. */
function block(x: SymbolicTensor): SymbolicTensor {
  const [, , channels] = x.shape;
  const y = chain(
    x,
    layers.depthwiseConv2d({ kernelSize: 7, padding: 'same' }),
    arrays.layerNorm({ epsilon: 1e-6 }),
    layers.conv2d({ filters: 4 * channels, kernelSize: 1, activation: 'gelu' }),
    layers.conv2d({ filters: channels, kernelSize: 1 }),
    arrays.combineWeight({ fn: 'multiply', shape: [channels] }),
  );
  return layers.add().apply([x, y]);
}

function convNext(): Model {
  const x = input([32, 32, 3], { name: 'picture' });
  const stem = chain(
    x,
    layers.conv2d({ filters: 8, kernelSize: 4, strides: 4 }),
    arrays.layerNorm(),
  );
  const next = chain(
    block(block(stem)),
    arrays.layerNorm(),
    layers.conv2d({ filters: 12, kernelSize: 2, strides: 2 }),
  );
  const mean = layers.globalAvgPool2d().apply(block(next));
  const outputs = chain(mean, arrays.layerNorm(), layers.dense({ units: 5, name: 'scores' }));
  return new Model({ inputs: x, outputs });
}

/** A token for all, and what it takes of the pixels by the likeness of both. */
function pooledByLikeness(): Model {
  const x = input([4, 4, 6]);
  const pixels = chain(x, layers.reshape({ targetShape: [16, 6] }));
  const token = arrays.constant({ shape: [1, 6] }).apply(x);
  const all = chain(
    layers.concat().apply([token, pixels].map((y) => arrays.transpose({ axes: [1, 0] }).apply(y))),
    arrays.transpose({ axes: [1, 0] }),
  );
  const likeness = arrays.matMul({ transposeB: true }).apply([all, all]);
  const y = arrays.matMul().apply([layers.softmax().apply(likeness), all]);
  const first = arrays.slice({ begin: [0], end: [1] }).apply(y);
  return new Model({ inputs: x, outputs: layers.flatten().apply(first) });
}

/** A network that encodes an image and decodes it. */
function encoder(): Model {
  const x = input([8, 8, 3]);
  const low = chain(
    x,
    layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same', useBias: false }),
    arrays.groupNorm({ groups: 4 }),
    arrays.map({ fn: 'mish' }),
    arrays.spaceToDepth({ blockSize: 2 }),
  );
  const high = chain(
    low,
    layers.conv2d({ filters: 16, kernelSize: 1, activation: 'hardSwish' }),
    arrays.depthToSpace({ blockSize: 2 }),
    arrays.resize({ axes: [0, 1], sizes: [10, 12], mode: 'linear' }),
    arrays.pad({
      padding: [
        [1, 0],
        [0, 1],
        [0, 0],
      ],
      mode: 'edge',
    }),
    arrays.instanceNorm(),
  );
  return new Model({ inputs: x, outputs: high });
}

/** An image whose pixels become the rows that they are most like, as a codebook has it; and what a mask chooses. */
function codebook(): Model {
  const x = input([4, 6, 3]);
  const code = chain(
    x,
    layers.conv2d({ filters: 7, kernelSize: 3, padding: 'same' }),
    arrays.argMax({ axis: 2 }),
    arrays.embedding({ count: 7, shape: [3] }),
  );
  const mask = arrays.combine({ fn: 'greaterEqual' }).apply([x, code]);
  const far = chain(
    x,
    arrays.map({ fn: 'affine', alpha: 2, beta: 3.5 }),
    arrays.map({ fn: 'acosh' }),
    arrays.cumSum({ axis: 1 }),
  );
  return new Model({ inputs: x, outputs: arrays.select().apply([mask, code, far]) });
}

/** Networks of several of these layers. */
export const arrayNetworks: Readonly<Record<string, () => Net>> = {
  'a ConvNeXt': () => stirred(convNext()),
  'pixels pooled by likeness': () => stirred(pooledByLikeness()),
  'an encoder and decoder': () => stirred(encoder()),
  'a codebook, and a mask': () => stirred(codebook()),
};
