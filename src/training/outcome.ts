// A batch's outcome: loss, metrics and the classes of its rows, read from its program's buffers.

import type { Backend } from '../../bindings/backend.js';
import type { Lowered } from '../lowering/lower.js';
import type { Objective } from '../lowering/objective.js';
import { isCounted } from '../operators/loss/metric.emit.js';
import type { Value } from '../program/emitter.js';

/** Each row's right and predicted class. */
interface RowClasses {
  readonly right: Int32Array;
  readonly predicted: Int32Array;
}

/** A batch's outcome. The next batch overwrites it. */
export interface Outcome {
  /** The sum of the losses; with several goals, each loss; then the metrics that are means, goal by goal. */
  readonly values: Float64Array;
  /** For each value, the number of samples that it is the mean of: fewer than the batch has if labels are ignored. */
  readonly counts: Float64Array;
  /** The rows' classes, for each goal and each threshold of its metrics. */
  readonly classes: (readonly RowClasses[])[];
}

/** An empty outcome. */
export function outcomeFor({ goals }: Objective): Outcome {
  const losses = goals.length > 1 ? goals.length : 0;
  const means = goals.flatMap(({ metrics }) => metrics.filter((one) => !isCounted(one)));
  const length = 1 + losses + means.length;
  const [values, counts] = [new Float64Array(length), new Float64Array(length)];
  return { values, counts, classes: goals.map(() => []) };
}

/**
 * Reads the outcome of a program's run.
 *
 * @param size samples of the batch
 * @param shares for each goal, the share of its rows that count
 */
export function readOutcome(
  { memory }: Backend,
  { goals, penalties }: Lowered,
  { values, counts, classes }: Outcome,
  size: number,
  shares: readonly number[],
): void {
  const { float32, int32 } = memory.views;
  const read = (value: Value): number => float32[value.resolve() / 4];
  let at = 0;
  const put = (value: number, count: number): void => {
    values[at] = value;
    counts[at++] = count;
  };
  const several = goals.length > 1;
  const loss = goals.reduce((sum, goal) => sum + goal.weight * read(goal.loss), 0);
  put(loss, several ? size : size * shares[0]);
  for (const parts of penalties) {
    const start = parts.resolve() / 4;
    for (let i = start; i < start + parts.size; i++) values[0] += float32[i];
  }
  if (several) for (const [i, goal] of goals.entries()) put(read(goal.loss), size * shares[i]);
  for (const [i, { metrics }] of goals.entries()) {
    // The kernel's mean counts ignored rows too, as misses.
    for (const metric of metrics) put(read(metric) / (shares[i] || 1), size * shares[i]);
  }
  const integers = (value: Value): Int32Array =>
    int32.subarray(value.resolve() / 4, value.resolve() / 4 + value.size);
  goals.forEach((goal, i) => {
    if (goal.classes.length === 0) return;
    classes[i] = goal.classes.map(({ right, predicted }) => ({
      right: integers(right),
      predicted: integers(predicted),
    }));
  });
}
