// Notices by fingerprints whether numbers that the user may write to have changed.

import type { Backend } from '../../bindings/backend.js';
import { isCurrent } from '../../bindings/backend.js';
import { PRINTED } from '../../bindings/constants.js';
import type { Program } from '../../bindings/program.js';
import { asValue, Emitter } from '../program/emitter.js';
import { buildProgram } from '../program/plan.js';
import type { Tensor } from './tensor.js';

/** Watches the numbers of some tensors. */
export class Watch {
  readonly tensors: number;
  readonly #backend: Backend;
  readonly #address: number;
  readonly #program: Program;
  /** The fingerprints at the last call. */
  #seen: Int32Array | undefined;
  readonly #size: number;

  /** @throws {OutOfMemoryError} */
  constructor(backend: Backend, tensors: readonly Tensor[]) {
    this.#backend = backend;
    this.tensors = tensors.length;
    const e = new Emitter();
    const each = tensors.map(({ size }) => 2 * Math.ceil(size / PRINTED));
    const prints = e.value([each.reduce((sum, size) => sum + size)], 'int32');
    let at = 0;
    tensors.forEach((tensor, i) => {
      const x = asValue(tensor);
      e.emit('fingerprints', { prints: prints.view([each[i]], at), x, count: tensor.size });
      at += each[i];
    });
    this.#size = prints.size;
    this.#address = backend.memory.allocate(prints.bytes, 'scratch', 'fingerprints');
    prints.address = this.#address;
    try {
      this.#program = buildProgram(backend, e.ops);
    } catch (error) {
      backend.memory.free(this.#address);
      throw error;
    }
  }

  /** Whether any number has changed since the last call; true for the first call. */
  changed(): boolean {
    this.#program.run();
    const from = this.#address / 4;
    const now = this.#backend.memory.views.int32.slice(from, from + this.#size);
    const before = this.#seen;
    this.#seen = now;
    return before === undefined || now.some((print, i) => print !== before[i]);
  }

  /** Gives its memory back. */
  dispose(): void {
    this.#program.dispose();
    if (isCurrent(this.#backend)) this.#backend.memory.free(this.#address);
  }
}
