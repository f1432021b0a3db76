// How fast a training is, and how its loss is between two looks at it.

/** Looks that the speed is taken over. */
const LOOKS = 30;
/** Images that the loss is taken over, at least: the last look of an epoch may see a step or two. */
const IMAGES = 500;

export class Pace {
  readonly #count: number;
  readonly #epochs: number;
  /** When how many images had been trained on, of the last looks. */
  #looks: { at: number; images: number }[] = [];
  #epoch = 0;
  #done = 0;
  #sums = { loss: 0, accuracy: 0 };
  /** What came between the last looks. */
  #parts: { images: number; loss: number; accuracy: number }[] = [];

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
    const sums = { loss: logs.loss * done, accuracy: logs.accuracy * done };
    this.#parts.push({
      images: done - this.#done,
      loss: sums.loss - this.#sums.loss,
      accuracy: sums.accuracy - this.#sums.accuracy,
    });
    this.#sums = sums;
    this.#done = done;
    const { loss, accuracy } = this.#recent();
    const images = (epoch - 1) * this.#count + done;
    const imagesPerSecond = this.#speed(images);
    const eta = (this.#epochs * this.#count - images) / imagesPerSecond;
    return { loss, accuracy, imagesPerSecond, eta };
  }

  /** The means of the last parts. */
  #recent(): { loss: number; accuracy: number } {
    const total = (name: 'images' | 'loss' | 'accuracy'): number =>
      this.#parts.reduce((sum, part) => sum + part[name], 0);
    while (total('images') - this.#parts[0].images >= IMAGES) this.#parts.shift();
    const images = total('images');
    return { loss: total('loss') / images, accuracy: total('accuracy') / images };
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
