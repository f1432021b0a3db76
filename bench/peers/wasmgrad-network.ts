// Networks as a user of wasmgrad writes them down.

import { type Layer, layers, ResNet, Sequential } from '../../src/index.js';
import type { Filling, NetworkLayer } from '../layers.js';
import { EPSILON, type NetworkWork } from '../work.js';
import { beginning } from './adapter.js';

/** As in PyTorch. */
const dimRoundingMode = 'floor';

/** The layers, and how each weight begins, by its name. */
function layersOf(layer: NetworkLayer, weights: Map<string, Filling>): Layer[] {
  const chain = (parts: readonly NetworkLayer[]) =>
    parts.flatMap((part) => layersOf(part, weights));
  switch (layer.type) {
    case 'conv': {
      const { name, filters, kernel: kernelSize, stride: strides, pad: padding } = layer;
      const { kernel, norm } = layer.weights;
      const activation = layer.relu ? 'relu' : 'linear';
      const options = { name, filters, kernelSize, strides, padding, dimRoundingMode } as const;
      weights.set(`${name}/kernel`, kernel);
      if (!norm) return [layers.conv2d({ ...options, activation })];
      const { mean: movingMean, variance: movingVariance, ...others } = norm;
      const parts = { ...others, movingMean, movingVariance };
      for (const [part, filling] of Object.entries(parts))
        weights.set(`${name}.norm/${part}`, filling);
      return [
        layers.conv2d({ ...options, useBias: layer.bias === true }),
        layers.batchNorm({ name: `${name}.norm`, momentum: 0.9, epsilon: EPSILON }),
        ...(layer.relu ? [layers.relu()] : []),
      ];
    }
    case 'maxPool': {
      const { size: poolSize, stride: strides, pad: padding } = layer;
      return [layers.maxPool2d({ poolSize, strides, padding, dimRoundingMode })];
    }
    case 'globalAvgPool':
      return [layers.globalAvgPool2d()];
    case 'identityShortcut':
      return [layers.identityShortcut({ filters: layer.filters, strides: layer.stride })];
    case 'residual':
      return [layers.residual({ layers: chain(layer.body), shortcut: chain(layer.shortcut) })];
    case 'dense': {
      const { name, units, inputShape } = layer;
      const activation = layer.relu ? 'relu' : 'linear';
      weights.set(`${name}/kernel`, layer.weights.kernel);
      const dense = layers.dense({ name, units, activation });
      return inputShape.length > 1 ? [layers.flatten(), dense] : [dense];
    }
  }
}

/** The network that is in the ONNX file. */
export const resnet50 = () => new ResNet({ depth: 50, seed: 1 });

/** The network, not compiled. */
export function modelOf({ side, channels, layers: parts }: NetworkWork): Sequential {
  const weights = new Map<string, Filling>();
  const made = parts.flatMap((part) => layersOf(part, weights));
  const model = new Sequential(made, { inputShape: [side, side, channels] });
  for (const { name, tensor } of model.weights) {
    const filling = weights.get(name);
    if (filling) tensor.data.set(beginning(filling));
  }
  return model;
}
