// One array or the other, number by number, as a third says, with the gradients.

import type { Shape } from '../../base/shape.js';
import type { Emitter, Value } from '../../program/emitter.js';
import { argument, expectShape, recipe, withoutOptions } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import { array, callArrays } from './call.js';
import { broadcastShape, combineArrays, throughWhole } from './combine.emit.js';
import { fillWith } from './strides.emit.js';

/** The three arrays, and the shape that they are broadcast to. */
function choice(condition: Tensor, a: Tensor, b: Tensor) {
  const values = [array('condition', condition), array('a', a), array('b', b)] as const;
  return { values, shape: [a, b].reduce(broadcast, condition.shape) };
}

const broadcast = (shape: Shape, { shape: other }: Tensor): Shape => broadcastShape(shape, other);

/** y = a where c is not 0, else b. */
const choose = (e: Emitter, y: Value, c: Value, a: Value, b: Value): void =>
  combineArrays(e, 'Select', y, b, a, { c });

/**
 * a where the condition is not 0, else b; NaN is not 0. What `combine` makes by comparing is a condition. The shapes are
 * broadcast to one, as `combine` does it. `await ops.useArrays()` first.
 */
export const select = withoutOptions(
  'select',
  (condition: Tensor, a: Tensor, b: Tensor): Tensor => {
    const [y] = callArrays('select', [condition, a, b], () => {
      const { values, shape } = choice(condition, a, b);
      return recipe([shape], (e, vy) => choose(e, vy, ...values));
    });
    return y;
  },
);

/** The gradients of select for a and b, each of the shape of its array: summed where that was repeated. */
export const selectBackward = withoutOptions(
  'selectBackward',
  (dy: Tensor, condition: Tensor, a: Tensor, b: Tensor): { da: Tensor; db: Tensor } => {
    const [da, db] = callArrays('selectBackward', [dy, condition, a, b], () => {
      const vdy = argument('dy', dy);
      const { values, shape } = choice(condition, a, b);
      const [c] = values;
      expectShape('dy', dy, shape);
      return recipe([a.shape, b.shape], (e, vda, vdb) => {
        const zero = e.value([1]);
        fillWith(e, zero, 0);
        throughWhole(e, vda, shape, (full) => choose(e, full, c, vdy, zero));
        throughWhole(e, vdb, shape, (full) => choose(e, full, c, zero, vdy));
      });
    });
    return { da, db };
  },
);
