// More numbers before and after each axis, or fewer, as ops.

import { ShapeError } from '../../base/errors.js';
import {
  type Check,
  whole as count,
  finite,
  oneOf,
  required,
  type Words,
} from '../../base/options.js';
import { type Shape, show } from '../../base/shape.js';
import type { Emitter, Value } from '../../program/emitter.js';
import { listOf } from './axes.js';
import { type AxisMap, mapAxesBackwardTo, mapAxesTo, mappedShape } from './axis.emit.js';
import { copyStrided, fillWith, offsetOf, type Strided, whole } from './strides.emit.js';

/** What is put before and after. */
export interface Borders {
  /** [before, after] for each axis; negative numbers take as many away. */
  padding: readonly (readonly [number, number])[];
  /** What is put there: 'constant' (the default), the reflection at the outermost numbers, those, or the other end. */
  mode?: 'constant' | 'reflect' | 'edge' | 'wrap';
  /** The constant: 0 by default. */
  value?: number;
}

const both = count(-(2 ** 31), 2 ** 31 - 1);
const pairs: Check = listOf(
  (value) =>
    Array.isArray(value) && value.length === 2 && !value.some((one) => both(one)) ? undefined : '',
  '[before, after] for each axis',
);

/** The check of `Borders`. */
export const bordersWords: Words = {
  ...required({ padding: pairs }),
  mode: oneOf('constant', 'reflect', 'edge', 'wrap'),
  value: finite,
};

/** The maps that make borders of the numbers inside. @throws {ShapeError} for other axes, or where nothing is left */
function bordersMaps(shape: Shape, { padding, mode = 'constant' }: Borders): AxisMap[] {
  if (padding.length !== shape.length)
    throw new ShapeError(
      `padding must have [before, after] for each of the dimensions ${show(shape)}, not for ${padding.length}`,
    );
  const sampling = { constant: 'Edge', edge: 'Edge', reflect: 'Reflect', wrap: 'Wrap' } as const;
  return padding.flatMap(([before, after], axis): AxisMap[] => {
    const outputs = shape[axis] + before + after;
    if (outputs < 1)
      throw new ShapeError(`padding ${show([before, after])} leaves nothing of ${shape[axis]}`);
    if (before === 0 && after === 0) return [];
    const least = Math.min(before, after);
    if (mode !== 'wrap' || least >= 0) return [{ axis, outputs, sampling: sampling[mode], before }];
    // The other end is that of what is left.
    const cut = Math.min(0, before);
    const left = shape[axis] + cut + Math.min(0, after);
    return [
      { axis, outputs: left, sampling: 'Edge', before: cut },
      { axis, outputs, sampling: 'Wrap', before: before - cut },
    ];
  });
}

/** The shape with its borders. @throws {ShapeError} for borders of other axes, or where nothing is left */
export const borderedShape = (shape: Shape, borders: Borders): Shape =>
  bordersMaps(shape, borders).reduce(mappedShape, shape);

const isConstant = ({ mode = 'constant' }: Borders): boolean => mode === 'constant';

/** What x and its padded form have in common: its shape, and where it is in either. */
function common({ padding }: Borders, x: Value, y: Value) {
  const shape = padding.map(
    ([before, after], i) => x.shape[i] + Math.min(0, before) + Math.min(0, after),
  );
  const part = (value: Value, begin: readonly number[]): Strided => ({
    ...whole(value),
    offset: offsetOf(value.shape, begin),
  });
  const ofX = padding.map(([before]) => Math.max(0, -before));
  const ofY = padding.map(([before]) => Math.max(0, before));
  return { shape: shape.map((side) => Math.max(0, side)), ofX: part(x, ofX), ofY: part(y, ofY) };
}

/** y = x with its borders. */
export function padForward(e: Emitter, y: Value, x: Value, borders: Borders): void {
  if (!isConstant(borders)) {
    mapAxesTo(e, y, x, bordersMaps(x.shape, borders));
    return;
  }
  const { shape, ofX, ofY } = common(borders, x, y);
  if (borders.padding.some(([before, after]) => before > 0 || after > 0))
    fillWith(e, y, borders.value ?? 0);
  copyStrided(e, ofY, ofX, shape);
}

/** dx: what came from the numbers inside adds to theirs. */
export function padBackward(e: Emitter, dx: Value, dy: Value, borders: Borders): void {
  if (!isConstant(borders)) {
    mapAxesBackwardTo(e, dx, dy, bordersMaps(dx.shape, borders));
    return;
  }
  const { shape, ofX, ofY } = common(borders, dx, dy);
  if (borders.padding.some(([before, after]) => before < 0 || after < 0)) fillWith(e, dx, 0);
  copyStrided(e, ofX, ofY, shape);
}
