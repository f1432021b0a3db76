// What a program need not do: ops that write nothing which is read later or wanted after the last of them.

import { type EmittedOp, type Emitter, usesOf, type Value } from './emitter.js';

/** Takes such ops out. What has an address of its own, such as a weight, is wanted. */
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
    // What it only writes stays wanted too: it may write a part of it.
    for (const { value } of uses) wanted.add(value.root);
  }
  ops.length = 0;
  for (const op of kept.reverse()) ops.push(op);
}
