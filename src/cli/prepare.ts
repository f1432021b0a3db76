// What is trained: the model by what was typed, its input's shape, its classes, and how pixels become its input.

import { type Model, type Shape, ValueError } from '../core.js';
import type { LabelledImages, NormalizeOptions } from '../data/index.js';
import { UsageError } from './command.js';
import { freeze, withClasses } from './finetune.js';
import { readModel } from './formats.js';
import { isFile, unknownModel, zooModel } from './networks.js';

/** The options of `train` that a model is made by. */
export interface ModelChoice {
  readonly model?: string;
  readonly inputShape?: Shape;
  readonly size?: readonly [number, number];
  readonly freeze?: string;
  readonly normalize?: 'measured' | 'imagenet' | 'none';
  readonly seed?: number;
}

/** Makes the model once the classes are known. */
export interface Blueprint {
  /** [height, width, channels] */
  readonly shape: Shape;
  make(classes: readonly string[]): Model;
}

/** Photos are brought to this side where nothing else is asked for: twice what resnet20 was made for. */
const PHOTO = [64, 64, 3];
/** Grey images up to this side are what lenet5 was made for. */
const SMALL = 32;

const isSame = (a: Shape, b: Shape): boolean => a.every((side, i) => side === b[i]);

/**
 * Finds out what `--model` means, and the shape that images must have.
 *
 * @param fixed the shape of the images where they are not resized
 * @throws {UsageError} for a size that the model, or the files, do not allow
 */
export async function blueprint(
  { model: name, inputShape, size, seed = 0, freeze: last }: ModelChoice,
  fixed: Shape | undefined,
): Promise<Blueprint> {
  if (fixed && size)
    throw new UsageError(
      `--size is for folders of images: these files hold images of ${fixed.join('×')}`,
    );
  if (inputShape && size) throw new UsageError('give --size or --input-shape, not both');
  const frozen = (model: Model): Model => {
    if (last !== undefined) freeze(model, last);
    return model;
  };
  if (name !== undefined && (await isFile(name))) {
    const model = await readModel(name, { seed, inputShape });
    const { inputShape: shape } = model;
    if (size && !isSame(size, shape))
      throw new UsageError(
        `--size must be that of the model, ${shape.slice(0, 2).join('x')}: leave it out; where a file leaves its sides open, --input-shape says them`,
      );
    return { shape, make: (classes) => frozen(fitted(model, classes, seed)) };
  }
  const chosen = name ?? (fixed && fixed[2] === 1 && fixed[0] <= SMALL ? 'lenet5' : 'resnet20');
  const example = zooModel(chosen) ?? unknownModel(chosen);
  const own = name === undefined ? PHOTO : example.inputShape;
  const shape = inputShape ?? fixed ?? [...(size ?? own.slice(0, 2)), own[2]];
  return {
    shape,
    make: (classes) =>
      frozen(zooModel(chosen, { classes: classes.length, inputShape: shape, seed }) as Model),
  };
}

/** A model for these classes: the given one where it has them already, else with a new last layer. */
function fitted(model: Model, classes: readonly string[], seed: number): Model {
  const { outputShape, labels } = model;
  const hasAll = outputShape.length === 1 && outputShape[0] === classes.length;
  if (hasAll && (!labels || isSameList(labels, classes))) return model;
  return withClasses(model, classes.length, seed);
}

const isSameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((one, i) => one === b[i]);

/** Of ImageNet's training images, as torchvision has them. */
export const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** How the pixels become the model's input: as it was, or by the option. */
export function preprocessingFor(
  model: Model,
  { normalize }: ModelChoice,
  train: LabelledImages,
): NormalizeOptions {
  if (normalize === undefined && model.preprocessing) return model.preprocessing;
  if (normalize === 'none') return {};
  if (normalize === 'imagenet') {
    if (train.shape[3] !== 3)
      throw new UsageError('--normalize imagenet is for images of three channels');
    return IMAGENET;
  }
  return measured(train);
}

/** Mean and deviation of each channel, of pixels from 0 to 1, to four digits. */
function measured({ images, shape }: LabelledImages): NormalizeOptions {
  const channels = shape[3];
  const sums = new Array<number>(channels).fill(0);
  const squares = new Array<number>(channels).fill(0);
  // Whole numbers: their sums are exact.
  for (let i = 0, channel = 0; i < images.length; i++) {
    sums[channel] += images[i];
    squares[channel] += images[i] ** 2;
    channel = channel + 1 === channels ? 0 : channel + 1;
  }
  const count = images.length / channels;
  if (count === 0) throw new ValueError('there are no images to train on');
  const rounded = (value: number): number => Number(value.toFixed(4));
  const mean = sums.map((sum) => rounded(sum / count / 255));
  // Images that are all of one colour have no deviation.
  const std = squares.map((square, k) => {
    const variance = square / count - (sums[k] / count) ** 2;
    return rounded(Math.sqrt(Math.max(0, variance)) / 255) || 1;
  });
  return { mean, std };
}
