// Products, element by element and of an image with a gate, with their gradients.

import { argument, callOp, expectShape, recipe, withoutOptions } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import * as multiplying from './multiply.emit.js';

function factors(a: Tensor, b: Tensor) {
  const values = [argument('a', a), argument('b', b)] as const;
  multiplying.checkFactors(a.shape, b.shape);
  return values;
}

/**
 * a·b. Both have one shape; or a is [batch, …, channels] and b a gate, which multiplies each channel of an image by one
 * number: [batch, channels] or [batch, 1, 1, channels].
 *
 * @returns a's shape
 */
export const multiply = withoutOptions('multiply', (a: Tensor, b: Tensor): Tensor => {
  const [y] = callOp('multiply', [a, b], () => {
    const [va, vb] = factors(a, b);
    return recipe([a.shape], (e, vy) => multiplying.multiplyForward(e, vy, va, vb));
  });
  return y;
});

/** The gradients of multiply: da = dy·b; db = dy·a, of a gate summed over the image. dy has a's shape. */
export const multiplyBackward = withoutOptions(
  'multiplyBackward',
  (a: Tensor, b: Tensor, dy: Tensor): { da: Tensor; db: Tensor } => {
    const [da, db] = callOp('multiplyBackward', [a, b, dy], () => {
      const [va, vb] = factors(a, b);
      const vdy = argument('dy', dy);
      expectShape('dy', dy, a.shape);
      return recipe([a.shape, b.shape], (e, da, db) =>
        multiplying.multiplyBackward(e, { da, db }, vdy, va, vb),
      );
    });
    return { da, db };
  },
);
