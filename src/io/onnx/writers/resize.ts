// Resize, of any axes.

import type { ResizeOptions } from '../../../operators/arrays/index.js';
import { channelsFirst, fileAxis, type Place } from './place.js';

/** ONNX's words: 'roundPreferFloor' is round_prefer_floor. */
const wordOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export function resize(at: Place): string {
  const options = at.options<ResizeOptions>();
  const { axes, sizes, scales, mode = 'nearest', coordinates = 'halfPixel', roi } = options;
  if (options.antialias) at.needs(18, 'antialias');
  if (coordinates === 'halfPixelSymmetric') at.needs(19, `coordinates '${coordinates}'`);
  const { shape, name } = at.x;
  if (options.aspect) at.needs(18, `aspect '${options.aspect}'`);
  /** A number for each of the file's axes after the batch: those that are not resized have another. */
  const spread = (values: readonly number[], others: readonly number[]): number[] => {
    const own = [...others];
    for (const [i, axis] of axes.entries()) own[axis < 0 ? axis + shape.length : axis] = values[i];
    return channelsFirst(own);
  };
  const every = (number: number): number[] => shape.map(() => number);
  const extent = options.aspect
    ? ['', at.ints(sizes as readonly number[])]
    : sizes
      ? ['', at.sides(at.x, spread(sizes, shape))]
      : [at.floats([shape.length + 1], [1, ...spread(scales as readonly number[], every(1))])];
  const whole = roi && [
    ...[0, ...spread(roi.slice(0, axes.length), every(0))],
    ...[1, ...spread(roi.slice(axes.length), every(1))],
  ];
  const region = options.aspect ? roi : whole;
  return at.node('Resize', [name, region ? at.floats([region.length], region) : '', ...extent], {
    mode,
    coordinate_transformation_mode: wordOf(coordinates),
    nearest_mode: wordOf(options.nearest ?? 'roundPreferFloor'),
    cubic_coeff_a: { float: options.cubicCoefficient ?? -0.75 },
    exclude_outside: Number(options.excludeOutside ?? false),
    extrapolation_value: { float: options.extrapolation ?? 0 },
    ...(options.antialias ? { antialias: 1 } : {}),
    ...(options.aspect
      ? {
          axes: axes.map((axis) => fileAxis(shape, axis)),
          keep_aspect_ratio_policy: wordOf(options.aspect),
        }
      : {}),
  });
}
