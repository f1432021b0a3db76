// What training makes smaller, and how: the ops between forward and backward, and those behind both.

import { type Emitter, none, type Value } from '../emit/emitter.js';
import * as loss from '../emit/loss.js';
import { emitUpdate, type Optimizer, optimizerState } from '../emit/optimizer.js';
import type { Graph } from './graph.js';
import type { WeightValues } from './lower.js';

/** What is wanted of one output. */
export interface Aim {
  readonly loss: loss.Loss;
  /** What its loss is multiplied by in the sum of all. */
  readonly weight: number;
  readonly metrics: readonly loss.Metric[];
}

/** What `compile` fixes. */
export interface Objective {
  readonly optimizer: Optimizer;
  /** One for each output. */
  readonly goals: readonly Aim[];
  /** Whether activations are computed again in backward rather than kept. */
  readonly checkpointing: boolean;
}

/** Whether targets come as class indices or as numbers shaped like the output. */
export type TargetForm = 'labels' | 'targets';

/** The names of all that a step reports, the sum of the losses first. */
export function resultNames({ goals }: Objective, { outputNames }: Graph): string[] {
  if (goals.length === 1) return ['loss', ...goals[0].metrics.map(({ name }) => name)];
  const prefixed = goals.flatMap(({ metrics }, i) =>
    metrics.map(({ name }) => `${outputNames[i]}_${name}`),
  );
  return ['loss', ...outputNames.map((name) => `${name}_loss`), ...prefixed];
}

/** Where a goal's numbers are. */
export interface Goal {
  /** That of its aim. */
  readonly weight: number;
  readonly target: Value;
  /** The mean loss [1]. */
  readonly loss: Value;
  /** The loss's gradient, shaped like the output. */
  readonly dx: Value;
  /** In the order of the objective's metrics, [1] each. */
  readonly metrics: readonly Value[];
}

/** Emits loss, its gradient and metrics of an output. */
export function emitGoal(
  emitter: Emitter,
  { loss: { type }, weight, metrics }: Aim,
  x: Value,
  form: TargetForm,
): Goal {
  emitter.layer = 'loss';
  const rows = x.size / (x.shape.at(-1) as number);
  const target = form === 'labels' ? emitter.input([rows], 'int32') : emitter.input(x.shape);
  const given: loss.Target =
    form === 'labels' ? { labels: target, targets: none } : { labels: none, targets: target };
  const into = {
    losses: emitter.value([rows]),
    dx: emitter.value(x.shape),
    mean: emitter.value([1]),
  };
  if (type === 'softmaxCrossEntropy') loss.softmaxCrossEntropy(emitter, into, x, given, weight);
  else loss.meanSquaredError(emitter, into, x, target, weight);
  const shares = metrics.map(({ name, k }) => {
    emitter.layer = name;
    const mean = emitter.output(emitter.value([1]));
    loss.topK(emitter, mean, x, given, k);
    return mean;
  });
  return { weight, target, loss: emitter.output(into.mean), dx: into.dx, metrics: shares };
}

/** Emits the update of all that is trained. */
export function emitStep(emitter: Emitter, { optimizer }: Objective, weights: WeightValues): void {
  emitter.layer = 'optimizer';
  const { runs, gradients, settings } = weights;
  const state = optimizerState(optimizer).map((name) => weights.state(name));
  for (const { parameters, offset } of runs) {
    const { shape } = parameters;
    const part = (vector: Value): Value => vector.view(shape, offset);
    const vectors = { parameters, gradients: part(gradients), state: state.map(part), settings };
    emitUpdate(emitter, optimizer, vectors);
  }
}
