// Layers that move pixels or give numbers another shape: padding, upsampling, flatten, reshape.

import { sameShape } from '../../../base/shape.js';
import { padGeometry } from '../../../operators/spatial/pad.emit.js';
import type { Padding2dOptions } from '../../../operators/spatial/padding.layer.js';
import {
  type UpsamplingOptions,
  upsamplingGeometry,
} from '../../../operators/spatial/upsample.emit.js';
import { channelsFirst, type LayerWriter, moves, type Place } from './place.js';
import { asBatch, padded } from './windows.js';

export const padding =
  (mode: 'constant' | 'reflect'): LayerWriter =>
  (at) => {
    const { padding = 1 } = at.options<Padding2dOptions>();
    return padded(at, at.x.name, padGeometry(asBatch(at.x.shape), { padding }), mode);
  };

/** 'nearest' repeats pixels; 'bilinear' draws lines between their centres. */
export function upsampling(at: Place): string {
  const { size, interpolation } = at.options<UpsamplingOptions>();
  const g = upsamplingGeometry(asBatch(at.x.shape), { size, interpolation });
  const scales = at.floats([4], [1, 1, g.factorHeight, g.factorWidth]);
  return at.node(
    'Resize',
    [at.x.name, '', scales],
    g.bilinear
      ? { mode: 'linear', coordinate_transformation_mode: 'half_pixel' }
      : { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
  );
}

/** The same numbers in our order, in which channels come last. An image that is flattened for dense layers stays as it is. */
export function reshape(at: Place): string {
  const { name, shape } = at.x;
  if (sameShape(shape, at.shape)) return name;
  const stays = at.image !== undefined || !moves(shape);
  const x = stays ? name : at.ours(at.x);
  if (at.shape.length === 1) return at.node('Flatten', [x], { axis: 1 });
  if (!moves(at.shape)) return at.reshape(x, channelsFirst(at.shape));
  return at.theirs(at.reshape(x, at.shape), at.shape);
}
