// Gradients that backward has found and not yet used. Those of one tensor are added up. Several tensors may share one
// buffer, as the summands of an addition do: only the last reader may overwrite it.

import type { SymbolicTensor } from '../network/layer.js';
import type { Emitter, Value } from '../program/emitter.js';

/** The gradients that wait for their tensor's turn. */
export class Pending {
  readonly #emitter: Emitter;
  readonly #gradients = new Map<SymbolicTensor, Value>();
  /** How many holds there are on each buffer: by waiting gradients, and by who works with it. */
  readonly #holds = new Map<Value, number>();

  constructor(emitter: Emitter) {
    this.#emitter = emitter;
  }

  /** Marks a buffer as one that will be read again. */
  hold({ root }: Value): void {
    this.#holds.set(root, (this.#holds.get(root) ?? 0) + 1);
  }

  /** Takes that back. */
  release({ root }: Value): void {
    this.#holds.set(root, (this.#holds.get(root) as number) - 1);
  }

  /** Whether nobody but the caller reads a buffer again. */
  #isExclusive({ root }: Value): boolean {
    return (this.#holds.get(root) ?? 0) <= 1;
  }

  /** The buffer itself where nobody else reads it again, else a new one like it. */
  into(dy: Value): Value {
    return this.#isExclusive(dy) ? dy : this.#emitter.value(dy.shape);
  }

  /** Gives gradients to tensors. */
  give(gradients: readonly (readonly [SymbolicTensor, Value])[]): void {
    for (const [, dx] of gradients) this.hold(dx);
    for (const [x, dx] of gradients) {
      const found = this.#gradients.get(x);
      this.#gradients.set(x, found ? this.#sum(found, dx) : dx);
    }
  }

  #sum(a: Value, b: Value): Value {
    const y = [a, b].find((one) => this.#isExclusive(one)) ?? this.#emitter.value(a.shape);
    this.#emitter.emit('add', { y, a, b, count: y.size });
    this.hold(y);
    this.release(a);
    this.release(b);
    return y;
  }

  /** Takes a tensor's gradient out, if one has been found; the hold on its buffer stays. */
  take(x: SymbolicTensor): Value | undefined {
    const dx = this.#gradients.get(x);
    this.#gradients.delete(x);
    return dx;
  }
}
