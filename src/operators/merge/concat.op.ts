// Concatenation along the last dimension, with its gradient.

import { ShapeError, ValueError } from '../../base/errors.js';
import { checkChannels, checkInteger, type Shape, sameShape, show } from '../../base/shape.js';
import { shown } from '../../base/shown.js';
import { argument, callOp, recipe, withoutOptions } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import { concatForward, concatBackward as emitBackward } from './concat.emit.js';

/**
 * Tensors side by side along their last dimension: [..., a], [..., b] → [..., a + b].
 *
 * @throws {ShapeError} unless all other dimensions are the same
 */
export const concat = withoutOptions('concat', (tensors: readonly Tensor[]): Tensor => {
  const [y] = callOp('concat', [tensors], () => {
    if (!Array.isArray(tensors) || tensors.length === 0) {
      throw new ValueError(`expected a list of at least one tensor, not ${shown(tensors)}`);
    }
    const values = [...tensors].map((tensor, i) => argument(`tensor ${i}`, tensor));
    const [first] = tensors;
    const channels = tensors.map(({ shape }, i) => {
      const own = checkChannels(shape);
      if (sameShape(shape.slice(0, -1), first.shape.slice(0, -1))) return own;
      throw new ShapeError(
        `only the last dimensions may differ, but tensor 0 is ${show(first.shape)} and tensor ${i} is ${show(shape)}`,
      );
    });
    return recipe([withChannels(first.shape, sum(channels))], (e, vy) =>
      concatForward(e, vy, values),
    );
  });
  return y;
});

/**
 * The gradients of concat: dy cut along its last dimension. `channels` has the last dimension of each tensor that was
 * concatenated.
 */
export const concatBackward = withoutOptions(
  'concatBackward',
  (dy: Tensor, channels: readonly number[]): Tensor[] => {
    return callOp('concatBackward', [dy, channels], () => {
      const value = argument('dy', dy);
      if (!Array.isArray(channels))
        throw new ValueError(`channels must be a list of whole numbers, not ${shown(channels)}`);
      for (const own of channels) checkInteger('channels', own);
      if (sum(channels) !== checkChannels(dy.shape)) {
        throw new ShapeError(
          `dy ${show(dy.shape)} cannot be cut into ${channels.join(' + ')} channels`,
        );
      }
      const shapes = channels.map((own) => withChannels(dy.shape, own));
      return recipe(shapes, (e, ...dxs) => emitBackward(e, dxs, value));
    });
  },
);

const sum = (numbers: readonly number[]): number => numbers.reduce((all, own) => all + own, 0);

const withChannels = (shape: Shape, channels: number): Shape => [...shape.slice(0, -1), channels];
