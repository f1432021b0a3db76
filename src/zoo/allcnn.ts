// The all-convolutional net (Springenberg et al., arXiv 1412.6806), form C: convolutions of stride 2 pool.

import { Sequential } from '../model/sequential.js';
import type { Layer } from '../network/layer.js';
import * as layers from '../operators/layers.js';
import { type ZooOptions, zooOptions } from './options.js';

/** All-CNN-C: 1 369 738 parameters for 10 classes; its outputs are logits. */
export function allCnn(options: ZooOptions = {}): Sequential {
  const made = { classes: 10, inputShape: [32, 32, 3], smallest: 9 };
  const { classes, inputShape, seed } = zooOptions('allCnn', options, made);
  const conv = (
    filters: number,
    kernelSize: number,
    strides = 1,
    padding: 'same' | 'valid' = 'same',
  ): Layer =>
    layers.conv2d({
      filters,
      kernelSize,
      strides,
      padding,
      activation: 'relu',
      kernelInitializer: 'heNormal',
    });
  return new Sequential(
    [
      layers.dropout({ rate: 0.2 }),
      ...[conv(96, 3), conv(96, 3), conv(96, 3, 2), layers.dropout({ rate: 0.5 })],
      ...[conv(192, 3), conv(192, 3), conv(192, 3, 2), layers.dropout({ rate: 0.5 })],
      ...[conv(192, 3, 1, 'valid'), conv(192, 1), conv(classes, 1)],
      layers.globalAvgPool2d(),
    ],
    { inputShape, seed, name: 'allcnn' },
  );
}
