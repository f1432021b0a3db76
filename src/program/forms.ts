// Forms: what weights are turned into before they are multiplied with, packed or transformed. While the
// weights stay the same, so do their forms: a prediction after the first makes none.

import type { Backend } from '../../bindings/backend.js';
import { isCurrent } from '../../bindings/backend.js';
import { kernels } from '../../bindings/kernels.js';
import type { Program } from '../../bindings/program.js';
import { type Form, Value } from './emitter.js';
import { buildProgram } from './plan.js';
import { offerSpare, withdrawSpare } from './spare.js';

interface Kept {
  readonly address: number;
  readonly program: Program;
  /** The weights' version when it was made. */
  version: number | undefined;
}

function make(kept: Kept, version: number): void {
  if (kept.version === version) return;
  kept.program.run();
  kept.version = version;
}

/** Forms with memory of their own. */
export class FormStore {
  readonly #backend: Backend;
  readonly #kept = new Map<string, Kept>();
  /** The same by form: to make a key takes microseconds. */
  readonly #placed = new WeakMap<Form, Kept>();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Lets its forms be dropped where memory is short. */
  offer(): void {
    offerSpare(this.#backend, this);
  }

  /** Gives a form its address: the same one in all programs that have this form. @throws {OutOfMemoryError} */
  keep(form: Form, key = keyOf(form)): void {
    const known = this.#kept.get(key);
    if (known) {
      form.value.address = known.address;
      this.#placed.set(form, known);
      return;
    }
    const { memory } = this.#backend;
    const address = memory.allocate(form.value.bytes, 'scratch', 'prepared weights');
    form.value.address = address;
    try {
      const kept = { address, program: buildProgram(this.#backend, form.ops), version: undefined };
      this.#kept.set(key, kept);
      this.#placed.set(form, kept);
    } catch (error) {
      memory.free(address);
      throw error;
    }
  }

  /** The address of the form of this key, made again unless it is of this version; undefined where there is none. */
  at(key: string, version: number): number | undefined {
    const kept = this.#kept.get(key);
    if (kept) make(kept, version);
    return kept?.address;
  }

  /** Makes a form that is kept again, unless it is of this version. */
  refresh(form: Form, version: number): void {
    make(this.#placed.get(form) as Kept, version);
  }

  /** Gives all memory back. */
  dispose(): void {
    for (const { address, program } of this.#kept.values()) {
      program.dispose();
      if (isCurrent(this.#backend)) this.#backend.memory.free(address);
    }
    this.#kept.clear();
    withdrawSpare(this.#backend, this);
  }
}

/** What distinguishes forms: their weights and their ops. */
export const keyOf = (form: Form): string => `${form.source.root.resolve()} ${ownKeyOf(form)}`;

/** What distinguishes forms of the same weights: their ops. */
export function ownKeyOf({ value, source, ops }: Form): string {
  let key = '';
  for (const { kernel, args } of ops) {
    key += kernel;
    const all = args as Readonly<Record<string, Value | number>>;
    for (const [name] of kernels[kernel].fields) {
      const part = all[name];
      if (!(part instanceof Value)) key += ` ${part}`;
      else if (part.root === value) key += ` form+${part.offset}`;
      else if (part.root === source.root) key += ` source+${part.offset}`;
      else key += ` @${part.resolve()}`;
    }
  }
  return key;
}
