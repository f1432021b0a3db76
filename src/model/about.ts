// A model's labels and preprocessing: how pictures become its input, and what its classes are called.

import { ShapeError, ValueError } from '../base/errors.js';
import { type Shape, show } from '../base/shape.js';
import { shown } from '../base/shown.js';
import {
  checkNormalization,
  type Normalization,
  type NormalizeOptions,
} from '../data/normalization.js';
import type { SymbolicTensor } from '../network/layer.js';

/** Labels and preprocessing as a model's file has them. Older readers ignore them. */
export interface About {
  readonly labels?: readonly string[];
  readonly preprocessing?: NormalizeOptions;
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

/** The options, checked. @throws {ValueError} if they make no sense, or are for another number of channels */
export function checkPreprocessing(options: NormalizeOptions, inputShape: Shape): Normalization {
  const checked = checkNormalization(options);
  const channels = inputShape.at(-1);
  if (checked.mean.length === 1 || checked.mean.length === channels) return checked;
  throw new ValueError(
    `mean and std are for ${checked.mean.length} channels, but the model takes ${show(inputShape)}`,
  );
}

/** The labels, checked and frozen. @throws {ValueError} unless there is a text for each class of the output */
export function checkLabels(labels: readonly string[], output: SymbolicTensor): readonly string[] {
  const classes = classesOf(output);
  const isText = Array.isArray(labels) && labels.every((label) => typeof label === 'string');
  if (isText && labels.length === classes) return Object.freeze([...labels]);
  const given = isText ? `${labels.length} labels` : shown(labels);
  throw new ValueError(`expected a list with a text for each of ${classes} classes, not ${given}`);
}

/** The options of a normalization, as `data.normalize` takes them. */
export function optionsOf({ scale, ...rest }: Normalization): NormalizeOptions {
  return scale === null ? rest : { ...rest, scale };
}
