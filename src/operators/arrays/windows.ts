// Windows over any number of axes: the check of their options, and where they lie along each axis.

import { ShapeError, ValueError } from '../../base/errors.js';
import { about } from '../../base/naming.js';
import { any, type Check, checkValue, type Words, whole } from '../../base/options.js';
import { placeWindows, type Rounding, rounding } from '../../base/shape.js';
import { shown } from '../../base/shown.js';

/** The spatial dimensions of a sample, by their number. */
export const spatial: Readonly<Record<number, readonly string[]>> = {
  1: ['steps'],
  2: ['height', 'width'],
  3: ['depth', 'height', 'width'],
};

/** A number for all axes, or one for each. */
export type Sides = number | readonly number[];

/** What is around the axes: nothing, what 'same' needs, as much everywhere, or [before, after] for each axis. */
export type Borders = 'valid' | 'same' | number | readonly (readonly [number, number])[];

/** How windows lie. */
export interface WindowOptions {
  /** From one window to the next. */
  strides?: Sides;
  /** 'valid' by default. */
  padding?: Borders;
  /** From one element of a window to the next: 1 by default. */
  dilation?: Sides;
}

/** A number, or one for each of `rank` axes. */
export const sides =
  (rank: number, least = 1): Check =>
  (value) => {
    const list = Array.isArray(value) ? value : [value];
    const fits = list === value ? list.length === rank : true;
    if (fits && [...list].every((one) => !whole(least)(one))) return undefined;
    return `a whole number ≥ ${least}, or ${rank} of them, for ${spatial[rank].join(', ')}`;
  };

/** The words of `WindowOptions`. */
export const windowWords = (rank: number): Words => ({
  ...{ strides: sides(rank), padding: any, dilation: sides(rank) },
});

/** One number for each axis. */
export const sidesOf = (rank: number, value: Sides): readonly number[] =>
  typeof value === 'number' ? Array<number>(rank).fill(value) : value;

/** [before, after] for each axis, or 'same'. @throws {ValueError} */
export function checkBorders(
  rank: number,
  padding: Borders,
): 'same' | readonly (readonly [number, number])[] {
  if (padding === 'same') return padding;
  const number = padding === 'valid' ? 0 : padding;
  if (typeof number === 'number' && !whole(0)(number)) return Array(rank).fill([number, number]);
  const isSide = (one: unknown): boolean => whole(0)(one) === undefined;
  const isPair = (one: unknown): boolean =>
    Array.isArray(one) && one.length === 2 && [...one].every(isSide);
  if (Array.isArray(number) && number.length === rank && [...number].every(isPair))
    return number as readonly (readonly [number, number])[];
  throw new ValueError(
    `padding must be 'valid', 'same', a whole number ≥ 0 or [before, after] for each of ${spatial[rank].join(', ')}, not ${shown(padding)}`,
  );
}

/** Windows along one axis. */
export interface AxisWindows {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  /** What padding there is after the last element. */
  readonly after: number;
  readonly outputs: number;
}

/** Where windows lie along each axis. @throws {ShapeError} where a window is larger than the padded axis */
export function placeAxes(
  sizes: readonly number[],
  kernelSize: Sides,
  options: WindowOptions & { readonly dimRoundingMode?: Rounding },
): AxisWindows[] {
  const rank = sizes.length;
  const { dimRoundingMode = 'floor' } = options;
  checkValue('dimRoundingMode', dimRoundingMode, rounding);
  const kernels = sidesOf(rank, kernelSize);
  const strides = sidesOf(rank, options.strides ?? 1);
  const dilations = sidesOf(rank, options.dilation ?? 1);
  const borders = checkBorders(rank, options.padding ?? 'valid');
  return sizes.map((side, i) => {
    const [kernel, stride, dilation] = [kernels[i], strides[i], dilations[i]];
    const own = borders === 'same' ? borders : ([[0, 0], borders[i]] as const);
    const placed = about(spatial[rank][i], () =>
      placeWindows(
        1,
        side,
        {
          ...{ kernelSize: [1, kernel], strides: [1, stride], dilation: [1, dilation] },
          ...{ padding: own, dimRoundingMode },
        },
        false,
      ),
    );
    const { padLeft: before, outputWidth: outputs } = placed;
    const seen = (outputs - 1) * stride + (kernel - 1) * dilation + 1;
    const after = borders === 'same' ? Math.max(0, seen - side - before) : borders[i][1];
    return { kernel, stride, dilation, before, after, outputs };
  });
}

/** @throws {ShapeError} where a window holds nothing but padding */
export function checkFilled(sizes: readonly number[], windows: readonly AxisWindows[]): void {
  windows.forEach(({ kernel, stride, dilation, before, outputs }, i) => {
    const isInside = (o: number): boolean =>
      Array.from({ length: kernel }, (_, k) => o * stride + k * dilation - before).some(
        (at) => at >= 0 && at < sizes[i],
      );
    const empty = Array.from({ length: outputs }, (_, o) => o).find((o) => !isInside(o));
    if (empty === undefined) return;
    throw new ShapeError(
      `window ${empty} of ${spatial[sizes.length][i]} holds nothing but padding: use less padding or dilation`,
    );
  });
}
