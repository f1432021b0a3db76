// Models for tests of ONNX files: each layer by itself, in all its ways; networks that are more than a chain; the zoo.

import {
  input,
  type Layer,
  layers,
  Model,
  Sequential,
  type Shape,
  type SymbolicTensor,
  zoo,
} from '../../src/index.js';
import { stir } from './graphs.js';

export type Net = Model<SymbolicTensor | readonly SymbolicTensor[]>;

const image: Shape = [9, 10, 4];
const signal: Shape = [11, 4];
const vector: Shape = [6];

/** Layers with the shape of what they take, by type. */
const alone: Readonly<Record<string, readonly (readonly [Shape, () => Layer])[]>> = {
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

/** A layer that merges, with the shapes of what it takes. */
const merging: Readonly<Record<string, readonly (readonly [readonly Shape[], () => Layer])[]>> = {
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

/** The weights away from where they begin, so that none may be left out. */
function stirred<N extends Pick<Net, 'weights'>>(model: N, seed = 1): N {
  stir(model, seed);
  return model;
}

/** Each layer by itself, by its type and a number. */
export const singles: Readonly<Record<string, () => Net>> = Object.fromEntries([
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

/** The types of layers that `singles` has. */
export const singleTypes: readonly string[] = [...Object.keys(alone), ...Object.keys(merging)];

const chain = (x: SymbolicTensor, ...list: readonly Layer[]): SymbolicTensor =>
  list.reduce((y, layer) => layer.apply(y), x);

const conv = (filters: number): Layer =>
  layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu' });

const unstirred: Readonly<Record<string, () => Net>> = {
  'a dense layer after a flattened image': () =>
    new Sequential(
      [
        conv(3),
        layers.flatten(),
        layers.relu(),
        layers.dropout({ rate: 0.2 }),
        layers.dense({ units: 4 }),
      ],
      { inputShape: [4, 5, 2] },
    ),
  'a flattened image that more than dense layers read': () => {
    const x = input([4, 5, 2]);
    const flat = chain(x, conv(3), layers.flatten());
    const softmax = chain(flat, layers.softmax());
    return new Model({ inputs: x, outputs: [layers.dense({ units: 3 }).apply(flat), softmax] });
  },
  'a flattened image that is an output': () => {
    const x = input([4, 5, 2]);
    const flat = chain(x, conv(3), layers.flatten());
    return new Model({ inputs: x, outputs: [flat, layers.dense({ units: 3 }).apply(flat)] });
  },
  'a flattened image whose activation is an output': () => {
    const x = input([4, 5, 2]);
    const flat = chain(x, conv(3), layers.flatten());
    const rectified = layers.tanh().apply(flat);
    return new Model({ inputs: x, outputs: [rectified, layers.dense({ units: 3 }).apply(flat)] });
  },
  'a dense layer shared by a vector and a flattened image': () => {
    const inputs = [input([12]), input([2, 2, 3])];
    const dense = layers.dense({ units: 3 });
    const outputs = [dense.apply(inputs[0]), chain(inputs[1], layers.flatten(), dense)];
    return new Model({ inputs, outputs });
  },
  'radial basis functions after a flattened image': () =>
    new Sequential([layers.flatten(), layers.tanh(), layers.rbf({ units: 4 })], {
      inputShape: [2, 3, 2],
    }),
  'shared layers, and inputs and outputs with names': () => {
    const [left, right] = [input([5, 5, 2], { name: 'left' }), input([5, 5, 2], { name: 'right' })];
    const shared = conv(4);
    const [a, b] = [shared.apply(left), shared.apply(right)];
    const both = layers.concat({ name: 'both' }).apply([a, b]);
    return new Model({ inputs: [left, right], outputs: [both, shared.apply(left), a] });
  },
  'outputs that layers do nothing for': () => {
    const x = input([3, 4, 2]);
    const y = conv(2).apply(x);
    const dropped = layers.dropout({ rate: 0.5 }).apply(y);
    return new Model({ inputs: x, outputs: [dropped, y, layers.linear().apply(x)] });
  },
  'an input called as a layer is': () => {
    const x = input([3], { name: 'dense' });
    return new Model({ inputs: x, outputs: layers.dense({ units: 2, name: 'dense' }).apply(x) });
  },
  'residual blocks': () =>
    new Sequential(
      [
        conv(4),
        layers.residual({ layers: [conv(4), layers.batchNorm()] }),
        layers.residual({
          layers: [
            layers.conv2d({ filters: 6, kernelSize: 3, strides: 2, padding: 1 }),
            layers.batchNorm(),
          ],
          shortcut: [layers.identityShortcut({ filters: 6, strides: 2 })],
          activation: 'linear',
        }),
        layers.globalAvgPool2d(),
      ],
      { inputShape: [7, 8, 3] },
    ),
  'a gate of channels': () => {
    const x = conv(6).apply(input([6, 5, 3]));
    const gate = chain(
      x,
      layers.globalAvgPool2d(),
      layers.dense({ units: 6, activation: 'hardSigmoid' }),
    );
    return new Model({ inputs: x.inputs, outputs: layers.multiply().apply([x, gate]) });
  },
};

/** Networks whose writing is about more than one layer. */
export const networks: Readonly<Record<string, () => Net>> = Object.fromEntries(
  Object.entries(unstirred).map(([name, make]) => [name, () => stirred(make())]),
);

/** The networks of the zoo, on images as small as they take. */
export const zooNetworks: Readonly<Record<string, () => Net>> = {
  lenet5: () => zoo.lenet5(),
  lenet5Classic: () => zoo.lenet5Classic(),
  alexnet: () => zoo.alexnet({ inputShape: [67, 67, 3], classes: 10, groups: 2 }),
  // At least 515 MB, whatever the image: one of them is enough.
  vgg11: () => zoo.vgg11({ inputShape: [32, 32, 3], classes: 10, batchNorm: true }),
  nin: () => zoo.nin(),
  allCnn: () => zoo.allCnn(),
  googlenet: () => zoo.googlenet({ inputShape: [64, 64, 3], classes: 10 }),
  'googlenet with its auxiliary outputs': () =>
    zoo.googlenet({ inputShape: [96, 96, 3], classes: 10, auxiliary: true }),
  resnet20: () => zoo.resnet({ depth: 20, classes: 10, inputShape: [32, 32, 3] }),
  resnet18: () => zoo.resnet({ depth: 18, classes: 10, inputShape: [64, 64, 3] }),
  resnet50: () => zoo.resnet({ depth: 50, classes: 10, inputShape: [64, 64, 3] }),
  mobilenetV2: () => zoo.mobilenetV2({ inputShape: [64, 64, 3], classes: 10 }),
  squeezenet: () => zoo.squeezenet({ inputShape: [64, 64, 3], classes: 10 }),
};
