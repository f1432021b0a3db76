// Networks as a user of wasmgrad writes them down.

import { input, layers, Model, ResNet, type SymbolicTensor } from '../../src/index.js';
import type { ConvLayer, Filling, NetworkLayer } from '../layers.js';
import { EPSILON, type NetworkWork } from '../work.js';
import { beginning } from './adapter.js';

/** As in PyTorch. */
const dimRoundingMode = 'floor';

/** How each weight begins, by its name. */
type Fillings = Map<string, Filling>;

const chain = (x: SymbolicTensor, parts: readonly NetworkLayer[], weights: Fillings) =>
  parts.reduce((y, layer) => applied(y, layer, weights), x);

/** What the layer makes of x. */
function applied(x: SymbolicTensor, layer: NetworkLayer, weights: Fillings): SymbolicTensor {
  switch (layer.type) {
    case 'conv':
      return convolved(x, layer, weights);
    case 'maxPool': {
      const { size: poolSize, stride: strides, pad: padding } = layer;
      return layers.maxPool2d({ poolSize, strides, padding, dimRoundingMode }).apply(x);
    }
    case 'globalAvgPool':
      return layers.globalAvgPool2d().apply(x);
    case 'identityShortcut': {
      const { filters, stride: strides } = layer;
      return layers.identityShortcut({ filters, strides }).apply(x);
    }
    case 'residual': {
      const parts = [layer.body, layer.shortcut].map((part) => chain(x, part, weights));
      return layers.relu().apply(layers.add().apply(parts));
    }
    case 'branches':
      return layers.concat().apply(layer.chains.map((part) => chain(x, part, weights)));
    case 'dense': {
      const { name, units, inputShape } = layer;
      const activation = layer.relu ? 'relu' : 'linear';
      weights.set(`${name}/kernel`, layer.weights.kernel);
      const flat = inputShape.length > 1 ? layers.flatten().apply(x) : x;
      return layers.dense({ name, units, activation }).apply(flat);
    }
  }
}

function convolved(x: SymbolicTensor, layer: ConvLayer, weights: Fillings): SymbolicTensor {
  const { name, filters, kernel: kernelSize, stride: strides, pad: padding } = layer;
  const { kernel, norm } = layer.weights;
  const activation = layer.relu ? 'relu' : 'linear';
  const options = { name, filters, kernelSize, strides, padding, dimRoundingMode } as const;
  weights.set(`${name}/kernel`, kernel);
  if (!norm) return layers.conv2d({ ...options, activation }).apply(x);
  const { mean: movingMean, variance: movingVariance, ...others } = norm;
  const parts = { ...others, movingMean, movingVariance };
  for (const [part, filling] of Object.entries(parts)) weights.set(`${name}.norm/${part}`, filling);
  const y = layers.conv2d({ ...options, useBias: layer.bias === true }).apply(x);
  const normed = layers
    .batchNorm({ name: `${name}.norm`, momentum: 0.9, epsilon: EPSILON })
    .apply(y);
  return layer.relu ? layers.relu().apply(normed) : normed;
}

/** The network that is in the ONNX file. */
export const resnet50 = () => new ResNet({ depth: 50, seed: 1 });

/** The network, not compiled. */
export function modelOf({ side, channels, layers: parts }: NetworkWork): Model {
  const weights: Fillings = new Map();
  const inputs = input([side, side, channels]);
  const model = new Model({ inputs, outputs: chain(inputs, parts, weights) });
  for (const { name, tensor } of model.weights) {
    const filling = weights.get(name);
    if (filling) tensor.data.set(beginning(filling));
  }
  return model;
}
