// What the options of `train` mean for the library: optimizer, schedule, loss, augmentation.

import { type CompileOptions, losses, optimizers, schedules, ValueError } from '../core.js';
import { type Augmentation, augment, type NormalizeOptions } from '../data/index.js';
import {
  atLeast0,
  choice,
  flag,
  number,
  type Option,
  positive,
  share,
  UsageError,
  type Values,
  whole,
} from './command.js';

const OPTIMIZERS = ['adam', 'adamW', 'sgd', 'rmsprop', 'adagrad'] as const;

/** Hyper-parameters. */
export const trainingOptions = {
  epochs: whole('times through the data: 10 by default'),
  batchSize: whole('images per step: 32 by default'),
  optimizer: choice(OPTIMIZERS, 'adam by default'),
  learningRate: positive("the optimizer's own default: 0.001, of sgd and adagrad 0.01"),
  schedule: choice(
    ['constant', 'cosine', 'oneCycle', 'step', 'exponential'],
    'how the rate changes over the epochs: constant by default; cosine and oneCycle end near 0; step divides by 10 after each third; exponential loses 4 % an epoch',
  ),
  warmup: positive('epochs over which the rate rises to its value first, such as 0.5'),
  momentum: share('of sgd and rmsprop: 0 by default'),
  nesterov: flag("Nesterov's momentum, of sgd"),
  beta1: share('of adam and adamW: 0.9 by default'),
  beta2: share('of adam and adamW: 0.999 by default'),
  rho: share('of rmsprop: 0.9 by default'),
  epsilon: positive('of all but sgd'),
  weightDecay: atLeast0('0 by default, of adamW 0.01'),
  labelSmoothing: share('of the targets, spread over all classes: 0 by default'),
  classWeights: flag('rare classes count as much as frequent ones'),
  clipNorm: positive('the most that the norm of all gradients may be'),
  clipValue: positive('the most that a gradient may be'),
  gradientAccumulation: whole('batches that make one step together: 1 by default'),
  activationCheckpointing: flag('computes activations twice: less memory, a third more time'),
  averageDecay: share('validate and keep a moving average of the weights, such as 0.999'),
  earlyStopping: whole('end after so many epochs without improvement; off by default'),
  seed: whole('of weights, order, split and augmentation: 0 by default', 0),
};

const range: Option<readonly [number, number]> = {
  value: 'MIN,MAX',
  help: 'enlarge by a random factor, such as 0.9,1.1',
  read: (given) => {
    const [least, most, ...more] = given.split(',').map(Number);
    if (more.length === 0 && least > 0 && most >= least && Number.isFinite(most))
      return [least, most];
    throw new UsageError('must be two factors such as 0.9,1.1');
  },
};

/** What is done to training images at random. */
export const augmentationOptions = {
  flip: choice(['horizontal', 'vertical', 'both'], 'mirror half of the images'),
  crop: whole('pad by N pixels, then cut out a random part: 4 is usual for 32×32'),
  shift: whole('move by up to N pixels'),
  rotate: number(
    'turn by up to N degrees',
    (value) => value > 0 && value <= 180,
    'degrees up to 180',
  ),
  zoom: range,
  contrast: share('change the contrast by up to this share'),
  brightness: positive('add up to ± this to the normalized pixels'),
  cutout: whole('blank a random square of N pixels'),
  mixup: positive('mix images with each other: the parameter of Beta, such as 0.2'),
};

/** Does work in which a wrong option shows: those that do not fit each other, such as adam with a momentum. */
function checking<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof ValueError) throw new UsageError(cause.message, { cause });
    throw cause;
  }
}

/** What `compile` takes. @param batches in an epoch @throws {UsageError} for options that do not fit each other */
export function compileOptions(
  values: Values<typeof trainingOptions>,
  batches: number,
): CompileOptions {
  const { optimizer = 'adam', momentum, nesterov, beta1, beta2, rho, epsilon } = values;
  const { weightDecay, clipNorm, clipValue, averageDecay, labelSmoothing } = values;
  const { gradientAccumulation, activationCheckpointing } = values;
  const own = { momentum, nesterov, beta1, beta2, rho, epsilon };
  const common = { weightDecay, clipNorm, clipValue, averageDecay };
  const given = Object.fromEntries(
    Object.entries({ ...own, ...common }).filter(([, value]) => value !== undefined),
  );
  return checking(() => ({
    optimizer: optimizers[optimizer]({ ...given, learningRate: rateOf(values, batches) }),
    loss: losses.softmaxCrossEntropy(labelSmoothing === undefined ? {} : { labelSmoothing }),
    metrics: ['accuracy'],
    gradientAccumulation,
    activationCheckpointing,
  }));
}

/** The learning rate as a number, or its schedule over all steps. */
function rateOf(values: Values<typeof trainingOptions>, batches: number): schedules.LearningRate {
  const { optimizer = 'adam', epochs = 10, gradientAccumulation = 1, schedule, warmup } = values;
  const rate = values.learningRate ?? (optimizers[optimizer]().learningRate as number);
  const perEpoch = batches / gradientAccumulation;
  const rising = warmup === undefined ? 0 : Math.max(1, Math.round(warmup * perEpoch));
  const steps = Math.max(1, Math.ceil(epochs * perEpoch) - rising);
  const every = Math.max(1, Math.round(perEpoch));
  const after = {
    constant: () => rate,
    cosine: () => schedules.cosine({ initial: rate, steps }),
    oneCycle: () => schedules.oneCycle({ maximum: rate, steps }),
    step: () => schedules.step({ initial: rate, every: Math.max(1, Math.ceil(steps / 3)) }),
    exponential: () => schedules.exponential({ initial: rate, every }),
  }[schedule ?? 'constant']();
  return rising > 0 ? schedules.warmup({ steps: rising, to: after }) : after;
}

/** The augmentation, and whether it is more than the normalization. @throws {UsageError} */
export function augmentationOf(
  values: Values<typeof augmentationOptions>,
  normalize: NormalizeOptions,
  seed: number,
): { augmentation: Augmentation; isRandom: boolean } {
  const { crop, zoom, flip, shift, rotate, contrast, brightness, cutout, mixup } = values;
  const random = { flip, shift, rotate, contrast, brightness, cutout, mixup };
  const options = {
    ...random,
    crop: crop === undefined ? undefined : { padding: crop },
    scale: zoom,
  };
  const isRandom = Object.values(options).some((value) => value !== undefined);
  return { augmentation: checking(() => augment({ ...options, normalize, seed })), isRandom };
}
