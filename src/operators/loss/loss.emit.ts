// Losses as ops: plain descriptions, and what they emit. A loss is computed for each row; what is reported is the mean.

import { Comparison } from '../../../bindings/constants.js';
import { ValueError } from '../../base/errors.js';
import { hereItIs } from '../../base/names.js';
import {
  checkOptions,
  MOST,
  positive,
  required,
  share,
  type Words,
  whole,
} from '../../base/options.js';
import { shown } from '../../base/shown.js';
import type { ActivationName } from '../../network/activation.js';
import { asValue, type Emitter, none, type Operand, type Value } from '../../program/emitter.js';
import type { Tensor } from '../../tensor/tensor.js';

/** A loss with all its numbers; see `losses`. */
export type Loss =
  | {
      readonly type: 'softmaxCrossEntropy';
      /** The share of each target that is spread over all classes. */
      readonly labelSmoothing: number;
      /** The label of rows that do not count. */
      readonly ignoreClass?: number;
    }
  | { readonly type: 'binaryCrossEntropy'; readonly labelSmoothing: number }
  | { readonly type: 'meanSquaredError' | 'meanAbsoluteError' | 'hinge' }
  | { readonly type: 'huber'; readonly delta: number };

const smoothing = required({ labelSmoothing: share });

/** What the numbers of each loss must be. */
const words: { readonly [T in Loss['type']]: Words } = {
  softmaxCrossEntropy: { ...smoothing, ignoreClass: whole(-MOST) },
  binaryCrossEntropy: smoothing,
  meanSquaredError: {},
  meanAbsoluteError: {},
  huber: required({ delta: positive }),
  hinge: {},
};

/** The numbers of each loss, where nothing else is said. */
const defaults: { readonly [T in Loss['type']]: object } = {
  softmaxCrossEntropy: { labelSmoothing: 0 },
  binaryCrossEntropy: { labelSmoothing: 0 },
  meanSquaredError: {},
  meanAbsoluteError: {},
  huber: { delta: 1 },
  hinge: {},
};

/** What Keras, TF.js and PyTorch call them. */
const foreign = {
  categoricalcrossentropy: "'softmaxCrossEntropy', for one-hot targets and class indices alike",
  sparsecategoricalcrossentropy:
    "'softmaxCrossEntropy', for one-hot targets and class indices alike",
  crossentropy: "'softmaxCrossEntropy'",
  crossentropyloss: "'softmaxCrossEntropy'",
  nllloss: "'softmaxCrossEntropy', of logits",
  binarycrossentropy: "'binaryCrossEntropy'",
  sigmoidcrossentropy: "'binaryCrossEntropy'",
  bceloss: "'binaryCrossEntropy'",
  bcewithlogitsloss: "'binaryCrossEntropy'",
  mse: "'meanSquaredError'",
  mseloss: "'meanSquaredError'",
  mae: "'meanAbsoluteError'",
  l1loss: "'meanAbsoluteError'",
  absolutedifference: "'meanAbsoluteError'",
  smoothl1loss: 'losses.huber({ delta })',
  huberloss: "'huber'",
  hingeloss: "'hinge'",
};

/** The losses that compare outputs with targets one by one. */
const elementwise = {
  meanSquaredError: Comparison.Squared,
  meanAbsoluteError: Comparison.Absolute,
  huber: Comparison.Huber,
  hinge: Comparison.Hinge,
  binaryCrossEntropy: Comparison.BinaryCrossEntropy,
} as const;

/** Fills in what is left out. @throws {ValueError} for a loss that there is not, or numbers out of range */
export function checkLoss(given: Loss['type'] | (Partial<Loss> & Pick<Loss, 'type'>)): Loss {
  const { type, ...numbers } = Object(typeof given === 'string' ? { type: given } : given);
  if (typeof type !== 'string') {
    throw new ValueError(
      `compile: loss must be a name such as 'softmaxCrossEntropy', or as losses.huber() returns, not ${shown(given)}`,
    );
  }
  if (!Object.hasOwn(defaults, type)) {
    const known = Object.keys(defaults);
    throw new ValueError(
      `compile: there is no loss ${shown(type)}${hereItIs(type, known, foreign)}; there are ${known.join(', ')}`,
    );
  }
  const all = { ...defaults[type as Loss['type']], ...numbers };
  return { ...checkOptions(`losses.${type}`, all, words[type as Loss['type']]), type };
}

/** The label of rows that do not count, where a loss has one. */
export const ignoredBy = (loss: Loss): number | undefined =>
  'ignoreClass' in loss ? loss.ignoreClass : undefined;

/** What kernels find in the place of a label that does not count. */
export const IGNORED = -1;

/** The activation that a loss has in itself: computed from what goes into that, it is exact and cheap. */
export function activationIn(type: Loss['type']): ActivationName | undefined {
  if (type === 'softmaxCrossEntropy') return 'softmax';
  return type === 'binaryCrossEntropy' ? 'sigmoid' : undefined;
}

/** Whether targets come as class indices or as numbers shaped like the output. */
export type TargetKind = 'labels' | 'targets';

/** What is right: class indices (i32), or numbers shaped like the prediction. One of them is `none`. */
export interface Target {
  readonly labels: Operand;
  readonly targets: Operand;
}

/** Where a loss goes: per row, its gradient, and the mean over rows [1]. */
export interface LossInto {
  readonly losses: Value;
  readonly dx: Value;
  readonly mean: Value;
}

/** A tensor as target. */
export function targetOf(tensor: Tensor, indices: boolean): Target {
  const value = asValue(tensor);
  return indices ? { labels: value, targets: none } : { labels: none, targets: value };
}

/** @throws {ValueError} unless the label is a class; `place` says which label it is */
export function checkLabel(label: number, place: number, classes: number): void {
  if (Number.isInteger(label) && label >= 0 && label < classes) return;
  if (!Number.isInteger(label) || label < 0) {
    const ignore = Number.isInteger(label)
      ? `; losses.softmaxCrossEntropy({ ignoreClass: ${label} }) leaves such rows out`
      : '';
    throw new ValueError(
      `label ${place} is ${label}, but labels are whole numbers from 0 to ${classes - 1}${ignore}`,
    );
  }
  throw new ValueError(
    `label ${place} is ${label}, but the output has ${classes} classes, 0 to ${classes - 1}: the last layer needs one for each class`,
  );
}

/** @throws {ValueError} for the first label that is neither a class nor the one that does not count */
export function checkLabels(labels: ArrayLike<number>, classes: number, ignored?: number): void {
  for (let i = 0; i < labels.length; i++)
    if (labels[i] !== ignored) checkLabel(labels[i], i, classes);
}

/** A value as rows of its last dimension. */
export const rowsOf = (x: Value): { rows: number; columns: number } => {
  const columns = x.shape.at(-1) as number;
  return { rows: x.size / columns, columns };
};

/** What a loss is multiplied by. */
export interface LossFactors {
  /** [rows]: loss and gradient, row by row; the mean is still over the number of rows (Keras's way). */
  readonly weights?: Value;
  /** The gradient alone: 1 by default. */
  readonly factor?: number;
}

/** Emits a loss of x and its gradient. */
export function emitLoss(
  e: Emitter,
  loss: Loss,
  { losses, dx, mean }: LossInto,
  x: Value,
  target: Target,
  { weights, factor = 1 }: LossFactors = {},
): void {
  const { rows, columns } = rowsOf(x);
  const each: Operand = weights ?? none;
  const shared = { losses, dx, x, weights: each, rows, scale: factor / rows };
  if (loss.type === 'softmaxCrossEntropy') {
    const smoothing = loss.labelSmoothing;
    e.emit('softmaxCrossEntropy', { ...shared, ...target, classes: columns, smoothing });
  } else {
    const { targets } = target;
    const kind = elementwise[loss.type];
    e.emit('elementLoss', { ...shared, targets, columns, kind, parameter: parameterOf(loss) });
  }
  e.emit('mean', { y: mean, x: losses, count: rows });
}

function parameterOf(loss: Loss): number {
  if (loss.type === 'huber') return loss.delta;
  return 'labelSmoothing' in loss ? loss.labelSmoothing : 0;
}
