// MobileNetV2 (Sandler et al., arXiv 1801.04381) as torchvision has it.

import { Model } from '../model/model.js';
import { input } from '../network/input.js';
import type { SymbolicTensor } from '../network/layer.js';
import * as layers from '../operators/layers.js';
import { convNorm, poolAndClassify } from './blocks.js';
import { type ZooOptions, zooOptions } from './options.js';

/** Stages of blocks: the factor by which a block widens inside, its channels, how many blocks, the first one's stride. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** MobileNetV2: 3 504 872 parameters; its outputs are logits. */
export function mobilenetV2(options: ZooOptions = {}): Model {
  const made = { classes: 1000, inputShape: [224, 224, 3], smallest: 1 };
  const { classes, inputShape, seed } = zooOptions('mobilenetV2', options, made);
  const inputs = input(inputShape);
  const activation = 'relu6';
  let y = convNorm(inputs, ['features.0.0', 'features.0.1'], 32, 3, { strides: 2, activation });
  let index = 1;
  for (const [expansion, filters, count, stride] of stages) {
    for (let i = 0; i < count; i++) {
      y = invertedResidual(y, `features.${index++}.conv`, expansion, filters, i ? 1 : stride);
    }
  }
  y = convNorm(y, ['features.18.0', 'features.18.1'], 1280, 1, { activation });
  const outputs = poolAndClassify(y, 'classifier.1', classes, 0.2);
  return new Model({ inputs, outputs, seed, name: 'mobilenetV2' });
}

/** Widens by 1×1, filters each channel, narrows by 1×1; adds x if the shapes are the same. */
function invertedResidual(
  x: SymbolicTensor,
  name: string,
  expansion: number,
  filters: number,
  strides: number,
): SymbolicTensor {
  const activation = 'relu6';
  const channels = x.shape[2];
  const wide = channels * expansion;
  const first = expansion === 1 ? 0 : 1;
  const names = (i: number) => [`${name}.${i}.0`, `${name}.${i}.1`] as const;
  const widened = first ? convNorm(x, names(0), wide, 1, { activation }) : x;
  const filtered = convNorm(widened, names(first), wide, 3, { strides, groups: wide, activation });
  const ends = [`${name}.${first + 1}`, `${name}.${first + 2}`] as const;
  const y = convNorm(filtered, ends, filters, 1, { activation: 'linear' });
  return strides === 1 && channels === filters ? layers.add().apply([x, y]) : y;
}
