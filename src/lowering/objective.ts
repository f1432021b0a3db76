// The objective as ops: losses and metrics between the forward and the backward pass, and the step after both.

import type { ActivationName } from '../network/activation.js';
import type { Layer } from '../network/layer.js';
import { activationForward } from '../operators/activation/activation.emit.js';
import {
  emitLoss,
  ignoredBy,
  type Loss,
  rowsOf,
  type Target,
  type TargetKind,
} from '../operators/loss/loss.emit.js';
import {
  type Classes,
  emitClasses,
  emitMetric,
  isCounted,
  type Metric,
  type Scores,
} from '../operators/loss/metric.emit.js';
import {
  emitGathering,
  emitUpdate,
  type Optimizer,
  optimizerState,
} from '../operators/optimizer/optimizer.emit.js';
import { emitPenalty } from '../operators/optimizer/penalty.emit.js';
import { type Emitter, none, type Value } from '../program/emitter.js';
import { penalized } from './penalized.js';
import type { WeightValues } from './weights.js';

/** What is wanted of one output. */
export interface Goal {
  readonly loss: Loss;
  /** What its loss is multiplied by in the sum of all. */
  readonly weight: number;
  readonly metrics: readonly Metric[];
}

/** What `compile` fixes. */
export interface Objective {
  readonly optimizer: Optimizer;
  /** One for each output. */
  readonly goals: readonly Goal[];
  /** Whether activations are computed again in backward rather than kept. */
  readonly checkpointing: boolean;
  /** Batches whose gradients make one step. */
  readonly accumulation: number;
}

/** What a goal is computed from. */
export interface Measured {
  /** The output, or its logits where the loss has the activation in itself. */
  readonly x: Value;
  /** The activation that the loss has in itself; undefined where x is the output. */
  readonly activation: ActivationName | undefined;
  readonly kind: TargetKind;
  /** Whether each row has a weight of its own. */
  readonly weighted: boolean;
}

/** The buffers that are filled for an output, and its gradient. */
export interface Given {
  readonly target: Value;
  /** The weight of each row [rows], where they have weights. */
  readonly weights: Value | undefined;
  /** Whether rows of some labels do not count: their weights are then 0, and those of the others larger. */
  readonly ignores: boolean;
  /** The gradient of the loss, or of the sum that is wanted, shaped like the output. */
  readonly dx: Value;
}

/** The buffers of a goal. */
export interface EmittedGoal extends Given {
  /** The goal's weight. */
  readonly weight: number;
  /** The mean loss [1]. */
  readonly loss: Value;
  /** Its metrics that are means, [1] each. */
  readonly metrics: readonly Value[];
  /** Each row's classes, for each threshold that its metrics count by. */
  readonly classes: readonly Classes[];
}

/**
 * Emits loss, its gradient and metrics of an output.
 *
 * @throws {ValueError} for a metric that does not fit the output or the targets
 */
export function emitGoal(
  emitter: Emitter,
  { loss, weight, metrics }: Goal,
  { x, activation, kind, weighted }: Measured,
): EmittedGoal {
  emitter.layer = 'loss';
  const { rows } = rowsOf(x);
  const target = kind === 'labels' ? emitter.input([rows], 'int32') : emitter.input(x.shape);
  const given: Target =
    kind === 'labels' ? { labels: target, targets: none } : { labels: none, targets: target };
  const ignores = kind === 'labels' && ignoredBy(loss) !== undefined;
  const weights = weighted || ignores ? emitter.input([rows]) : undefined;
  const into = {
    losses: emitter.value([rows]),
    dx: emitter.value(x.shape),
    mean: emitter.output(emitter.value([1])),
  };
  emitLoss(emitter, loss, into, x, given, { weights, factor: weight });
  const scores = scoresOf(emitter, x, activation, given, middleOf(loss, activation));
  return {
    weight,
    target,
    weights,
    ignores,
    loss: into.mean,
    dx: into.dx,
    metrics: emitMeans(emitter, metrics, scores),
    classes: emitCounted(emitter, metrics, scores),
  };
}

/** Above what number an output means yes: 0 for hinge, and for logits without an activation; else ½. */
function middleOf({ type }: Loss, activation: ActivationName | undefined): number {
  const isLogit = type === 'binaryCrossEntropy' && activation === undefined;
  return isLogit || type === 'hinge' ? 0 : 0.5;
}

/** What metrics see. Where the loss is computed from logits, the outputs are emitted when a metric first asks for them. */
function scoresOf(
  emitter: Emitter,
  x: Value,
  activation: ActivationName | undefined,
  target: Target,
  middle: number,
): Scores {
  let outputs = x;
  return {
    x,
    target,
    middle,
    outputs() {
      if (activation === undefined || activation === 'linear' || outputs !== x) return outputs;
      outputs = emitter.value(x.shape);
      activationForward(emitter, activation, outputs, x);
      return outputs;
    },
  };
}

function emitMeans(emitter: Emitter, metrics: readonly Metric[], scores: Scores): Value[] {
  return metrics.flatMap((metric) => {
    if (isCounted(metric)) return [];
    emitter.layer = metric.name;
    const mean = emitter.output(emitter.value([1]));
    emitMetric(emitter, metric, mean, scores);
    return [mean];
  });
}

function emitCounted(emitter: Emitter, metrics: readonly Metric[], scores: Scores): Classes[] {
  const counted = metrics.filter(isCounted);
  if (counted.length === 0) return [];
  emitter.layer = counted.map(({ name }) => name).join(', ');
  const classes = emitClasses(emitter, counted, scores);
  for (const value of [classes[0].right, ...classes.map(({ predicted }) => predicted)])
    emitter.output(value);
  return classes;
}

/** Emits what adds a batch's gradients to the mean of the batches before, where several make a step. */
export function emitAccumulation(emitter: Emitter, weights: WeightValues): void {
  emitter.layer = 'optimizer';
  const { gradients, settings } = weights;
  emitGathering(emitter, { gradients, batch: weights.state('batch'), settings });
}

/** Emits what regularizers cost: the sum of all numbers of these values is to be added to the loss. */
export function emitPenalties(
  emitter: Emitter,
  layers: readonly Layer[],
  weights: WeightValues,
): Value[] {
  emitter.layer = 'regularizers';
  return penalized(layers).map(({ layer, name, regularizer }) =>
    emitter.output(emitPenalty(emitter, weights.value(layer, name), regularizer)),
  );
}

/** Emits the update of all that is trained. */
export function emitStep(emitter: Emitter, { optimizer }: Objective, weights: WeightValues): void {
  emitter.layer = 'optimizer';
  const { runs, gradients, settings } = weights;
  const state = optimizerState(optimizer).map((name) => weights.state(name));
  emitUpdate(emitter, optimizer, { runs, gradients, state, settings });
}
