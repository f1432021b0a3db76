// The networks that are measured. reference-values.ts prints their losses and logits.

import { sizeOf } from '../src/base/shape.js';
import { bothSides, type LayerPlan, outputShape, placed, type Sides } from './layers.js';
import type { InferenceWork, TrainingWork } from './work.js';

/** What all works on a network of images of this size have in common. */
function network(side: number, channels: number, plans: readonly LayerPlan[]) {
  const shape = [side, side, channels];
  return {
    side,
    channels,
    layers: placed(plans, shape),
    classes: sizeOf(outputShape(plans, shape)),
  };
}

const conv = (filters: number, kernel: number, pad: number): LayerPlan => ({
  type: 'conv',
  filters,
  kernel,
  stride: 1,
  pad,
  batchNorm: false,
  relu: true,
});

const maxPool = (size: number, stride: number, pad: number): LayerPlan => ({
  type: 'maxPool',
  size,
  stride,
  pad,
});

const lenet5 = network(28, 1, [
  conv(6, 5, 2),
  maxPool(2, 2, 0),
  conv(16, 5, 0),
  maxPool(2, 2, 0),
  { type: 'dense', units: 120, relu: true },
  { type: 'dense', units: 84, relu: true },
  { type: 'dense', units: 10, relu: false },
]);

/** Convolution with batch normalisation, padded by half its filter. */
function normed(filters: number, kernel: Sides, stride = 1, relu = true): LayerPlan {
  const [height, width] = bothSides(kernel).map((side) => (side - 1) / 2);
  const pad = height === width ? height : ([height, width] as const);
  return { type: 'conv', filters, kernel, stride, pad, batchNorm: true, relu };
}

/** The same as tf.layers' users write it. */
const biased = (filters: number): LayerPlan => ({ ...normed(filters, 3), bias: true }) as LayerPlan;

/** A block of a stage: only the first may make another shape of what comes in. */
type Block = (width: number, stride: number, isFirst: boolean) => LayerPlan;

const basic =
  (past: (width: number, stride: number) => LayerPlan): Block =>
  (width, stride) => ({
    type: 'residual',
    body: [normed(width, 3, stride), normed(width, 3, 1, false)],
    shortcut: stride > 1 ? [past(width, stride)] : [],
  });

const bottleneck: Block = (width, stride, isFirst) => ({
  type: 'residual',
  body: [normed(width, 1), normed(width, 3, stride), normed(4 * width, 1, 1, false)],
  shortcut: isFirst ? [normed(4 * width, 1, stride, false)] : [],
});

/** Stages of so many blocks, each of half the side and twice the width of the one before. */
const stages = (blocks: readonly number[], width: number, block: Block): LayerPlan[] =>
  blocks.flatMap((count, stage) =>
    Array.from({ length: count }, (_, i) =>
      block(width << stage, stage > 0 && i === 0 ? 2 : 1, i === 0),
    ),
  );

const classified = (units: number): LayerPlan[] => [
  { type: 'globalAvgPool' },
  { type: 'dense', units, relu: false },
];

/** For ImageNet: `new ResNet({ depth: 18 })` and so on, as torchvision has them. */
const resnet = (blocks: readonly number[], block: Block) =>
  network(224, 3, [
    normed(64, 7, 2),
    maxPool(3, 2, 1),
    ...stages(blocks, 64, block),
    ...classified(1000),
  ]);

const resnet18 = resnet(
  [2, 2, 2, 2],
  basic((width, stride) => normed(width, 1, stride, false)),
);
const resnet50 = resnet([3, 4, 6, 3], bottleneck);

/** For CIFAR, with shortcuts that have no weights: `new ResNet({ depth: 20 })`. */
const resnet20 = network(32, 3, [
  normed(16, 3),
  ...stages(
    [3, 3, 3],
    16,
    basic((filters, stride) => ({ type: 'identityShortcut', filters, stride })),
  ),
  ...classified(10),
]);

const branches = (...chains: LayerPlan[][]): LayerPlan => ({ type: 'branches', chains });

/** A cell of GoogLeNet, by the filters of its convolutions. */
const inception = (
  one: number,
  [reduce3, three]: readonly [number, number],
  [reduce5, five]: readonly [number, number],
  pooled: number,
) =>
  branches(
    [normed(one, 1)],
    [normed(reduce3, 1), normed(three, 3)],
    [normed(reduce5, 1), normed(five, 5)],
    [maxPool(3, 1, 1), normed(pooled, 1)],
  );

/** With the 5×5 filters of the paper, and normalisation; its logits are those of the last head. */
const googlenet = network(224, 3, [
  normed(64, 7, 2),
  maxPool(3, 2, 1),
  normed(64, 1),
  normed(192, 3),
  maxPool(3, 2, 1),
  inception(64, [96, 128], [16, 32], 32),
  inception(128, [128, 192], [32, 96], 64),
  maxPool(3, 2, 1),
  inception(192, [96, 208], [16, 48], 64),
  inception(160, [112, 224], [24, 64], 64),
  inception(128, [128, 256], [24, 64], 64),
  inception(112, [144, 288], [32, 64], 64),
  inception(256, [160, 320], [32, 128], 128),
  maxPool(2, 2, 0),
  inception(256, [160, 320], [32, 128], 128),
  inception(384, [192, 384], [48, 128], 128),
  ...classified(1000),
]);

/** A cell of Inception v3 for maps of 17²: 7×7 as 1×7 and 7×1. */
const factorized = (width: number) =>
  branches(
    [normed(192, 1)],
    [normed(width, 1), normed(width, [1, 7]), normed(192, [7, 1])],
    [
      normed(width, 1),
      ...([7, 1, 7] as const).map((height) => normed(width, [height, 8 - height])),
      normed(192, [1, 7]),
    ],
    [maxPool(3, 1, 1), normed(192, 1)],
  );

/** The four such cells that Inception v3 has, and a classifier. */
const inception17 = network(17, 768, [
  ...[128, 160, 160, 192].map(factorized),
  ...classified(1000),
]);

const MOMENTUM = 0.9;

const training = (
  of: ReturnType<typeof network>,
  how: Pick<TrainingWork, 'batch' | 'learningRate' | 'losses'>,
): TrainingWork => ({ kind: 'training', ...of, momentum: MOMENTUM, ...how });

/** The logits are looked at in as many places, spread over all. */
function inference(
  of: ReturnType<typeof network>,
  { batch, logits }: Pick<InferenceWork, 'batch' | 'logits'>,
): InferenceWork {
  const last = batch * of.classes - 1;
  const places = logits.map((_, i) => Math.floor((i * last) / (logits.length - 1)));
  return { kind: 'inference', ...of, batch, places, logits };
}

/** A step of LeNet-5. */
export const lenet5Training = training(lenet5, {
  batch: 64,
  learningRate: 0.03,
  losses: [3.56087981, 2.91822817, 2.4468648],
});

/** The same by tf.layers. */
export const lenet5Layers: TrainingWork = {
  ...training(lenet5, {
    batch: 64,
    learningRate: 0.03,
    losses: [3.56087981, 2.91822817, 2.39714423],
  }),
  momentum: 0,
  isTfLayers: true,
};

/** A step of three convolutions with batch normalisation, by tf.layers. */
export const normedLayers: TrainingWork = {
  ...training(
    network(32, 3, [
      biased(16),
      maxPool(2, 2, 0),
      biased(32),
      maxPool(2, 2, 0),
      biased(64),
      ...classified(10),
    ]),
    { batch: 32, learningRate: 0.03, losses: [2.4919548, 2.47199949] },
  ),
  momentum: 0,
  isTfLayers: true,
};

/** LeNet-5's logits. */
export const lenet5Inference = inference(lenet5, {
  batch: 64,
  logits: [
    1.98854546, -3.55521236, 3.61241031, 0.722180644, -0.960122216, -2.13153742, -1.18976982,
    -0.721632842,
  ],
});

/** A step of ResNet-20 on images of CIFAR's size. */
export const resnet20Training = training(resnet20, {
  batch: 32,
  learningRate: 0.003,
  losses: [5.02650138, 4.74408263, 4.26498041],
});

/** ResNet-20's logits. */
export const resnet20Inference = inference(resnet20, {
  batch: 32,
  logits: [
    -42.6544252, 59.5648231, 63.596738, 30.4418189, -51.363583, -39.9673486, -46.9070317,
    64.0895382,
  ],
});

/** A step of ResNet-18 on images of ImageNet's size. */
export const resnet18Training = training(resnet18, {
  batch: 8,
  learningRate: 0.003,
  losses: [7.1325646, 6.22188591, 4.7785578],
});

/** ResNet-18's logits for one image. */
export const resnet18Inference = inference(resnet18, {
  batch: 1,
  logits: [
    32.1128777, -28.4386416, -39.8337913, -44.3965382, -42.1719961, -7.11527335, -7.94037481,
    -97.2739404,
  ],
});

/** ResNet-50's logits for one image. */
export const resnet50Inference = inference(resnet50, {
  batch: 1,
  logits: [
    6147.891, 2760.35171, -4404.35327, -3940.08477, -1423.59376, 8713.66814, -8960.16808,
    -11167.8273,
  ],
});

/** GoogLeNet's logits for one image. */
export const googlenetInference = inference(googlenet, {
  batch: 1,
  logits: [
    9.50541096, -7.633217, 0.246242283, -0.835335393, -12.1717129, 14.7146889, 10.2960254,
    13.5048771,
  ],
});

/** The logits of Inception's cells for one map. */
export const inception17Inference = inference(inception17, {
  batch: 1,
  logits: [
    0.455599152, -2.52046742, 1.98444357, 2.28588833, -0.543227871, -1.65556998, 1.10227256,
    -3.79800252,
  ],
});
