// Networks that TF.js builds: one for each layer that it has and that can be read.

import type { Shape } from '../../../src/base/shape.js';
import { tfl } from '../../helpers/tfjs.js';

const L = tfl.layers;
type X = tfl.SymbolicTensor;

export interface Case {
  readonly name: string;
  readonly inputs: readonly Shape[];
  readonly outputs: (...xs: X[]) => X | X[];
  /** What `writeTfjs` says of it, where it cannot write it. */
  readonly unwritten?: RegExp;
}

const image = [9, 7, 4];
const signal = [11, 3];
const volume = [5, 4, 6, 3];

/** One layer, applied to one input. */
const one = (
  name: string,
  shape: Shape,
  layer: () => tfl.layers.Layer,
  unwritten?: RegExp,
): Case => ({
  name,
  inputs: [shape],
  outputs: (x) => layer().apply(x) as X,
  unwritten,
});

const merge = (name: string, layer: () => tfl.layers.Layer, ...inputs: Shape[]): Case => ({
  name,
  inputs,
  outputs: (...xs) => layer().apply(xs) as X,
});

const activations = [
  ...['linear', 'relu', 'relu6', 'sigmoid', 'tanh', 'softmax', 'elu', 'selu', 'gelu', 'swish'],
  ...['softplus', 'hardSigmoid', 'softsign', 'mish'],
] as const;

export const cases: readonly Case[] = [
  one('conv2d', image, () => L.conv2d({ filters: 5, kernelSize: 3, activation: 'relu' })),
  one('conv2d same, strided', image, () =>
    L.conv2d({ filters: 5, kernelSize: [3, 2], strides: 2, padding: 'same', useBias: false }),
  ),
  one('conv2d dilated', image, () =>
    L.conv2d({ filters: 5, kernelSize: 3, dilationRate: 2, padding: 'same' }),
  ),
  one('conv2d that does not fit', [8, 7, 2], () =>
    L.conv2d({ filters: 3, kernelSize: 3, strides: 2 }),
  ),
  one('conv1d', signal, () => L.conv1d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' })),
  one('depthwiseConv2d', image, () =>
    L.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, activation: 'tanh' }),
  ),
  one('separableConv2d', image, () =>
    L.separableConv2d({ filters: 6, kernelSize: 3, depthMultiplier: 2, activation: 'relu' }),
  ),
  one('conv2dTranspose', image, () =>
    L.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' }),
  ),
  one('conv2dTranspose with gaps', image, () =>
    L.conv2dTranspose({ filters: 3, kernelSize: 2, strides: 3, padding: 'valid' }),
  ),
  one('conv3d', volume, () => L.conv3d({ filters: 4, kernelSize: 2, activation: 'relu' })),
  // TF.js itself computes kernels of several sides wrong: see golden/keras3.py for these.
  one('conv3d same, strided', volume, () =>
    L.conv3d({ filters: 2, kernelSize: 3, strides: [2, 1, 2], padding: 'same', useBias: false }),
  ),
  one('conv3dTranspose', [3, 2, 4, 2], () =>
    tfl.layers.conv3dTranspose({ filters: 3, kernelSize: 2, strides: 2, padding: 'same' }),
  ),
  one('maxPooling3d', volume, () =>
    L.maxPooling3d({ poolSize: 2, strides: [1, 2, 2], padding: 'same' }),
  ),
  one('averagePooling3d', volume, () =>
    L.averagePooling3d({ poolSize: [2, 3, 2], strides: 2, padding: 'same' }),
  ),
  one('dense', [6], () => L.dense({ units: 4, activation: 'sigmoid' })),
  one('dense over images', image, () => L.dense({ units: 5, activation: 'relu' })),
  ...activations.map((activation) =>
    one(`activation ${activation}`, [5, 6], () =>
      L.activation({ activation: activation as 'relu' }),
    ),
  ),
  one('hard sigmoid of a layer', [6], () => L.dense({ units: 3, activation: 'hardSigmoid' })),
  one('reLU', image, () => L.reLU({})),
  one('reLU with a bound', image, () => L.reLU({ maxValue: 0.5 })),
  one('leakyReLU', image, () => L.leakyReLU({ alpha: 0.3 })),
  one('prelu', image, () => L.prelu({ sharedAxes: [1, 2] })),
  one('prelu of each', image, () => L.prelu({})),
  one('elu', image, () => L.elu({})),
  one('thresholdedReLU', image, () => L.thresholdedReLU({ theta: 0.4 })),
  one('softmax', image, () => L.softmax({ axis: -1 })),
  one('maxPooling2d', image, () => L.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' })),
  one('averagePooling2d', image, () => L.averagePooling2d({ poolSize: [2, 3], padding: 'same' })),
  one('maxPooling1d', signal, () => L.maxPooling1d({ poolSize: 3 })),
  one('averagePooling1d', signal, () => L.averagePooling1d({ poolSize: 2, padding: 'same' })),
  one('globalMaxPooling2d', image, () => L.globalMaxPooling2d({})),
  one('globalAveragePooling2d', image, () => L.globalAveragePooling2d({})),
  one('globalMaxPooling1d', signal, () => L.globalMaxPooling1d({})),
  one('globalAveragePooling1d', signal, () => L.globalAveragePooling1d({})),
  one('batchNormalization', image, () => L.batchNormalization({ epsilon: 1e-2 })),
  one('batchNormalization without scale', image, () => L.batchNormalization({ scale: false })),
  one('layerNormalization', image, () => L.layerNormalization({})),
  one('layerNormalization of two axes', image, () => L.layerNormalization({ axis: [1, 3] })),
  one('dropout', image, () => L.dropout({ rate: 0.3 })),
  one('spatialDropout1d', signal, () => L.spatialDropout1d({ rate: 0.3 }), /spatialDropout2d/),
  one('alphaDropout', image, () => L.alphaDropout({ rate: 0.3 })),
  one('gaussianNoise', image, () => L.gaussianNoise({ stddev: 0.3 })),
  one('gaussianDropout', image, () => L.gaussianDropout({ rate: 0.3 })),
  one('flatten', image, () => L.flatten({})),
  one('reshape', image, () => L.reshape({ targetShape: [-1, 6] })),
  one('permute', image, () => L.permute({ dims: [3, 1, 2] })),
  one('repeatVector', [5], () => L.repeatVector({ n: 3 })),
  one('zeroPadding2d', image, () =>
    L.zeroPadding2d({
      padding: [
        [1, 0],
        [2, 3],
      ],
    }),
  ),
  one('cropping2D', image, () =>
    L.cropping2D({
      cropping: [
        [1, 2],
        [0, 3],
      ],
    }),
  ),
  one('upSampling2d', image, () => L.upSampling2d({ size: [2, 3] })),
  one('upSampling2d between pixels', image, () =>
    L.upSampling2d({ size: [2, 3], interpolation: 'bilinear' }),
  ),
  one('rescaling', image, () => L.rescaling({ scale: 1 / 127.5, offset: -1 })),
  ...(['add', 'multiply', 'average', 'maximum', 'minimum'] as const).map((type) =>
    merge(type, () => L[type](), image, image),
  ),
  merge('add of three', () => L.add(), image, image, image),
  merge('a gate', () => L.multiply(), image, [1, 1, 4]),
  merge('add, broadcast', () => L.add(), image, [1, 7, 1]),
  merge('concatenate', () => L.concatenate({}), image, [9, 7, 2]),
  merge('concatenate rows', () => L.concatenate({ axis: 1 }), image, [3, 7, 4]),
  merge('dot of vectors', () => L.dot({ axes: 1 }), [6], [6]),
  merge('dot of matrices', () => L.dot({ axes: [2, 1] }), [4, 6], [6, 3]),
  {
    name: 'an embedding',
    inputs: [[5, 3]],
    outputs(x) {
      // Numbers up to that of the last row.
      const rows = L.rescaling({ scale: 3, offset: 3 }).apply(x) as X;
      return L.embedding({ inputDim: 6, outputDim: 4 }).apply(rows) as X;
    },
  },
  {
    name: 'a shared layer',
    inputs: [
      [8, 8, 3],
      [6, 5, 3],
    ],
    outputs: (a, b) => {
      const shared = L.conv2d({ filters: 4, kernelSize: 3, name: 'twin' });
      const pool = L.globalAveragePooling2d({ name: 'mean' });
      const ends = [a, b].map((x) => pool.apply(shared.apply(x)) as X);
      return [L.add().apply(ends) as X, ends[1]];
    },
  },
  {
    name: 'nested models',
    inputs: [[8, 8, 3]],
    outputs: (x) => {
      const sequential = (name: string) => {
        const block = tfl.sequential({ name });
        const convolution = { filters: 4, kernelSize: 3, padding: 'same' } as const;
        block.add(L.conv2d({ inputShape: [8, 8, 4], ...convolution }));
        block.add(L.batchNormalization({}));
        return block;
      };
      const start = tfl.input({ shape: [8, 8, 4] });
      const middle = L.conv2d({ filters: 4, kernelSize: 1 }).apply(start) as X;
      const inner = sequential('inner').apply(middle) as X;
      const whole = tfl.model({ inputs: start, outputs: [inner, middle], name: 'whole' });
      const block = sequential('block');
      const once = block.apply(L.conv2d({ filters: 4, kernelSize: 1 }).apply(x)) as X;
      const [y, other] = whole.apply(once) as X[];
      return [block.apply(y) as X, other];
    },
  },
];
