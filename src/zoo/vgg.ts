// VGG (Simonyan & Zisserman, arXiv 1409.1556) as torchvision has it.

import { flag } from '../base/options.js';
import { Sequential } from '../model/sequential.js';
import type { Layer } from '../network/layer.js';
import * as layers from '../operators/layers.js';
import { type ZooOptions, zooOptions } from './options.js';

/** Options of the VGG networks. */
export interface VggOptions extends ZooOptions {
  /** Whether each convolution is followed by batch normalisation: false by default. */
  batchNorm?: boolean;
}

/** 3×3 convolutions in each of the five stages. */
const stages = {
  11: [1, 1, 2, 2, 2],
  13: [2, 2, 2, 2, 2],
  16: [2, 2, 3, 3, 3],
  19: [2, 2, 4, 4, 4],
} as const;

const widths = [64, 128, 256, 512, 512];

/** The side of the maps that the dense layers take: maps of other sizes are pooled to it. */
const SIDE = 7;

function vgg(depth: keyof typeof stages, options: VggOptions): Sequential {
  const name = `vgg${depth}`;
  const made = { classes: 1000, inputShape: [224, 224, 3], smallest: 32 };
  const { classes, inputShape, seed } = zooOptions(name, options, made, { batchNorm: flag });
  const { batchNorm = false } = options;
  const kernelInitializer = 'heNormal';
  // Layers are numbered as in torchvision, which counts activations too.
  let index = 0;
  const feature = (): string => `features.${index++}`;
  const convolution = (filters: number): Layer[] => [
    layers.conv2d({ name: feature(), filters, kernelSize: 3, padding: 'same', kernelInitializer }),
    ...(batchNorm ? [layers.batchNorm({ name: feature(), momentum: 0.9, epsilon: 1e-5 })] : []),
    layers.relu({ name: feature() }),
  ];
  const features = stages[depth].flatMap((count, stage) => [
    ...Array.from({ length: count }, () => convolution(widths[stage])).flat(),
    layers.maxPool2d({ name: feature() }),
  ]);
  const dense = (number: number): Layer[] => [
    layers.dense({
      name: `classifier.${number}`,
      units: 4096,
      activation: 'relu',
      kernelInitializer,
    }),
    layers.dropout({ rate: 0.5 }),
  ];
  const classifier = [
    layers.adaptiveAvgPool2d({ outputSize: SIDE }),
    layers.flatten(),
    ...dense(0),
    ...dense(3),
    layers.dense({ name: 'classifier.6', units: classes }),
  ];
  return new Sequential([...features, ...classifier], { inputShape, seed, name });
}

/** VGG-11: 132 863 336 parameters; like all of them, its outputs are logits. */
export const vgg11 = (options: VggOptions = {}): Sequential => vgg(11, options);
/** VGG-13: 133 047 848 parameters. */
export const vgg13 = (options: VggOptions = {}): Sequential => vgg(13, options);
/** VGG-16: 138 357 544 parameters. */
export const vgg16 = (options: VggOptions = {}): Sequential => vgg(16, options);
/** VGG-19: 143 667 240 parameters. */
export const vgg19 = (options: VggOptions = {}): Sequential => vgg(19, options);
