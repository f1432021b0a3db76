// Random chains of layers for fast-check, of every kind that takes what there is: images first, then perhaps signals or
// vectors. A plan is plain data that shrinks.

import fc from 'fast-check';
import { sizeOf } from '../../src/base/shape.js';
import { type Layer, layers, type Shape } from '../../src/index.js';

/** One layer: its kind, and numbers for its options. */
interface Step {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** A chain as data. */
export interface Chain {
  readonly seed: number;
  readonly inputShape: Shape;
  readonly steps: readonly Step[];
}

type Make = (step: Step, shape: Shape) => Layer;

const choose = <const T extends readonly unknown[]>(number: number, ...options: T): T[number] =>
  options[number % options.length];

const anywhere: readonly Make[] = [
  ({ a }) =>
    layers.activation({
      activation: choose(a, 'relu', 'relu6', 'elu', 'selu', 'gelu', 'silu', 'softplus', 'tanh'),
    }),
  ({ a }) =>
    layers.activation({ activation: choose(a, 'hardSigmoid', 'hardSwish', 'softmax', 'linear') }),
  ({ a }) => layers.leakyRelu({ alpha: 0.1 + a / 10 }),
  () => layers.batchNorm(),
  ({ a, b }) => layers.lrn({ size: 1 + a, alpha: 0.5, beta: 0.5 + b / 10 }),
  () => layers.dropout({ rate: 0.5 }),
  ({ a, b }, shape) => {
    const divisors = [1, 2, 3, 4].filter((size) => (shape.at(-1) as number) % size === 0);
    return layers.channelPool({
      poolSize: choose(a, ...divisors),
      mode: choose(b, 'max', 'average'),
    });
  },
];

const padding = (number: number) =>
  choose(number, 'same', 1, [
    [0, 1],
    [1, 0],
  ] as const);

/** Windows that fit wherever they are. */
const windows = ({ a, b, c }: Step) => ({
  strides: choose(a, 1, 2, [2, 1] as const),
  padding: padding(b),
  dimRoundingMode: choose(c, 'floor', 'ceil'),
});

const ofImages: readonly Make[] = [
  (step) =>
    layers.conv2d({
      ...windows(step),
      filters: 1 + step.c,
      kernelSize: choose(step.a + step.b, 1, 2, 3, [3, 2] as const),
      useBias: step.c % 2 === 0,
    }),
  (step) => layers.depthwiseConv2d({ ...windows(step), kernelSize: choose(step.c, 2, 3) }),
  ({ a, b, c }) =>
    layers.conv2dTranspose({
      filters: 1 + a,
      kernelSize: choose(b, 1, 2, 3),
      strides: choose(c, 1, 2, [1, 2] as const),
      padding: choose(a + c, 'same', 'valid'),
    }),
  (step) => layers.maxPool2d({ ...windows(step), poolSize: choose(step.c, 2, 3) }),
  (step) => layers.minPool2d({ ...windows(step), poolSize: choose(step.c, 2, 3) }),
  (step) => layers.avgPool2d({ ...windows(step), poolSize: choose(step.c, 2, 3) }),
  (step) =>
    layers.lpPool2d({
      ...windows(step),
      poolSize: choose(step.c, 2, 3),
      p: choose(step.a, 2, 1, 3.5),
      mode: choose(step.b, 'mean', 'sum'),
    }),
  ({ a, b }) => layers.adaptiveAvgPool2d({ outputSize: [1 + a, 1 + b] }),
  ({ a, b }) => layers.adaptiveMaxPool2d({ outputSize: [1 + a, 1 + b] }),
  ({ a }) =>
    layers.zeroPadding2d({
      padding: [
        [0, 1],
        [a % 2, 0],
      ],
    }),
  ({ a }) => layers.upsampling2d({ interpolation: choose(a, 'nearest', 'bilinear') }),
  ({ a, b }, shape) => layers.identityShortcut({ filters: shape[2] + a, strides: 1 + (b % 2) }),
  (_, [height, width, channels]) => layers.reshape({ targetShape: [width, channels, height] }),
  (_, [height, width, channels]) => layers.reshape({ targetShape: [height * width, channels] }),
  ({ a }) => choose(a, layers.flatten, layers.globalAvgPool2d, layers.globalMaxPool2d)(),
];

const ofSignals: readonly Make[] = [
  ({ a, b, c }) =>
    layers.conv1d({
      filters: 1 + a,
      kernelSize: 1 + (b % 3),
      padding: choose(c, 'same', [2, 1] as const),
      strides: 1 + (a % 2),
      dimRoundingMode: 'floor',
    }),
  ({ a }) => layers.maxPool1d({ padding: 'same', strides: 1 + (a % 2) }),
  ({ a }) => layers.avgPool1d({ padding: 'same', poolSize: 1 + a }),
  (_, [steps, channels]) => layers.reshape({ targetShape: [1, steps, channels] }),
  () => layers.flatten(),
];

const ofVectors: readonly Make[] = [
  ({ a }) => layers.dense({ units: 1 + a, activation: 'tanh' }),
  ({ a }) => layers.rbf({ units: 1 + a }),
  (_, [features]) => layers.reshape({ targetShape: [features, 1] }),
  (_, [features]) => layers.reshape({ targetShape: [1, 1, features] }),
];

/** Numbers that a step may make more of: upsampling ends here. */
const MOST = 3000;

/** The layers of a plan: a step that does not fit the shape there is, is left out. */
export function chainOf({ inputShape, steps }: Chain): Layer[] {
  const made: Layer[] = [];
  let shape = inputShape;
  for (const step of steps) {
    const own = [[], ofVectors, ofSignals, ofImages][Math.min(3, shape.length)];
    const all = [...own, ...anywhere];
    const make = all[step.kind % all.length];
    try {
      const next = make(step, shape).shapeFor(shape);
      if (sizeOf(next) > MOST) continue;
      made.push(make(step, shape));
      shape = next;
    } catch {
      // Too small for its window, such as a pool whose windows would hold nothing.
    }
  }
  return made.length > 0 ? made : [layers.relu()];
}

/** Plans of up to `steps` layers. */
export function chains(steps = 8): fc.Arbitrary<Chain> {
  const small = fc.nat(4);
  const step = fc.record({ kind: fc.nat(1000), a: small, b: small, c: small });
  const side = fc.integer({ min: 1, max: 7 });
  return fc.record({
    seed: fc.nat(1000),
    inputShape: fc.oneof(
      { weight: 4, arbitrary: fc.tuple(side, side, side) },
      fc.tuple(side, side),
      fc.tuple(side),
    ),
    steps: fc.array(step, { minLength: 1, maxLength: steps }),
  });
}
