// SqueezeNet (Iandola et al., arXiv 1602.07360) as torchvision has it, in both versions.

import { naming } from '../base/naming.js';
import { any, checkValue, oneOf } from '../base/options.js';
import { Model } from '../model/model.js';
import { input } from '../network/input.js';
import type { SymbolicTensor } from '../network/layer.js';
import * as layers from '../operators/layers.js';
import { type ZooOptions, zooOptions } from './options.js';

/** Options of `squeezenet`. */
export interface SqueezeNetOptions extends ZooOptions {
  /** '1.1' by default; the paper's '1.0' computes 2.4 times as much. */
  version?: '1.0' | '1.1';
}

/** A fire module [squeezed, expanded by each convolution], or a 'pool' between two. */
type Step = readonly [number, number] | 'pool';

interface Version {
  /** The least side of an image. */
  readonly smallest: number;
  /** Filters of the first convolution, and their side. */
  readonly stem: readonly [number, number];
  readonly steps: readonly Step[];
}

const versions: Readonly<Record<string, Version>> = {
  '1.0': {
    smallest: 29,
    stem: [96, 7],
    steps: [
      'pool',
      [16, 64],
      [16, 64],
      [32, 128],
      'pool',
      [32, 128],
      [48, 192],
      [48, 192],
      [64, 256],
      'pool',
      [64, 256],
    ],
  },
  '1.1': {
    smallest: 25,
    stem: [64, 3],
    steps: [
      'pool',
      [16, 64],
      [16, 64],
      'pool',
      [32, 128],
      [32, 128],
      'pool',
      [48, 192],
      [48, 192],
      [64, 256],
      [64, 256],
    ],
  },
};

/** SqueezeNet: 1 235 496 parameters in version 1.1, 1 248 424 in 1.0; its outputs are logits. */
export function squeezenet(options: SqueezeNetOptions = {}): Model {
  const version = options?.version ?? '1.1';
  naming('zoo.squeezenet', () => checkValue('version', version, oneOf('1.0', '1.1')));
  const {
    smallest,
    stem: [filters, kernelSize],
    steps,
  } = versions[version];
  const made = { classes: 1000, inputShape: [224, 224, 3], smallest };
  const { classes, inputShape, seed } = zooOptions('squeezenet', options, made, { version: any });
  const inputs = input(inputShape);
  let y = conv(inputs, 'features.0', filters, kernelSize, 2);
  steps.forEach((step, i) => {
    // The stem and its ReLU come first.
    y = step === 'pool' ? pool(y) : fire(y, `features.${i + 2}`, ...step);
  });
  const kept = layers.dropout({ rate: 0.5 }).apply(y);
  const maps = conv(kept, 'classifier.1', classes, 1);
  const outputs = layers.globalAvgPool2d().apply(maps);
  return new Model({ inputs, outputs, seed, name: 'squeezenet' });
}

function conv(
  x: SymbolicTensor,
  name: string,
  filters: number,
  kernelSize: number,
  strides = 1,
  padding = 0,
): SymbolicTensor {
  const how = { strides, padding, dimRoundingMode: 'floor', activation: 'relu' } as const;
  const kernelInitializer = 'heNormal';
  return layers.conv2d({ name, filters, kernelSize, ...how, kernelInitializer }).apply(x);
}

const pool = (x: SymbolicTensor): SymbolicTensor =>
  layers.maxPool2d({ poolSize: 3, strides: 2, dimRoundingMode: 'ceil' }).apply(x);

/** Few 1×1 filters, then many 1×1 and 3×3 side by side. */
function fire(x: SymbolicTensor, name: string, squeezed: number, expanded: number): SymbolicTensor {
  const narrow = conv(x, `${name}.squeeze`, squeezed, 1);
  return layers
    .concat()
    .apply([
      conv(narrow, `${name}.expand1x1`, expanded, 1),
      conv(narrow, `${name}.expand3x3`, expanded, 3, 1, 1),
    ]);
}
