// Refuses batches that are too small for batch norm.

import { ValueError } from '../base/errors.js';
import { sizeOf } from '../base/shape.js';
import type { Graph } from '../network/graph.js';

/**
 * A batch norm that learns needs at least two values for each channel. The variance of one value is 0: then the output
 * is beta for any input, and the running variance falls towards 0. PyTorch refuses it too.
 *
 * @throws {ValueError} if a batch of one sample has one value for each channel
 */
export function checkStatistics({ nodes }: Graph): void {
  for (const { layer, shape } of nodes) {
    if (layer.type !== 'batchNorm' || !layer.trainable) continue;
    if (sizeOf(shape) > (shape.at(-1) as number)) continue;
    throw new ValueError(
      `'${layer.name}' expects more than 1 value per channel, but a batch of one sample has one: choose another batchSize, or set its trainable to false`,
    );
  }
}
