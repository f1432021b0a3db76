// Finds where numbers ceased to be finite: runs a step again, op by op, until an op writes NaN or infinity.

import type { Backend } from '../../bindings/backend.js';
import type { Program } from '../../bindings/program.js';
import type { Lowered } from '../lowering/lower.js';
import type { Weight } from '../network/weight.js';
import { usesOf, type Value } from '../program/emitter.js';

/** Names the first op with such a result. The step's program must have its inputs, and zeros in all other buffers. */
export function firstNotFinite(
  { exports }: Backend,
  weights: readonly Weight[],
  program: Program,
  { emitter: { ops }, forward, backward }: Lowered,
): string {
  const spoilt = weights.find(
    ({ tensor: { address, size } }) => exports.allFinite(address, size) === 0,
  );
  if (spoilt) return `in the weight '${spoilt.name}'`;
  const holds = (value: Value): boolean => {
    const { root } = value;
    const floats = Math.min(value.size, (root.resolve() + root.bytes - value.resolve()) / 4);
    return exports.allFinite(value.resolve(), floats) !== 0;
  };
  for (let i = 0; i < backward; i++) {
    program.run(i, i + 1);
    const written = usesOf(ops[i]).filter(
      ({ value, type }) => type !== 'in' && value.dtype === 'float32',
    );
    if (written.every(({ value }) => holds(value))) continue;
    return `in ${i < forward ? 'the output' : 'the gradients'} of '${ops[i].layer}'`;
  }
  return 'in none when looked for again';
}
