// Linear maps along single axes as ops: resizing, borders, windows; and the maximum of windows.

import { Coordinates, Sampling } from '../../../bindings/arrays.js';
import { type Shape, sizeOf } from '../../base/shape.js';
import type { Emitter, Operand, Value } from '../../program/emitter.js';
import { copyStrided, emitOf, whole } from './strides.emit.js';

/** A map along one axis: how many numbers it makes there, and of which. */
export interface AxisMap {
  readonly axis: number;
  readonly outputs: number;
  readonly sampling: keyof typeof Sampling;
  /** 'halfPixel' by default. */
  readonly coordinates?: Uncapitalize<keyof typeof Coordinates>;
  /** Outputs for each input, where it is not their quotient. */
  readonly scale?: number;
  readonly roi?: readonly [number, number];
  readonly extrapolation?: number;
  readonly coefficient?: number;
  readonly excludes?: boolean;
  readonly antialias?: boolean;
  readonly before?: number;
  readonly after?: number;
  readonly kernel?: number;
  readonly stride?: number;
  readonly dilation?: number;
  /** What the shares of a window add up to 1 over, if at all. */
  readonly average?: 'inside' | 'padded';
}

/** The shape that a map makes of another. */
export const mappedShape = (shape: Shape, { axis, outputs }: AxisMap): Shape =>
  shape.map((side, i) => (i === axis ? outputs : side));

const capitalized = (word: string) =>
  (word[0].toUpperCase() + word.slice(1)) as keyof typeof Coordinates;

function fields(map: AxisMap, shape: Shape) {
  const { axis, outputs, sampling, coordinates = 'halfPixel', roi = [0, 1] } = map;
  return {
    ...{ outer: sizeOf(shape.slice(0, axis)), n: shape[axis], m: outputs },
    inner: sizeOf(shape.slice(axis + 1)),
    ...{ sampling: Sampling[sampling], coordinates: Coordinates[capitalized(coordinates)] },
    scale: map.scale ?? 0,
    ...{ roiStart: roi[0], roiEnd: roi[1], extrapolation: map.extrapolation ?? 0 },
    coefficient: map.coefficient ?? 0,
    excludes: map.excludes ? 1 : 0,
    antialias: map.antialias ? 1 : 0,
    ...{ before: map.before ?? 0, after: map.after ?? 0, kernel: map.kernel ?? 1 },
    ...{ stride: map.stride ?? 1, dilation: map.dilation ?? 1 },
    average: map.average ? (map.average === 'inside' ? 1 : 2) : 0,
  };
}

const mapAxis = (e: Emitter, y: Value, x: Value, map: AxisMap): void =>
  emitOf(e, 'axisMap', { y, x, ...fields(map, x.shape) });

const mapAxisBackward = (e: Emitter, dx: Value, dy: Value, map: AxisMap): void =>
  emitOf(e, 'axisMapBackward', { dx, dy, ...fields(map, dx.shape) });

/** The maps of x, one after the other; x itself where there are none. */
export function mapAxes(e: Emitter, x: Value, maps: readonly AxisMap[]): Value {
  return maps.reduce((from, map) => {
    const y = e.value(mappedShape(from.shape, map));
    mapAxis(e, y, from, map);
    return y;
  }, x);
}

/** y = the maps of x; a copy where there are none. */
export function mapAxesTo(e: Emitter, y: Value, x: Value, maps: readonly AxisMap[]): void {
  const last = maps.at(-1);
  if (last) mapAxis(e, y, mapAxes(e, x, maps.slice(0, -1)), last);
  else copyStrided(e, whole(y), whole(x), x.shape);
}

/** dx, of shape `shape`, of the maps that `mapAxes` took; dy itself where there are none. */
export function mapAxesBackward(
  e: Emitter,
  dy: Value,
  shape: Shape,
  maps: readonly AxisMap[],
): Value {
  if (maps.length === 0) return dy;
  const before = maps.slice(0, -1);
  const last = maps[maps.length - 1];
  const from = before.reduce(mappedShape, shape);
  const dx = e.value(from);
  mapAxisBackward(e, dx, dy, last);
  return mapAxesBackward(e, dx, shape, before);
}

/** dx of the maps that `mapAxesTo` took. */
export function mapAxesBackwardTo(
  e: Emitter,
  dx: Value,
  dy: Value,
  maps: readonly AxisMap[],
): void {
  const [first, ...others] = maps;
  if (first === undefined) copyStrided(e, whole(dx), whole(dy), dx.shape);
  else mapAxisBackward(e, dx, mapAxesBackward(e, dy, mappedShape(dx.shape, first), others), first);
}

/** y = the largest of each window of x; fills `choice`, where given, for backward. */
export function axisMaximum(e: Emitter, x: Value, map: AxisMap, choice: Operand): Value {
  const y = e.value(mappedShape(x.shape, map));
  emitOf(e, 'axisMaximum', { y, choice, x, ...fields(map, x.shape) });
  return y;
}

/** dx, of shape `shape`. */
export function axisMaximumBackward(
  e: Emitter,
  dy: Value,
  choice: Operand,
  shape: Shape,
  map: AxisMap,
): Value {
  const dx = e.value(shape);
  emitOf(e, 'axisMaximumBackward', { dx, dy, choice, ...fields(map, shape) });
  return dx;
}
