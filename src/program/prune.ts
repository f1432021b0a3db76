// Ops that a program can do without: those whose results no later op reads, and nobody wants at the end.

import { type EmittedOp, type Emitter, usesOf, type Value } from './emitter.js';

/** Removes such ops. What has an address already, such as a weight, is wanted. */
export function prune({ ops, outputs }: Emitter): void {
  const wanted = new Set<Value>(outputs);
  const kept: EmittedOp[] = [];
  for (let i = ops.length - 1; i >= 0; i--) {
    const uses = usesOf(ops[i]);
    const isWanted = uses.some(
      ({ value: { root }, type }) =>
        type !== 'in' && (root.address !== undefined || wanted.has(root)),
    );
    if (!isWanted) continue;
    kept.push(ops[i]);
    // What it only writes stays wanted too: perhaps it writes only a part of that.
    for (const { value } of uses) wanted.add(value.root);
  }
  ops.length = 0;
  for (const op of kept.reverse()) ops.push(op);
}
