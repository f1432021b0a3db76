// Programs of eager ops are kept: a call like an earlier one runs the same program over its own buffers.

import type { Backend } from '../../bindings/backend.js';
import type { Program } from '../../bindings/program.js';
import type { Shape } from '../base/shape.js';
import { type Emitter, usesOf, type Value } from './emitter.js';
import { Arena, assignAddresses, buildProgram, planMemory } from './plan.js';
import { offerSpare, withdrawSpare } from './spare.js';

/** Programs that are kept, and ops of all of them (128 bytes each): enough for those of a large network. */
const MOST_CALLS = 1024;
const MOST_OPS = 8192;
/** An op with a longer program, or more scratch, takes so long that the time to make its program does not matter. */
const LONGEST = 64;
const MOST_SCRATCH = 16 << 20;

/** What distinguishes calls: the op, its tensors' shapes, and all options. */
export interface Signature {
  readonly hash: number;
  readonly parts: readonly unknown[];
}

/** What calls of one signature have in common. */
interface Known {
  readonly shapes: readonly Shape[];
  /** For each form which of the call's tensors it is made of, and its key: see `ownKeyOf`. */
  readonly forms: readonly { readonly source: number; readonly key: string }[];
  /** The program that makes its forms itself, and the one for forms that are kept. */
  readonly whole?: Unbound;
  readonly apart?: Unbound;
}

/** The number of any root that is planned. */
const SCRATCH = -1;

/** A program whose buffers are given in each run. */
interface Unbound {
  readonly program: Program;
  /** For each buffer of its ops: the number of its root, or SCRATCH, and its bytes from the root's beginning. */
  readonly roots: readonly number[];
  readonly offsets: readonly number[];
  /** Bytes of scratch. */
  readonly scratch: number;
}

const caches = new WeakMap<Backend, CallCache>();

/** The cache of the backend. */
export function callCache(backend: Backend): CallCache {
  const known = caches.get(backend);
  if (known) return known;
  const cache = new CallCache(backend);
  caches.set(backend, cache);
  return cache;
}

/** What is known of calls, by their hash, the latest last; and the scratch that their programs share. */
class CallCache {
  readonly #backend: Backend;
  readonly #arena: Arena;
  readonly #calls = new Map<number, Known & { readonly parts: readonly unknown[] }>();
  /** The hash of the last of them. */
  #latest: number | undefined;
  #ops = 0;
  /** One list for all runs. */
  readonly #addresses: number[] = [];

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#arena = new Arena(backend, 'the scratch of an op', 'scratch');
  }

  /** What is known of calls like this one. */
  find({ hash, parts }: Signature): Known | undefined {
    const known = this.#calls.get(hash);
    if (!known || !isSame(known.parts, parts)) return undefined;
    if (hash !== this.#latest) {
      this.#calls.delete(hash);
      this.#calls.set(hash, known);
      this.#latest = hash;
    }
    return known;
  }

  /** Keeps what is new of calls like this one. Where that is too much, those that were used longest ago are forgotten. */
  keep(call: Signature, news: Known): void {
    const before = this.find(call);
    // Another call may have the same hash.
    if (!before) this.#forget(call.hash);
    this.#calls.set(call.hash, { ...before, ...news, parts: call.parts });
    this.#latest = call.hash;
    this.#ops += opsOf(news);
    offerSpare(this.#backend, this);
    for (const hash of this.#calls.keys()) {
      if (this.#calls.size <= MOST_CALLS && this.#ops <= MOST_OPS) return;
      this.#forget(hash);
    }
  }

  /**
   * Makes the program of an op, if it is worth keeping.
   *
   * @param numberOf the number of a root whose address is given in each run; negative for others
   * @throws {OutOfMemoryError}
   */
  build(e: Emitter, numberOf: (root: Value) => number): Unbound | undefined {
    const plan = planMemory(e);
    if (e.ops.length > LONGEST || plan.bytes > MOST_SCRATCH) return undefined;
    const roots: number[] = [];
    const offsets: number[] = [];
    for (const { value } of e.ops.flatMap(usesOf)) {
      const planned = plan.offsets.get(value.root);
      const number = planned === undefined ? numberOf(value.root) : SCRATCH;
      if (number < 0 && planned === undefined) return undefined;
      roots.push(number);
      offsets.push(value.offset + (planned ?? 0));
    }
    // Any address will do until it runs.
    assignAddresses(plan, 0);
    const program = buildProgram(this.#backend, e.ops);
    return { program, roots, offsets, scratch: plan.offsets.size ? plan.bytes : 0 };
  }

  /** Runs a program over the buffers at `bases`, by the numbers of their roots. @throws {OutOfMemoryError} */
  run({ program, roots, offsets, scratch }: Unbound, bases: readonly number[]): void {
    if (this.#arena.bytes < scratch) this.#arena.reserve(scratch);
    const addresses = this.#addresses;
    addresses.length = roots.length;
    for (let i = 0; i < roots.length; i++) {
      const base = roots[i] === SCRATCH ? this.#arena.address : bases[roots[i]];
      addresses[i] = base + offsets[i];
    }
    program.rebind(addresses);
    program.run();
  }

  #forget(hash: number): void {
    const known = this.#calls.get(hash);
    if (!known) return;
    this.#calls.delete(hash);
    this.#ops -= opsOf(known);
    known.whole?.program.dispose();
    known.apart?.program.dispose();
  }

  /** Gives all memory back: see `Spare`. */
  dispose(): void {
    for (const hash of [...this.#calls.keys()]) this.#forget(hash);
    this.#arena.dispose();
    withdrawSpare(this.#backend, this);
  }
}

const opsOf = ({ whole, apart }: Known): number =>
  (whole?.program.length ?? 0) + (apart?.program.length ?? 0);

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
