// GoogLeNet (Szegedy et al., arXiv 1409.4842) as torchvision has it: with batch normalisation, and 3×3
// where the paper has 5×5.

import { flag } from '../base/options.js';
import { Model } from '../model/model.js';
import { input } from '../network/input.js';
import type { SymbolicTensor } from '../network/layer.js';
import * as layers from '../operators/layers.js';
import { type ConvNormOptions, convNorm, poolAndClassify } from './blocks.js';
import { type ZooOptions, zooOptions } from './options.js';

/** Options of `googlenet`. */
export interface GoogLeNetOptions extends ZooOptions {
  /**
   * Whether the two auxiliary heads are there, for training: the model then has three outputs, 'fc',
   * 'aux1.fc2' and 'aux2.fc2'; the paper weighs their losses 1, 0.3 and 0.3. False by default.
   */
  auxiliary?: boolean;
}

/** Filters of a cell's branches: 1×1; reduction, 3×3; reduction, second 3×3; 1×1 after the pool. */
type Cell = readonly [number, number, number, number, number, number];

const cells: Readonly<Record<string, Cell>> = {
  inception3a: [64, 96, 128, 16, 32, 32],
  inception3b: [128, 128, 192, 32, 96, 64],
  inception4a: [192, 96, 208, 16, 48, 64],
  inception4b: [160, 112, 224, 24, 64, 64],
  inception4c: [128, 128, 256, 24, 64, 64],
  inception4d: [112, 144, 288, 32, 64, 64],
  inception4e: [256, 160, 320, 32, 128, 128],
  inception5a: [256, 160, 320, 32, 128, 128],
  inception5b: [384, 192, 384, 48, 128, 128],
};

/**
 * GoogLeNet: 6 624 904 parameters, 13 004 888 with the auxiliary heads; its outputs are logits, a list of
 * three with the heads.
 */
export function googlenet(
  options: GoogLeNetOptions & { auxiliary: true },
): Model<readonly SymbolicTensor[]>;
export function googlenet(options?: GoogLeNetOptions & { auxiliary?: false }): Model;
export function googlenet(
  options: GoogLeNetOptions = {},
): Model<readonly SymbolicTensor[]> | Model {
  const made = { classes: 1000, inputShape: [224, 224, 3], smallest: 31 };
  const { classes, inputShape, seed } = zooOptions('googlenet', options, made, {
    auxiliary: flag,
  });
  const { auxiliary = false } = options;
  const inputs = input(inputShape);
  const stem = conv(inputs, 'conv1', 64, 7, { strides: 2 });
  const reduced = conv(pool(stem, 3), 'conv2', 64, 1);
  const third = cell(cell(pool(conv(reduced, 'conv3', 192, 3), 3), 'inception3a'), 'inception3b');
  const first = cell(pool(third, 3), 'inception4a');
  const second = cell(cell(cell(first, 'inception4b'), 'inception4c'), 'inception4d');
  const fourth = pool(cell(second, 'inception4e'), 2);
  const last = cell(cell(fourth, 'inception5a'), 'inception5b');
  const main = poolAndClassify(last, 'fc', classes, 0.2);
  const common = { inputs, seed, name: 'googlenet' };
  if (!auxiliary) return new Model({ ...common, outputs: main });
  const heads = [head(first, 'aux1', classes), head(second, 'aux2', classes)];
  return new Model({ ...common, outputs: [main, ...heads] });
}

const conv = (
  x: SymbolicTensor,
  name: string,
  filters: number,
  kernelSize: number,
  options: ConvNormOptions = {},
): SymbolicTensor =>
  convNorm(x, [`${name}.conv`, `${name}.bn`], filters, kernelSize, { epsilon: 1e-3, ...options });

const pool = (x: SymbolicTensor, poolSize: number): SymbolicTensor =>
  layers.maxPool2d({ poolSize, strides: 2, dimRoundingMode: 'ceil' }).apply(x);

/** Parallel convolutions of the same input; their outputs are concatenated along the channels. */
function cell(x: SymbolicTensor, name: string): SymbolicTensor {
  const [one, reduce3, three, reduce5, five, pooled] = cells[name];
  const branch = (i: string, from: SymbolicTensor, filters: number, size: number) =>
    conv(from, `${name}.branch${i}`, filters, size);
  const same = layers.maxPool2d({ poolSize: 3, strides: 1, padding: 1 });
  return layers
    .concat()
    .apply([
      branch('1', x, one, 1),
      branch('2.1', branch('2.0', x, reduce3, 1), three, 3),
      branch('3.1', branch('3.0', x, reduce5, 1), five, 3),
      branch('4.1', same.apply(x), pooled, 1),
    ]);
}

/** An auxiliary head: its loss brings gradients to the middle of the network. */
function head(x: SymbolicTensor, name: string, classes: number): SymbolicTensor {
  return [
    layers.flatten(),
    layers.dense({ name: `${name}.fc1`, units: 1024, activation: 'relu' }),
    layers.dropout({ rate: 0.7 }),
    layers.dense({ name: `${name}.fc2`, units: classes }),
  ].reduce(
    (y, layer) => layer.apply(y),
    conv(layers.adaptiveAvgPool2d({ outputSize: 4 }).apply(x), `${name}.conv`, 128, 1),
  );
}
