// Which weights have regularizers that count.

import type { Layer } from '../network/layer.js';
import type { Regularizer } from '../network/regularizer.js';

/** The weights with regularizers of all layers that learn, in order (Keras: of trainable weights alone). */
export function penalized(
  layers: readonly Layer[],
): { layer: Layer; name: string; regularizer: Regularizer }[] {
  return layers
    .filter(({ trainable }) => trainable)
    .flatMap((layer) =>
      layer.parameters.flatMap(({ name, trainable, regularizer }) =>
        trainable && regularizer ? [{ layer, name, regularizer }] : [],
      ),
    );
}
