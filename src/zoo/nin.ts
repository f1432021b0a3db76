// Network in network (Lin, Chen & Yan, arXiv 1312.4400), the paper's version for CIFAR-10: each convolution is followed
// by a small network on every pixel, and each of the last maps is a class.

import { Sequential } from '../model/sequential.js';
import type { Layer } from '../network/layer.js';
import * as layers from '../operators/layers.js';
import { type ZooOptions, zooOptions } from './options.js';

/** Network in network: 966 986 parameters for 10 classes; its outputs are logits. */
export function nin(options: ZooOptions = {}): Sequential {
  const made = { classes: 10, inputShape: [32, 32, 3], smallest: 1 };
  const { classes, inputShape, seed } = zooOptions('nin', options, made);
  const conv = (filters: number, kernelSize: number): Layer =>
    layers.conv2d({
      filters,
      kernelSize,
      padding: 'same',
      activation: 'relu',
      kernelInitializer: 'heNormal',
    });
  const pool = { poolSize: 3, strides: 2, padding: 'same' } as const;
  const dropout = () => layers.dropout({ rate: 0.5 });
  return new Sequential(
    [
      ...[conv(192, 5), conv(160, 1), conv(96, 1)],
      ...[layers.maxPool2d(pool), dropout()],
      ...[conv(192, 5), conv(192, 1), conv(192, 1)],
      ...[layers.avgPool2d(pool), dropout()],
      ...[conv(192, 3), conv(192, 1), conv(classes, 1)],
      layers.globalAvgPool2d(),
    ],
    { inputShape, seed, name: 'nin' },
  );
}
