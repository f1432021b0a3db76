// What the charts show: a training's losses, accuracies, learning rates and gradients, as many points as there is room for.

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
  #points: Point[];

  constructor(points: readonly Point[] = []) {
    this.#points = [...points];
  }

  get points(): readonly Point[] {
    return this.#points;
  }

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

/** What a network has been trained for, to be kept with it. */
export interface Past {
  readonly steps: number;
  readonly epochs: number;
  readonly testAccuracy: number | undefined;
  readonly loss: readonly Point[];
  readonly accuracy: readonly Point[];
  readonly rate: readonly Point[];
  readonly gradient: readonly Point[];
}

/** Of a network that has not been trained. */
export const nothing: Past = {
  steps: 0,
  epochs: 0,
  testAccuracy: undefined,
  loss: [],
  accuracy: [],
  rate: [],
  gradient: [],
};

export class TrainingHistory {
  loss = new Line();
  accuracy = new Line();
  rate = new Line();
  /** The norm of all gradients together. */
  gradient = new Line();
  steps = 0;
  epochs = 0;
  testAccuracy: number | undefined;

  /** Begins anew, or where another training stood. */
  begin({ steps, epochs, testAccuracy, loss, accuracy, rate, gradient }: Past): void {
    Object.assign(this, { steps, epochs, testAccuracy });
    this.loss = new Line(loss);
    this.accuracy = new Line(accuracy);
    this.rate = new Line(rate);
    this.gradient = new Line(gradient);
  }

  get past(): Past {
    const { steps, epochs, testAccuracy, loss, accuracy, rate, gradient } = this;
    return {
      steps,
      epochs,
      testAccuracy,
      loss: loss.points,
      accuracy: accuracy.points,
      rate: rate.points,
      gradient: gradient.points,
    };
  }

  addProgress({ step, loss, accuracy, learningRate, gradients }: Progress): void {
    this.steps = step;
    this.loss.add({ step, train: loss, test: null });
    this.accuracy.add({ step, train: 100 * accuracy, test: null });
    this.rate.add({ step, train: learningRate, test: null });
    if (gradients) this.gradient.add({ step, train: gradients.all, test: null });
  }

  addEpoch({ step, epoch, valLoss, valAccuracy }: EpochEnd): void {
    this.epochs = epoch;
    this.testAccuracy = valAccuracy;
    this.loss.add({ step, train: null, test: valLoss });
    this.accuracy.add({ step, train: null, test: 100 * valAccuracy });
  }
}
