// Running sums, and rows of a weight.

import type { CumSumOptions } from '../../../operators/arrays/index.js';
import { DataType } from '../proto.js';
import { fileAxis, type Place } from './place.js';

export function cumSum(at: Place): string {
  const { axis, exclusive = false, reverse = false } = at.options<CumSumOptions>();
  return at.node('CumSum', [at.x.name, at.ints([fileAxis(at.x.shape, axis)])], {
    exclusive: Number(exclusive),
    reverse: Number(reverse),
  });
}

/** Their numbers come in our order, and so do the rows. */
export function embedding(at: Place): string {
  const rows = at.node('Cast', [at.ours(at.x)], { to: DataType.int64 });
  return at.theirs(at.node('Gather', [at.weight('table'), rows]), at.shape);
}
