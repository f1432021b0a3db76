// Models for tests of ONNX files: networks that are more than a chain, and the zoo.

import {
  input,
  type Layer,
  layers,
  Model,
  Sequential,
  type SymbolicTensor,
  zoo,
} from '../../src/index.js';
import { stir } from './graphs.js';

export type Net = Model<SymbolicTensor | readonly SymbolicTensor[]>;

/** The weights away from where they begin, so that none may be left out. */
export function stirred<N extends Pick<Net, 'weights'>>(model: N, seed = 1): N {
  stir(model, seed);
  return model;
}

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

/** The same layers, of which each has an eighth of the channels or units. */
function narrowed({ layers: list, inputShape }: Sequential): Sequential {
  const factories = layers as unknown as Record<string, (options: object) => Layer>;
  const narrow = (options: object): object =>
    Object.fromEntries(
      Object.entries(options).map(([word, value]) => [
        word,
        /^(filters|units)$/.test(word) && value >= 64 ? value / 8 : value,
      ]),
    );
  return new Sequential(
    list.map(({ type, options }) => factories[type](narrow(options))),
    { inputShape: [...inputShape] },
  );
}

/** The networks of the zoo, on images as small as they take. */
export const zooNetworks: Readonly<Record<string, () => Net>> = {
  lenet5: () => zoo.lenet5(),
  lenet5Classic: () => zoo.lenet5Classic(),
  alexnet: () => zoo.alexnet({ inputShape: [67, 67, 3], classes: 10, groups: 2 }),
  // The file of the whole one has 515 MB.
  vgg11: () => narrowed(zoo.vgg11({ inputShape: [32, 32, 3], classes: 10, batchNorm: true })),
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
