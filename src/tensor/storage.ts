// The memory of tensors: shared by views, freed with the last of them, and the forms that are kept of its numbers.

import { type Backend, backend, isCurrent } from '../../bindings/backend.js';
import type { Form } from '../program/emitter.js';
import { FormStore, ownKeyOf } from '../program/forms.js';
import type { NumberArray } from './nested.js';

/** An allocation, and the forms that are kept of its numbers. */
interface Block {
  readonly backend: Backend;
  readonly address: number;
  forms: FormStore | undefined;
}

/** Memory that one or more tensors share; freed with the last of them. */
export class Storage {
  readonly backend: Backend;
  readonly address: number;
  readonly #floats: number;
  readonly #owned: boolean;
  readonly #block: Block;
  /** The keys of forms that were used at least once. */
  #asked: Set<string> | undefined;
  /** Whether the user has read `data`, and so may write to the numbers at any time. */
  exposed = false;
  #views = 0;
  #released = false;

  constructor(owner: Backend, address: number, floats: number, owned: boolean) {
    this.backend = owner;
    this.address = address;
    this.#floats = floats;
    this.#owned = owned;
    this.#block = { backend: owner, address, forms: undefined };
    if (owned) net.register(this, this.#block, this);
  }

  /**
   * Keeps a form of the numbers here, from its second use on: many filters are used only once. If others may write to
   * the numbers, their fingerprint says whether they have changed.
   *
   * @returns whether it is kept
   */
  keep(form: Form): boolean {
    const key = ownKeyOf(form);
    if (!this.#asked?.has(key)) {
      this.ask(key);
      return false;
    }
    this.#block.forms ??= new FormStore(this.backend);
    this.#block.forms.offer();
    this.#block.forms.keep(form, key);
    this.#block.forms.refresh(form, this.#version());
    return true;
  }

  /** Notes that a form was used once. */
  ask(key: string): void {
    this.#asked ??= new Set();
    this.#asked.add(key);
  }

  /** The address of an up-to-date form: 0 before its first use, undefined if none is kept. */
  formAt(key: string): number | undefined {
    if (!this.#asked?.has(key)) return 0;
    return this.#block.forms?.at(key, this.#version());
  }

  /** A number that changes if the numbers here may have changed. */
  #version(): number {
    const changes = this.exposed || !this.#owned;
    return changes ? this.backend.exports.fingerprint(this.address, this.#floats) : 0;
  }

  get alive(): boolean {
    return !this.#released && isCurrent(this.backend);
  }

  retain(): this {
    this.#views++;
    return this;
  }

  release(): void {
    if (--this.#views > 0 || this.#released) return;
    this.#released = true;
    this.#block.forms?.dispose();
    if (!this.#owned) return;
    net.unregister(this);
    free(this.#block);
  }

  /** Ends all tensors that share it: the model that owned the memory is disposed. */
  revoke(): void {
    this.#released = true;
    this.#block.forms?.dispose();
  }
}

function free({ backend: owner, address, forms }: Block): void {
  forms?.dispose();
  if (isCurrent(owner)) owner.memory.free(address);
}

/** Frees the memory of tensors that were collected and not disposed of: a safety net, not a plan. */
const net = new FinalizationRegistry(free);

/**
 * A function that returns the array, also after linear memory has grown: a tensor's `data` is then made anew.
 */
export function liveArray<A extends NumberArray>(data: A): () => A {
  const { memory } = backend().memory;
  if (data.buffer !== memory.buffer) return () => data;
  const View = data.constructor as new (buffer: ArrayBufferLike, at: number, length: number) => A;
  const { byteOffset, length } = data;
  let view = data;
  return () => {
    if (view.buffer !== memory.buffer) view = new View(memory.buffer, byteOffset, length);
    return view;
  };
}
