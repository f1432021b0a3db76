// What training makes smaller, and how: the ops between forward and backward, and those behind both.

import { type Emitter, none, type Value } from '../emit/emitter.js';
import * as loss from '../emit/loss.js';
import { emitUpdate, type Optimizer, optimizerState } from '../emit/optimizer.js';
import type { Weights } from './weights.js';

/** What `compile` fixes. */
export interface Objective {
  readonly optimizer: Optimizer;
  readonly loss: loss.Loss;
  readonly metrics: readonly loss.Metric[];
}

/** Whether targets come as class indices or as numbers shaped like the output. */
export type TargetForm = 'labels' | 'targets';

/** Where a goal's numbers are. */
export interface Goal {
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
  { loss: { type }, metrics }: Objective,
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
  if (type === 'softmaxCrossEntropy') loss.softmaxCrossEntropy(emitter, into, x, given);
  else loss.meanSquaredError(emitter, into, x, target);
  const shares = metrics.map(({ name, k }) => {
    emitter.layer = name;
    const mean = emitter.output(emitter.value([1]));
    loss.topK(emitter, mean, x, given, k);
    return mean;
  });
  return { target, loss: emitter.output(into.mean), dx: into.dx, metrics: shares };
}

/** Emits the update of all that is trained. */
export function emitStep(emitter: Emitter, { optimizer }: Objective, weights: Weights): void {
  emitter.layer = 'optimizer';
  const state = optimizerState(optimizer).map((name) => weights.state(name));
  emitUpdate(emitter, optimizer, { ...weights.flat, state, settings: weights.settings });
}
