// A model's labels and preprocessing: how pictures become its input, and what its classes are called.

import { ShapeError, ValueError } from '../base/errors.js';
import { optionsOf as checked } from '../base/options.js';
import { type Pair, pair, type Shape, show } from '../base/shape.js';
import { shown } from '../base/shown.js';
import {
  checkNormalization,
  type Normalization,
  type NormalizeOptions,
  normalizeWords,
} from '../data/normalization.js';
import type { SymbolicTensor } from '../network/layer.js';

/** How pictures become a model's input: the steps in their order. */
export interface PreprocessingOptions extends NormalizeOptions {
  /**
   * The size to which a picture is resampled before its middle of the input's size is taken: a number for the shorter
   * side, so that the ratio stays (torchvision's `Resize` and `CenterCrop`), or [height, width], which may distort it
   * (Keras's `Resizing`). By default the largest middle part with the input's ratio is resampled to the input's size.
   */
  resize?: Pair;
}

/** Preprocessing, checked. */
export interface Preprocessing extends Normalization {
  readonly resize?: Pair;
}

/** Labels and preprocessing as a model's file has them. Older readers ignore them. */
export interface About {
  readonly labels?: readonly string[];
  readonly preprocessing?: PreprocessingOptions;
}

/**
 * How many classes an output has; one number means two, no or yes.
 *
 * @throws {ShapeError} unless its shape is [classes]
 */
export function classesOf({ shape }: SymbolicTensor): number {
  if (shape.length === 1) return Math.max(2, shape[0]);
  throw new ShapeError(`the model's output must be [classes], not ${show(shape)}`);
}

/** The options, checked. @throws {ValueError} if they make no sense, or are for another input */
export function checkPreprocessing(
  options: PreprocessingOptions,
  inputShape: Shape,
): Preprocessing {
  const { resize, ...rest } = checked(options, { ...normalizeWords, resize: pair() });
  const normalization = checkNormalization(rest);
  const { length } = normalization.mean;
  if (length !== 1 && length !== inputShape.at(-1))
    throw new ValueError(
      `mean and std are for ${length} channels, but the model takes ${show(inputShape)}`,
    );
  if (resize === undefined) return normalization;
  if ([resize, resize].flat().some((side, i) => side < inputShape[i % 2]))
    throw new ValueError(`resize makes less than the model takes, ${show(inputShape)}`);
  return { ...normalization, resize };
}

/** The labels, checked and frozen. @throws {ValueError} unless there is a text for each class of the output */
export function checkLabels(labels: readonly string[], output: SymbolicTensor): readonly string[] {
  const classes = classesOf(output);
  const isText = Array.isArray(labels) && labels.every((label) => typeof label === 'string');
  if (isText && labels.length === classes) return Object.freeze([...labels]);
  const given = isText ? `${labels.length} labels` : shown(labels);
  throw new ValueError(`expected a list with a text for each of ${classes} classes, not ${given}`);
}

/** The options that make this preprocessing. */
export function optionsOf({ scale, ...rest }: Preprocessing): PreprocessingOptions {
  return scale === null ? rest : { ...rest, scale };
}
