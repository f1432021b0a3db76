// What is kept for speed alone, and made again at need: it gives way where memory is short.

import { type Backend, backend } from '../../bindings/backend.js';

/** Something that can be done without, and gives all of its memory back. */
export interface Spare {
  dispose(): void;
}

/** By backend, so that none outlives `dispose()` by it. */
const kept = new WeakMap<Backend, Set<Spare>>();
/** Set while an op runs that uses some of it. */
let inUse = false;

/** Lets `spare` give way to whatever else needs memory. */
export function offerSpare(owner: Backend, spare: Spare): void {
  const own = kept.get(owner);
  if (own) {
    own.add(spare);
    return;
  }
  kept.set(owner, new Set([spare]));
  owner.memory.onShortage = () => dropSpare(owner);
}

/** Takes back what `offerSpare` said: it is gone. */
export function withdrawSpare(owner: Backend, spare: Spare): void {
  kept.get(owner)?.delete(spare);
}

/** Gives back all of it; false where there is nothing, or some is in use. */
export function dropSpare(owner = backend()): boolean {
  const own = kept.get(owner);
  if (inUse || !own?.size) return false;
  for (const spare of [...own]) spare.dispose();
  own.clear();
  return true;
}

/** Runs `body`, during which nothing may be dropped. */
export function usingSpare<T>(body: () => T): T {
  inUse = true;
  try {
    return body();
  } finally {
    inUse = false;
  }
}
