// Names that are all different.

/** Gives names: the wanted one, or one with a number. */
export class DistinctNames {
  /** The last number of each name. */
  readonly #numbers = new Map<string, number>();

  /** The wanted name, with the next number where it was given before. */
  give(wanted: string): string {
    let own = wanted;
    let number = this.#numbers.get(wanted) ?? 0;
    while (this.#numbers.has(own)) own = `${wanted}_${++number}`;
    this.#numbers.set(wanted, number);
    if (own !== wanted) this.#numbers.set(own, 0);
    return own;
  }
}
