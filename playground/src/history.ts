// What the charts show: a training's losses and accuracies, as many points as there is room for.

import type { EpochEnd, Progress } from './messages.js';

/** Points beyond which neighbours become one: memory is bounded however long the training takes. */
const MOST = 600;

interface Point {
  readonly step: number;
  readonly train: number | null;
  readonly test: number | null;
}

/** The mean of those that there are. */
function mean(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return (a + b) / 2;
}

/** One chart's lines. */
class Line {
  #points: Point[] = [];

  add(point: Point): void {
    this.#points.push(point);
    if (this.#points.length <= MOST) return;
    const merged: Point[] = [];
    for (let i = 0; i < this.#points.length; i += 2) {
      const [a, b = a] = this.#points.slice(i, i + 2);
      merged.push({ step: b.step, train: mean(a.train, b.train), test: b.test ?? a.test });
    }
    this.#points = merged;
  }

  /** Columns, as uPlot takes them. */
  get columns(): [number[], (number | null)[], (number | null)[]] {
    const points = this.#points;
    return [
      points.map(({ step }) => step),
      points.map(({ train }) => train),
      points.map(({ test }) => test),
    ];
  }
}

export class TrainingHistory {
  loss = new Line();
  accuracy = new Line();

  clear(): void {
    this.loss = new Line();
    this.accuracy = new Line();
  }

  addProgress({ step, loss, accuracy }: Progress): void {
    this.loss.add({ step, train: loss, test: null });
    this.accuracy.add({ step, train: 100 * accuracy, test: null });
  }

  addEpoch({ step, valLoss, valAccuracy }: EpochEnd): void {
    this.loss.add({ step, train: null, test: valLoss });
    this.accuracy.add({ step, train: null, test: 100 * valAccuracy });
  }
}
