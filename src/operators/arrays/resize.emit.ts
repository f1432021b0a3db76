// Resizing of any axes as ops.

import { Coordinates } from '../../../bindings/arrays.js';
import { ShapeError, ValueError } from '../../base/errors.js';
import {
  whole as count,
  finite,
  flag,
  oneOf,
  positive,
  required,
  type Words,
} from '../../base/options.js';
import { type Shape, show } from '../../base/shape.js';
import { anyAxes, axesIn, listOf } from './axes.js';
import type { AxisMap } from './axis.emit.js';

/** 'halfPixel' of the kernels' HalfPixel. */
const places = Object.keys(Coordinates).map(
  (word) => word[0].toLowerCase() + word.slice(1),
) as Uncapitalize<keyof typeof Coordinates>[];

const nearest = {
  roundPreferFloor: 'PreferFloor',
  roundPreferCeil: 'PreferCeil',
  floor: 'Floor',
  ceil: 'Ceil',
} as const;

/** New sizes of axes, in the words of ONNX's Resize. */
export interface Resizing {
  /** From 0 on, in ascending order. */
  axes: readonly number[];
  /** The new sizes of the axes. */
  sizes?: readonly number[];
  /**
   * One scale for all axes, with which each becomes at most as large as its size ('notLarger'), or at least
   * ('notSmaller'): by default each has its own.
   */
  aspect?: 'notLarger' | 'notSmaller';
  /** In place of sizes: how many times as large the axes become, rounded down. */
  scales?: readonly number[];
  /** 'nearest' by default. */
  mode?: 'nearest' | 'linear' | 'cubic';
  /** How an output's place becomes one of the input: 'halfPixel' by default. */
  coordinates?: Uncapitalize<keyof typeof Coordinates>;
  /** How 'nearest' rounds: 'roundPreferFloor' by default. */
  nearest?: keyof typeof nearest;
  /** −0.75 by default. */
  cubicCoefficient?: number;
  /** Whether places outside of the input have no share; by default they count as the nearest inside. */
  excludeOutside?: boolean;
  /** What 'tfCropAndResize' gives outside of the input: 0 by default. */
  extrapolation?: number;
  /** The part of each axis that 'tfCropAndResize' takes, as shares of it: starts, then ends. */
  roi?: readonly number[];
  /** Whether all numbers have a share when an axis becomes smaller: false by default. */
  antialias?: boolean;
}

/** The check of `Resizing`. */
export const resizingWords: Words = {
  ...required({ axes: anyAxes }),
  sizes: listOf(count(1), 'whole numbers ≥ 1'),
  scales: listOf(positive, 'numbers > 0'),
  aspect: oneOf('notLarger', 'notSmaller'),
  mode: oneOf('nearest', 'linear', 'cubic'),
  coordinates: oneOf(...places),
  nearest: oneOf(...Object.keys(nearest)),
  cubicCoefficient: finite,
  excludeOutside: flag,
  extrapolation: finite,
  roi: listOf(finite, 'numbers'),
  antialias: flag,
};

/** @throws {ValueError} for options that contradict each other */
export function checkResizing({ axes, sizes, scales, aspect, roi, coordinates }: Resizing): void {
  const given = sizes ?? scales;
  if (!given || (sizes && scales)) throw new ValueError(`needs either sizes or scales`);
  if (given.length !== axes.length)
    throw new ValueError(
      `needs one of ${sizes ? 'sizes' : 'scales'} for each of the axes ${show(axes)}, not ${show(given)}`,
    );
  if (aspect && scales) throw new ValueError(`aspect goes with sizes, not with scales`);
  if (coordinates === 'tfCropAndResize' && roi?.length !== 2 * axes.length)
    throw new ValueError(
      `coordinates 'tfCropAndResize' need a roi with a start and an end for each axis: ${2 * axes.length} numbers`,
    );
}

/** The scales and sizes of axes of these sides. Sizes alone say their scales. */
function extentOf(
  sides: Shape,
  { sizes, scales = [], aspect }: Resizing,
): { scales?: readonly number[]; sizes: readonly number[] } {
  if (!sizes) return { scales, sizes: sides.map((side, i) => Math.floor(side * scales[i])) };
  if (!aspect) return { sizes };
  const ratios = sizes.map((size, i) => size / sides[i]);
  const scale = aspect === 'notLarger' ? Math.min(...ratios) : Math.max(...ratios);
  return { scales: sides.map(() => scale), sizes: sides.map((side) => Math.round(side * scale)) };
}

/** The maps that resize an array of this shape. @throws {ShapeError} for axes that there are not, or nothing left */
export function resizingMaps(shape: Shape, options: Resizing): AxisMap[] {
  const { mode = 'nearest', roi, ...rest } = options;
  const own = axesIn(shape, rest.axes);
  const { length } = own;
  const { scales, sizes } = extentOf(
    own.map((axis) => shape[axis]),
    options,
  );
  return own.flatMap((axis, i): AxisMap[] => {
    const scale = scales?.[i];
    const outputs = sizes[i];
    if (outputs < 1)
      throw new ShapeError(`nothing of axis ${axis} of ${show(shape)} is left at scale ${scale}`);
    const part = roi && ([roi[i], roi[length + i]] as const);
    // Of these a size that stays says nothing.
    const moves = ['tfCropAndResize', 'tfHalfPixelForNn'].includes(rest.coordinates ?? '');
    if (outputs === shape[axis] && (scale ?? 1) === 1 && !moves) return [];
    const sampling =
      mode === 'nearest'
        ? nearest[rest.nearest ?? 'roundPreferFloor']
        : ({ linear: 'Linear', cubic: 'Cubic' } as const)[mode];
    return [
      {
        ...{ axis, outputs, sampling, scale, roi: part },
        coordinates: rest.coordinates,
        ...{ extrapolation: rest.extrapolation, excludes: rest.excludeOutside },
        ...{ coefficient: rest.cubicCoefficient ?? -0.75, antialias: rest.antialias },
      },
    ];
  });
}
