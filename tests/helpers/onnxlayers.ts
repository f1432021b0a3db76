// Models for tests of ONNX files: each layer by itself, in all its ways.

import { input, type Layer, layers, Model, Sequential, type Shape } from '../../src/index.js';
import { type Net, stirred } from './onnxmodels.js';

const image: Shape = [9, 10, 4];
const signal: Shape = [11, 4];
const vector: Shape = [6];

const alone: Singles['alone'] = {
  conv2d: [
    [image, () => layers.conv2d({ filters: 5, kernelSize: 3, activation: 'relu' })],
    [
      image,
      () =>
        layers.conv2d({
          filters: 5,
          kernelSize: [3, 2],
          padding: 'same',
          strides: 2,
          dimRoundingMode: 'floor',
        }),
    ],
    [
      image,
      () =>
        layers.conv2d({
          filters: 6,
          kernelSize: 4,
          padding: [
            [0, 2],
            [3, 1],
          ],
          strides: [3, 2],
          groups: 2,
          useBias: false,
        }),
    ],
    [
      image,
      () =>
        layers.conv2d({
          filters: 3,
          kernelSize: 2,
          dilation: [2, 3],
          padding: 1,
          activation: 'softmax',
        }),
    ],
    [
      image,
      () =>
        layers.conv2d({
          filters: 3,
          kernelSize: 4,
          strides: 2,
          padding: 'same',
          paddingMode: 'reflect',
        }),
    ],
    [
      image,
      () =>
        layers.conv2d({
          filters: 3,
          kernelSize: 3,
          strides: 2,
          padding: 1,
          dimRoundingMode: 'ceil',
        }),
    ],
    [[1, 1, 3], () => layers.conv2d({ filters: 1, kernelSize: 1 })],
  ],
  depthwiseConv2d: [
    [image, () => layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', activation: 'relu6' })],
    [
      image,
      () =>
        layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 3, strides: 2, padding: 'same' }),
    ],
  ],
  conv1d: [
    [signal, () => layers.conv1d({ filters: 5, kernelSize: 3 })],
    [
      signal,
      () =>
        layers.conv1d({
          filters: 6,
          kernelSize: 4,
          padding: 'same',
          strides: 2,
          groups: 2,
          activation: 'tanh',
        }),
    ],
    [signal, () => layers.conv1d({ filters: 2, kernelSize: 2, padding: [4, 0], dilation: 4 })],
  ],
  separableConv2d: [
    [image, () => layers.separableConv2d({ filters: 5, kernelSize: 3, activation: 'relu' })],
  ],
  conv2dTranspose: [
    [image, () => layers.conv2dTranspose({ filters: 3, kernelSize: 3 })],
    [
      image,
      () => layers.conv2dTranspose({ filters: 3, kernelSize: 2, strides: 3, padding: 'same' }),
    ],
    [
      image,
      () =>
        layers.conv2dTranspose({
          filters: 3,
          kernelSize: [4, 3],
          strides: 2,
          padding: 'same',
          activation: 'relu',
        }),
    ],
    [
      image,
      () =>
        layers.conv2dTranspose({
          filters: 2,
          kernelSize: 3,
          strides: 2,
          padding: 1,
          outputPadding: 1,
          dilation: 2,
        }),
    ],
    [
      image,
      () =>
        layers.conv2dTranspose({
          filters: 2,
          kernelSize: 1,
          strides: [2, 3],
          padding: [
            [1, 0],
            [0, 2],
          ],
        }),
    ],
  ],
  dense: [
    [vector, () => layers.dense({ units: 5, activation: 'sigmoid' })],
    [vector, () => layers.dense({ units: 1, useBias: false })],
  ],
  rbf: [[vector, () => layers.rbf({ units: 3 })]],
  maxPool2d: [
    [image, () => layers.maxPool2d()],
    [image, () => layers.maxPool2d({ poolSize: 3, strides: 2, padding: 'same' })],
    [
      image,
      () =>
        layers.maxPool2d({
          poolSize: [3, 2],
          strides: 2,
          padding: [
            [2, 0],
            [1, 1],
          ],
          dimRoundingMode: 'ceil',
        }),
    ],
  ],
  minPool2d: [
    [image, () => layers.minPool2d({ poolSize: 3, strides: 2, dimRoundingMode: 'ceil' })],
  ],
  avgPool2d: [
    [image, () => layers.avgPool2d({ poolSize: [2, 3] })],
    [image, () => layers.avgPool2d({ poolSize: 4, strides: 2, padding: 'same' })],
    [image, () => layers.avgPool2d({ poolSize: 2, padding: 1, dimRoundingMode: 'ceil' })],
  ],
  lpPool2d: [
    [image, () => layers.lpPool2d()],
    [image, () => layers.lpPool2d({ p: 1, mode: 'sum', padding: 'same', poolSize: 3 })],
    [image, () => layers.lpPool2d({ p: 2.5, padding: 'same', poolSize: 3, strides: 2 })],
    [image, () => layers.lpPool2d({ p: 1.5, mode: 'sum' })],
  ],
  maxPool1d: [
    [signal, () => layers.maxPool1d()],
    [
      signal,
      () => layers.maxPool1d({ poolSize: 3, strides: 2, padding: 'same', dimRoundingMode: 'ceil' }),
    ],
  ],
  avgPool1d: [
    [signal, () => layers.avgPool1d({ poolSize: 3 })],
    [signal, () => layers.avgPool1d({ poolSize: 4, strides: 1, padding: [1, 2] })],
  ],
  globalMaxPool2d: [[image, () => layers.globalMaxPool2d()]],
  globalAvgPool2d: [[image, () => layers.globalAvgPool2d()]],
  adaptiveMaxPool2d: [
    [image, () => layers.adaptiveMaxPool2d({ outputSize: [4, 7] })],
    [image, () => layers.adaptiveMaxPool2d({ outputSize: [3, 5] })],
    [image, () => layers.adaptiveMaxPool2d({ outputSize: [12, 5] })],
  ],
  adaptiveAvgPool2d: [
    [image, () => layers.adaptiveAvgPool2d({ outputSize: [4, 7] })],
    [image, () => layers.adaptiveAvgPool2d({ outputSize: [9, 2] })],
    [image, () => layers.adaptiveAvgPool2d({ outputSize: [12, 1] })],
  ],
  channelPool: [
    [image, () => layers.channelPool({ poolSize: 2 })],
    [signal, () => layers.channelPool({ poolSize: 2, mode: 'average' })],
    [vector, () => layers.channelPool({ poolSize: 3 })],
  ],
  blurPool2d: [
    [image, () => layers.blurPool2d()],
    [image, () => layers.blurPool2d({ kernelSize: 4, strides: [1, 3] })],
    [image, () => layers.blurPool2d({ kernelSize: 2, strides: 1 })],
  ],
  batchNorm: [
    [image, () => layers.batchNorm()],
    [signal, () => layers.batchNorm({ epsilon: 0.1 })],
    [vector, () => layers.batchNorm()],
    [[2, 3, 2, 4], () => layers.batchNorm()],
  ],
  lrn: [
    [image, () => layers.lrn({ alpha: 0.5 })],
    [image, () => layers.lrn({ size: 2, alpha: 0.7, beta: 0.6, bias: 2 })],
    [image, () => layers.lrn({ size: 8, alpha: 0.7 })],
    [signal, () => layers.lrn({ size: 3, alpha: 0.5 })],
    [vector, () => layers.lrn({ size: 4, alpha: 0.5 })],
    [vector, () => layers.lrn({ size: 1, alpha: 0.5 })],
  ],
  dropout: [[image, () => layers.dropout({ rate: 0.5 })]],
  spatialDropout2d: [[image, () => layers.spatialDropout2d({ rate: 0.5 })]],
  identityShortcut: [
    [image, () => layers.identityShortcut({ filters: 7, strides: 2 })],
    [image, () => layers.identityShortcut({ filters: 4, strides: 3 })],
    [image, () => layers.identityShortcut({ filters: 5 })],
    [image, () => layers.identityShortcut({ filters: 4 })],
  ],
  zeroPadding2d: [
    [image, () => layers.zeroPadding2d()],
    [
      image,
      () =>
        layers.zeroPadding2d({
          padding: [
            [1, 2],
            [0, 3],
          ],
        }),
    ],
  ],
  reflectionPadding2d: [
    [
      image,
      () =>
        layers.reflectionPadding2d({
          padding: [
            [1, 2],
            [0, 3],
          ],
        }),
    ],
  ],
  upsampling2d: [
    [image, () => layers.upsampling2d({ size: [2, 3] })],
    [image, () => layers.upsampling2d({ size: [3, 2], interpolation: 'bilinear' })],
  ],
  flatten: [
    [image, () => layers.flatten()],
    [signal, () => layers.flatten()],
    [vector, () => layers.flatten()],
    [[3, 5, 1], () => layers.flatten()],
  ],
  reshape: [
    [image, () => layers.reshape({ targetShape: [5, 6, 12] })],
    [image, () => layers.reshape({ targetShape: [360] })],
    [image, () => layers.reshape({ targetShape: [9, 10, 2, 2] })],
    [vector, () => layers.reshape({ targetShape: [3, 2] })],
    [vector, () => layers.reshape({ targetShape: [1, 1, 6] })],
    [[1, 1, 6], () => layers.reshape({ targetShape: [2, 3, 1] })],
    [signal, () => layers.reshape({ targetShape: [11, 4] })],
  ],
  activation: [[image, () => layers.activation({ activation: 'silu' })]],
  leakyRelu: [
    [image, () => layers.leakyRelu()],
    [vector, () => layers.leakyRelu({ alpha: 0.3 })],
  ],
  elu: [
    [image, () => layers.elu()],
    [vector, () => layers.elu({ alpha: 0.3 })],
  ],
  ...Object.fromEntries(
    (
      [
        'linear',
        'relu',
        'relu6',
        'selu',
        'gelu',
        'silu',
        'hardSigmoid',
        'hardSwish',
        'softplus',
        'sigmoid',
        'tanh',
        'softmax',
      ] as const
    ).map((name) => [name, [image, signal, vector].map((shape) => [shape, layers[name]] as const)]),
  ),
};

const merging: Singles['merging'] = {
  add: [
    [[image, image], layers.add],
    [[vector, vector, vector], layers.add],
  ],
  subtract: [[[image, image], layers.subtract]],
  multiply: [
    [[image, image], layers.multiply],
    [[image, [4]], layers.multiply],
    [[image, [1, 1, 4]], layers.multiply],
    [[signal, [4]], layers.multiply],
  ],
  average: [[[image, image, image], layers.average]],
  maximum: [[[signal, signal], layers.maximum]],
  minimum: [[[vector, vector, vector], layers.minimum]],
  dot: [[[vector, vector], layers.dot]],
  concat: [
    [[image, [9, 10, 1], image], layers.concat],
    [[vector, [2]], layers.concat],
  ],
};

/** Layers with the shape of what they take, and those that merge, by type. */
export interface Singles {
  readonly alone: Readonly<Record<string, readonly (readonly [Shape, () => Layer])[]>>;
  readonly merging: Readonly<Record<string, readonly (readonly [readonly Shape[], () => Layer])[]>>;
}

/** Each layer by itself, by its type and a number. */
export const singlesOf = ({ alone, merging }: Singles): Readonly<Record<string, () => Net>> =>
  Object.fromEntries([
    ...Object.entries(alone).flatMap(([type, list]) =>
      list.map(([inputShape, make], i): [string, () => Net] => [
        `${type} ${i + 1}`,
        () => stirred(new Sequential([make()], { inputShape, seed: i })),
      ]),
    ),
    ...Object.entries(merging).flatMap(([type, list]) =>
      list.map(([shapes, make], i): [string, () => Net] => [
        `${type} ${i + 1}`,
        () => {
          const inputs = shapes.map((shape) => input(shape));
          return new Model({ inputs, outputs: make().apply(inputs) });
        },
      ]),
    ),
  ]);

/** Those of `layers`. */
export const singles = singlesOf({ alone, merging });

/** The types of layers that `singles` has. */
export const singleTypes: readonly string[] = [...Object.keys(alone), ...Object.keys(merging)];
