// Forms: what weights are turned into before they are multiplied with, packed or transformed. While the
// weights stay the same, so do their forms: a prediction after the first makes none.

import type { Backend } from '../../bindings/backend.js';
import { isCurrent } from '../../bindings/backend.js';
import type { Program } from '../../bindings/program.js';
import { type Form, Value } from './emitter.js';
import { buildProgram } from './plan.js';

interface Kept {
  readonly address: number;
  readonly program: Program;
  /** That of the weights it was made of. */
  version: number | undefined;
}

/** Stores whose forms are made again at need: they give way where memory is short. */
const spare = new Set<FormStore>();
/** Set while an op runs that has been given forms. */
let inUse = false;

/** Gives back the memory of all spare forms; false where there are none, or some are in use. */
export function dropSpareForms(): boolean {
  if (inUse || spare.size === 0) return false;
  for (const store of [...spare]) store.dispose();
  return true;
}

/** Runs `body`, during which no form may be dropped. */
export function usingForms<T>(body: () => T): T {
  inUse = true;
  try {
    return body();
  } finally {
    inUse = false;
  }
}

/** Forms with memory of their own. */
export class FormStore {
  readonly #backend: Backend;
  readonly #kept = new Map<string, Kept>();
  /** The same by the forms that were given a place: a key takes microseconds to write. */
  readonly #placed = new WeakMap<Form, Kept>();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Lets its forms give way to whatever else needs memory. */
  offer(): void {
    spare.add(this);
    this.#backend.memory.onShortage = dropSpareForms;
  }

  /** Gives a form its place: the same one for all programs that have this form. @throws {OutOfMemoryError} */
  place(form: Form): void {
    const key = keyOf(form);
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

  /** Makes a form that has its place, unless it is of this version already. */
  refresh(form: Form, version: number): void {
    const kept = this.#placed.get(form) as Kept;
    if (kept.version === version) return;
    kept.program.run();
    kept.version = version;
  }

  /** Gives all memory back. */
  dispose(): void {
    for (const { address, program } of this.#kept.values()) {
      program.dispose();
      if (isCurrent(this.#backend)) this.#backend.memory.free(address);
    }
    this.#kept.clear();
    spare.delete(this);
  }
}

/** What tells one form from another: its ops with the addresses of what they read. */
export function keyOf({ value, ops }: Form): string {
  return JSON.stringify(ops, (_, part) => {
    if (!(part instanceof Value)) return part;
    return part.root === value ? 'form' : part.resolve();
  });
}
