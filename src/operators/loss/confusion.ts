// The confusion matrix: how often each class is taken for each other. Some metrics are computed from it.

/** A figure of one class that follows from the counts. */
export type Figure = 'precision' | 'recall' | 'f1';

/** 0 of 0 is 0: a class that was never predicted has no precision. */
const share = (part: number, of: number): number => (of > 0 ? part / of : 0);

/** Counts of samples by right and predicted class. */
export class Confusion {
  readonly classes: number;
  /** [right × predicted]. */
  readonly #counts: Float64Array;

  constructor(classes: number) {
    this.classes = classes;
    this.#counts = new Float64Array(classes * classes);
  }

  reset(): void {
    this.#counts.fill(0);
  }

  /** Counts rows, but those whose right class is less than 0: they are ignored. */
  add(right: ArrayLike<number>, predicted: ArrayLike<number>): void {
    for (let i = 0; i < right.length; i++)
      if (right[i] >= 0) this.#counts[right[i] * this.classes + predicted[i]]++;
  }

  /** Samples of class `right` that were predicted to be of class `predicted`. */
  at(right: number, predicted: number): number {
    return this.#counts[right * this.classes + predicted];
  }

  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** The share of samples that were predicted right. */
  get accuracy(): number {
    let hits = 0;
    for (let k = 0; k < this.classes; k++) hits += this.at(k, k);
    return share(hits, this.total);
  }

  /** How many samples are of a class, and how many were predicted to be. */
  #sums(k: number): { right: number; predicted: number } {
    const sums = { right: 0, predicted: 0 };
    for (let other = 0; other < this.classes; other++) {
      sums.right += this.at(k, other);
      sums.predicted += this.at(other, k);
    }
    return sums;
  }

  /** A figure of one class. */
  figure(name: Figure, k: number): number {
    const { right, predicted } = this.#sums(k);
    if (name === 'precision') return share(this.at(k, k), predicted);
    if (name === 'recall') return share(this.at(k, k), right);
    return share(2 * this.at(k, k), right + predicted);
  }

  /** The mean of a figure over the classes that occur, right or predicted. */
  macro(name: Figure): number {
    let [sum, count] = [0, 0];
    for (let k = 0; k < this.classes; k++) {
      const { right, predicted } = this.#sums(k);
      if (right + predicted === 0) continue;
      sum += this.figure(name, k);
      count++;
    }
    return share(sum, count);
  }
}
