// What is kept for speed alone and can be made again: it is dropped where memory is short.

import { type Backend, type BackendInfo, backend } from '../../bindings/backend.js';

/** Something that can be dropped: `dispose` gives all its memory back. */
export interface Spare {
  dispose(): void;
}

/** What is kept, and what the engine was like when it was made. */
interface Kept {
  readonly spares: Set<Spare>;
  info: BackendInfo;
}

/** By backend: when that ends, its spares are forgotten too. */
const kept = new WeakMap<Backend, Kept>();
/** Set while an op runs that uses some of it. */
let inUse = false;

/** Lets `spare` be dropped where memory is short. */
export function offerSpare(owner: Backend, spare: Spare): void {
  const own = kept.get(owner);
  if (own) {
    own.spares.add(spare);
    return;
  }
  kept.set(owner, { spares: new Set([spare]), info: owner.info });
  owner.memory.onShortage = () => dropSpare(owner);
}

/** Takes `spare` out again: its memory has been given back. */
export function withdrawSpare(owner: Backend, spare: Spare): void {
  kept.get(owner)?.spares.delete(spare);
}

/** Drops all of it; false where there is nothing, or some is in use. */
export function dropSpare(owner = backend()): boolean {
  const spares = kept.get(owner)?.spares;
  if (inUse || !spares?.size) return false;
  for (const spare of [...spares]) spare.dispose();
  spares.clear();
  return true;
}

/**
 * Runs `body`, during which nothing may be dropped. It finds what was made for the register tile and the threads of
 * now alone: what was made for others, programs or packed weights, computes wrong numbers, or slowly.
 */
export function usingSpare<T>(body: () => T): T {
  const { info } = backend();
  const own = kept.get(backend());
  if (own && own.info !== info) {
    dropSpare();
    own.info = info;
  }
  inUse = true;
  try {
    return body();
  } finally {
    inUse = false;
  }
}
