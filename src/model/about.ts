// What a model says about its pictures and its classes.

import { ShapeError, ValueError } from '../base/errors.js';
import { type Shape, show } from '../base/shape.js';
import {
  checkNormalization,
  type Normalization,
  type NormalizeOptions,
} from '../data/normalize.js';
import type { SymbolicTensor } from '../network/layer.js';

/** What a file may say about pictures and classes besides: readers that do not know it leave it alone. */
export interface About {
  readonly labels?: readonly string[];
  readonly preprocessing?: NormalizeOptions;
}

/** How many classes an output tells apart: one number is no or yes. @throws {ShapeError} unless [classes] */
export function classesOf(where: string, { shape }: SymbolicTensor): number {
  if (shape.length === 1) return Math.max(2, shape[0]);
  throw new ShapeError(`${where}: the model's output must be [classes], not ${show(shape)}`);
}

/** @throws {ValueError} for options that make no sense, or that are for other channels than the input has */
export function checkPreprocessing(
  where: string,
  options: NormalizeOptions,
  inputShape: Shape,
): Normalization {
  const checked = checkNormalization(where, options);
  const channels = inputShape.at(-1);
  if (checked.mean.length === 1 || checked.mean.length === channels) return checked;
  throw new ValueError(
    `${where}: mean and std are for ${checked.mean.length} channels, but the model takes ${show(inputShape)}`,
  );
}

/** The labels, checked and frozen. @throws {ValueError} unless there is a text for each class */
export function checkLabels(
  where: string,
  labels: readonly string[],
  output: SymbolicTensor,
): readonly string[] {
  const classes = classesOf(where, output);
  const isText = Array.isArray(labels) && labels.every((label) => typeof label === 'string');
  if (isText && labels.length === classes) return Object.freeze([...labels]);
  const given = isText ? `${labels.length} labels` : 'no list of texts';
  throw new ValueError(`${where}: expected a text for each of ${classes} classes, not ${given}`);
}

/** The options that a normalization was made of. */
export function optionsOf({ scale, ...rest }: Normalization): NormalizeOptions {
  return scale === null ? rest : { ...rest, scale };
}
