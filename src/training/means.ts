// Loss and metrics over many batches.

import type { Aim, Report } from '../lowering/objective.js';
import type { Graph } from '../network/graph.js';
import { Confusion } from '../operators/loss/confusion.js';
import { type CountMetric, classesOf, isCounted } from '../operators/loss/metric.emit.js';

/** Numbers by name: 'loss', the metrics, and after validation 'val_loss' and so on. */
export type Logs = Record<string, number>;

/** Sums of loss and metrics, weighted by samples, and counts of classes where metrics need them. */
export class Means implements Report {
  readonly results: Float64Array;
  readonly confusions: readonly (Confusion | undefined)[];
  readonly #goals: readonly Aim[];
  readonly #names: readonly string[];
  readonly #sums: Float64Array;
  #count = 0;

  constructor(goals: readonly Aim[], { outputs, outputNames }: Graph) {
    this.#goals = goals;
    this.#names = outputNames;
    const means = this.#goals.flatMap(({ metrics }) => metrics.filter((one) => !isCounted(one)));
    const losses = this.#goals.length > 1 ? this.#goals.length : 0;
    this.results = new Float64Array(1 + losses + means.length);
    this.#sums = new Float64Array(this.results.length);
    this.confusions = this.#goals.map(({ metrics }, i) => {
      const columns = outputs[i].shape.at(-1) as number;
      return metrics.some(isCounted) ? new Confusion(classesOf(columns)) : undefined;
    });
  }

  reset(): void {
    this.#sums.fill(0);
    this.#count = 0;
    for (const confusion of this.confusions) confusion?.reset();
  }

  /** Takes what a batch of `count` samples left in `results`. */
  add(count: number): void {
    for (let i = 0; i < this.results.length; i++) this.#sums[i] += this.results[i] * count;
    this.#count += count;
  }

  /** The means by name; those of several outputs have the output's name in front. */
  logs(prefix = ''): Logs {
    const means = this.#sums.map((sum) => sum / this.#count).values();
    const next = (): number => means.next().value as number;
    const logs: Logs = { [`${prefix}loss`]: next() };
    const several = this.#goals.length > 1;
    const of = (i: number): string => (several ? `${prefix}${this.#names[i]}_` : prefix);
    if (several) for (const i of this.#goals.keys()) logs[`${of(i)}loss`] = next();
    this.#goals.forEach(({ metrics }, i) => {
      for (const metric of metrics) {
        logs[of(i) + metric.name] = isCounted(metric) ? this.#counted(metric, i) : next();
      }
    });
    return logs;
  }

  #counted(metric: CountMetric, i: number): number {
    const confusion = this.confusions[i] as Confusion;
    if ('class' in metric) return confusion.figure(metric.type, metric.class);
    return confusion.macro(metric.type);
  }
}
