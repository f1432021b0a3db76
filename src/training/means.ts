// Adds up the outcomes of batches, and makes logs of them.

import type { Goal, Objective } from '../lowering/objective.js';
import type { Graph } from '../network/graph.js';
import { Confusion } from '../operators/loss/confusion.js';
import {
  type CountMetric,
  classesOf,
  isCounted,
  thresholdsOf,
} from '../operators/loss/metric.emit.js';
import type { Outcome } from './outcome.js';

/** Numbers by name: 'loss', the metrics, and after validation 'val_loss' and so on. */
export type Logs = Record<string, number>;

/** Sums of loss and metrics, weighted by samples, and counts of classes where metrics need them. */
export class Means {
  /** For each goal, and each threshold that its metrics count by. */
  readonly #confusions: readonly (readonly Confusion[])[];
  readonly #goals: readonly Goal[];
  readonly #names: readonly string[];
  /** A sum for each of an outcome's values; empty before the first outcome. */
  #sums = new Float64Array(0);
  #counts = new Float64Array(0);
  /** With several outputs: what the loss has beside the weighted losses of the outputs, as penalties. */
  #rest = 0;

  constructor({ goals }: Objective, { outputs, outputNames }: Graph) {
    this.#goals = goals;
    this.#names = outputNames;
    this.#confusions = goals.map(({ metrics }, i) => {
      const columns = outputs[i].shape.at(-1) as number;
      return thresholdsOf(metrics).map(() => new Confusion(classesOf(columns)));
    });
  }

  reset(): void {
    this.#sums.fill(0);
    this.#counts.fill(0);
    this.#rest = 0;
    for (const confusions of this.#confusions) for (const one of confusions) one.reset();
  }

  /** Adds a batch's outcome. */
  add({ values, counts, classes }: Outcome): void {
    if (this.#sums.length === 0) {
      this.#sums = new Float64Array(values.length);
      this.#counts = new Float64Array(values.length);
    }
    for (let i = 0; i < values.length; i++) {
      this.#sums[i] += values[i] * counts[i];
      this.#counts[i] += counts[i];
    }
    if (this.#goals.length > 1) this.#rest += counts[0] * (values[0] - this.#weighted(values));
    this.#confusions.forEach((confusions, i) => {
      confusions.forEach((one, j) => {
        one.add(classes[i][j].right, classes[i][j].predicted);
      });
    });
  }

  /** The means by name. With several outputs, the output's name comes first. */
  logs(prefix = ''): Logs {
    const all = this.#sums.map((sum, i) => sum / this.#counts[i]);
    const several = this.#goals.length > 1;
    // Each output's mean is of its own rows: where labels are ignored, not the same number in all batches.
    if (several) all[0] = this.#weighted(all) + this.#rest / this.#counts[0];
    const means = all.values();
    const next = (): number => means.next().value as number;
    const logs: Logs = { [`${prefix}loss`]: next() };
    const of = (i: number): string => (several ? `${prefix}${this.#names[i]}_` : prefix);
    if (several) for (const i of this.#goals.keys()) logs[`${of(i)}loss`] = next();
    this.#goals.forEach(({ metrics }, i) => {
      for (const metric of metrics) {
        logs[of(i) + metric.name] = isCounted(metric) ? this.#counted(metric, i) : next();
      }
    });
    return logs;
  }

  /** The weighted sum of the outputs' losses, which come after the loss itself. */
  #weighted(values: Float64Array): number {
    return this.#goals.reduce((sum, { weight }, i) => sum + weight * values[1 + i], 0);
  }

  #counted(metric: CountMetric, i: number): number {
    const at = thresholdsOf(this.#goals[i].metrics).indexOf(metric.threshold);
    const confusion = this.#confusions[i][at];
    if ('class' in metric) return confusion.figure(metric.type, metric.class);
    return confusion.macro(metric.type);
  }
}
