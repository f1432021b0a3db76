// ResNet (He et al., arXiv 1512.03385): for ImageNet as torchvision has it, with the stride on a
// bottleneck's 3×3, and for CIFAR.

import { ValueError } from '../base/errors.js';
import { any, checkOptions, oneOf } from '../base/options.js';
import { shown } from '../base/shown.js';
import type { ModelOptions } from '../model/architecture.js';
import { Model } from '../model/model.js';
import { input } from '../network/input.js';
import type { SymbolicTensor } from '../network/layer.js';
import * as layers from '../operators/layers.js';
import { convNorm, poolAndClassify } from './blocks.js';
import { type ZooOptions, zooWords } from './options.js';

/** Options of `ResNet`. */
export interface ResNetOptions extends ZooOptions {
  /** 18, 34, 50, 101, 152 for ImageNet; 20, 32, 44, 56, 110 (any 6n + 2 up to 1202) for CIFAR. */
  depth: number;
  /**
   * How x goes around a block that changes its shape: 'projection', a 1×1 convolution (the default for ImageNet), or
   * 'identity', which leaves out pixels and adds channels of zeros (the default for CIFAR).
   */
  shortcut?: 'identity' | 'projection';
}

/** A network's plan: how many blocks each stage has, how wide it is, and which kind of block. */
interface Plan {
  readonly form: 'imagenet' | 'cifar';
  readonly stages: readonly number[];
  readonly width: number;
  readonly bottleneck: boolean;
}

const imagenet: Readonly<Record<number, readonly number[]>> = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
  152: [3, 8, 36, 3],
};

/** The deepest of the paper. Without a bound, a depth of 10³⁰⁰ would make layers forever. */
const DEEPEST = 1202;

function planOf(depth: number): Plan {
  const stages = typeof depth === 'number' ? imagenet[depth] : undefined;
  if (stages) return { form: 'imagenet', stages, width: 64, bottleneck: depth >= 50 };
  const blocks = typeof depth === 'number' ? (depth - 2) / 6 : Number.NaN;
  if (Number.isInteger(blocks) && blocks > 0 && depth <= DEEPEST)
    return { form: 'cifar', stages: [blocks, blocks, blocks], width: 16, bottleneck: false };
  throw new ValueError(
    `ResNet: depth must be 18, 34, 50, 101 or 152 (ImageNet), or 6n + 2 such as 20, 32, 44, 56, 110 up to ${DEEPEST} (CIFAR), not ${shown(depth)}`,
  );
}

/** A residual network of any of the paper's depths; its outputs are logits. */
export class ResNet extends Model {
  /** @internal Messages call it so, whatever a minifier calls the class. */
  static override readonly name: string = 'ResNet';
  /** @throws {ValueError} for an unknown depth or shortcut */
  constructor(options: ResNetOptions) {
    super(graphOf(options));
  }
}

function graphOf(options: ResNetOptions): ModelOptions<SymbolicTensor> {
  checkOptions('new ResNet', options, {
    ...zooWords,
    depth: any,
    shortcut: oneOf('identity', 'projection'),
  });
  const plan = planOf(options.depth);
  const isLarge = plan.form === 'imagenet';
  const {
    classes = isLarge ? 1000 : 10,
    inputShape = isLarge ? [224, 224, 3] : [32, 32, 3],
    seed = 0,
    shortcut = isLarge ? 'projection' : 'identity',
  } = options;
  const inputs = input(inputShape);
  let y = convNorm(inputs, ['conv1', 'bn1'], plan.width, isLarge ? 7 : 3, {
    strides: isLarge ? 2 : 1,
  });
  if (isLarge) y = layers.maxPool2d({ poolSize: 3, strides: 2, padding: 1 }).apply(y);
  plan.stages.forEach((blocks, stage) => {
    for (let block = 0; block < blocks; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const name = `layer${stage + 1}.${block}`;
      y = residualBlock(y, name, plan.width << stage, stride, plan.bottleneck, shortcut);
    }
  });
  const outputs = poolAndClassify(y, 'fc', classes);
  return { inputs, outputs, seed, name: `resnet${options.depth}` };
}

function residualBlock(
  x: SymbolicTensor,
  name: string,
  width: number,
  strides: number,
  bottleneck: boolean,
  shortcut: 'identity' | 'projection',
): SymbolicTensor {
  const filters = bottleneck ? 4 * width : width;
  const names = (i: number) => [`${name}.conv${i}`, `${name}.bn${i}`] as const;
  const last = { activation: 'linear' } as const;
  const deviation = bottleneck
    ? convNorm(
        convNorm(convNorm(x, names(1), width, 1), names(2), width, 3, { strides }),
        names(3),
        filters,
        1,
        last,
      )
    : convNorm(convNorm(x, names(1), width, 3, { strides }), names(2), width, 3, last);
  const passed = past(x, name, filters, strides, shortcut);
  return layers.relu().apply(layers.add().apply([deviation, passed]));
}

/** The shortcut: x in the shape of the block's output. */
function past(
  x: SymbolicTensor,
  name: string,
  filters: number,
  strides: number,
  shortcut: 'identity' | 'projection',
): SymbolicTensor {
  if (strides === 1 && x.shape[2] === filters) return x;
  if (shortcut === 'identity') return layers.identityShortcut({ filters, strides }).apply(x);
  const names = [`${name}.downsample.0`, `${name}.downsample.1`] as const;
  return convNorm(x, names, filters, 1, { strides, activation: 'linear' });
}

/** `new ResNet(options)`. */
export const resnet = (options: ResNetOptions): ResNet => new ResNet(options);
