// AlexNet (Krizhevsky, Sutskever & Hinton, NIPS 2012), in one group or in the paper's two.

import { number } from '../base/options.js';
import { Model } from '../model/model.js';
import { input } from '../network/input.js';
import * as layers from '../operators/layers.js';
import { type ZooOptions, zooOptions } from './options.js';

/** Options of `alexnet`. */
export interface AlexNetOptions extends ZooOptions {
  /** 1 by default; 2 as in the paper, where each of two GPUs had half of the channels. */
  groups?: 1 | 2;
}

/**
 * AlexNet: 62 378 344 parameters in one group, 60 965 224 in two; its outputs are logits.
 *
 * @throws {ValueError} for other groups
 */
export function alexnet(options: AlexNetOptions = {}): Model {
  const made = { classes: 1000, inputShape: [227, 227, 3], smallest: 67 };
  const { classes, inputShape, seed } = zooOptions('alexnet', options, made, {
    groups: number((value) => value === 1 || value === 2, '1 or 2'),
  });
  const { groups = 1 } = options;
  const common = { activation: 'relu', kernelInitializer: 'heNormal' } as const;
  // Our α is divided by the window's size; the paper's is not.
  const lrn = () => layers.lrn({ size: 5, alpha: 5e-4, beta: 0.75, bias: 2 });
  const pool = () => layers.maxPool2d({ poolSize: 3, strides: 2 });
  const conv = (filters: number, kernelSize: number, split: number) =>
    layers.conv2d({ filters, kernelSize, padding: 'same', groups: split, ...common });
  const dense = () => [layers.dense({ units: 4096, ...common }), layers.dropout({ rate: 0.5 })];
  const stem = { filters: 96, kernelSize: 11, strides: 4, dimRoundingMode: 'floor' } as const;
  const inputs = input(inputShape);
  const outputs = [
    layers.conv2d({ ...stem, ...common }),
    lrn(),
    pool(),
    conv(256, 5, groups),
    lrn(),
    pool(),
    conv(384, 3, 1),
    conv(384, 3, groups),
    conv(256, 3, groups),
    pool(),
    layers.flatten(),
    ...dense(),
    ...dense(),
    layers.dense({ units: classes }),
  ].reduce((x, layer) => layer.apply(x), inputs);
  return new Model({ inputs, outputs, seed, name: 'alexnet' });
}
