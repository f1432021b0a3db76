// How fast a training is, and how its loss is between two looks at it.

/** Looks that the speed is taken over. */
const LOOKS = 30;

export class Pace {
  readonly #count: number;
  readonly #epochs: number;
  /** When how many images had been trained on, of the last looks. */
  #looks: { at: number; images: number }[] = [];
  #epoch = 0;
  #done = 0;
  #sums = { loss: 0, accuracy: 0 };

  /** @param count images of an epoch */
  constructor(count: number, epochs: number) {
    this.#count = count;
    this.#epochs = epochs;
    this.rest();
  }

  /** What was measured before a pause says nothing of what comes after it. */
  rest(): void {
    this.#looks = [];
  }

  /**
   * @param done images of this epoch
   * @param logs means over this epoch so far
   */
  after(epoch: number, done: number, logs: Readonly<Record<string, number>>) {
    if (epoch !== this.#epoch) this.#begin(epoch);
    const since = done - this.#done;
    const sums = { loss: logs.loss * done, accuracy: logs.accuracy * done };
    const [loss, accuracy] = (['loss', 'accuracy'] as const).map(
      (name) => (sums[name] - this.#sums[name]) / since,
    );
    this.#sums = sums;
    this.#done = done;
    const images = (epoch - 1) * this.#count + done;
    const imagesPerSecond = this.#speed(images);
    const eta = (this.#epochs * this.#count - images) / imagesPerSecond;
    return { loss, accuracy, imagesPerSecond, eta };
  }

  #begin(epoch: number): void {
    this.#epoch = epoch;
    this.#done = 0;
    this.#sums = { loss: 0, accuracy: 0 };
  }

  #speed(images: number): number {
    const at = performance.now();
    this.#looks.push({ at, images });
    if (this.#looks.length > LOOKS) this.#looks.shift();
    const [oldest] = this.#looks;
    return at > oldest.at ? ((images - oldest.images) / (at - oldest.at)) * 1000 : 0;
  }
}
