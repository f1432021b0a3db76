// What the module arrays exports: the core calls these for ops that it does not know. Like the core it owns nothing, and
// it has no static data either, which would lie over the core's.

import { Op } from '../core/op';
import { scratchOf, tasksOf } from './dispatch';

export { execute } from './dispatch';

/** Writes how many tasks the op has; returns how many bytes of scratch it needs beyond what all have. */
export function prepare(op: Op): usize {
  op.tasks = tasksOf(op);
  return scratchOf(op);
}
