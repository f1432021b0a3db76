// Shapes: checks of them, and how many windows fit an image.

import { ShapeError, ValueError } from './errors.js';
import { type Check, checkValue, MOST, nearest, oneOf, whole } from './options.js';
import { shown } from './shown.js';

/** Sizes from the outermost dimension to the innermost; images are [height, width, channels]. */
export type Shape = readonly number[];

/** A number for both axes, or [height, width]. */
export type Pair = number | readonly [number, number];

/**
 * 'valid' adds nothing. 'same' makes ⌈side / stride⌉ outputs; an odd pixel is added at the bottom and right. Numbers
 * are pixels: for all sides, [vertical, horizontal], or [[top, bottom], [left, right]].
 */
export type Padding =
  | 'valid'
  | 'same'
  | number
  | readonly [number, number]
  | readonly [readonly [number, number], readonly [number, number]];

/** How the number of windows is rounded if they do not fit exactly: TF.js's word. */
export type Rounding = 'floor' | 'ceil';
/** The check of `Rounding`. */
export const rounding = oneOf('floor', 'ceil');

/** The most dimensions that a shape may have, as in NumPy. */
export const MOST_RANK = 64;

/** Numbers of four bytes in the 4 GiB that WebAssembly can address. */
const MOST_NUMBERS = 2 ** 30;

/** How many elements a shape has. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** '[28, 28, 1]', as messages show shapes. */
export function show(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((side, i) => side === b[i]);
}

/** @throws {ShapeError} unless every side is a whole number of at least `least` */
export function checkShape(shape: Shape, least = 0): Shape {
  const fits = (side: number): boolean => Number.isInteger(side) && side >= least && side <= MOST;
  // Spread, because `every` skips the holes of a sparse list.
  const isShape = (given: unknown): given is Shape =>
    Array.isArray(given) && given.length <= MOST_RANK && [...given].every(fits);
  if (isShape(shape)) return shape;
  const meant = meantBy(shape);
  const hint = isShape(meant) && meant.length > 0 ? ` (did you mean ${show(meant)}?)` : '';
  throw new ShapeError(`a shape is a list of whole numbers ≥ ${least}, not ${shown(shape)}${hint}`);
}

/** What may be a shape where none was given: of a single side, with the batch that is left open, in Keras's options. */
function meantBy(given: unknown): unknown {
  if (typeof given === 'number') return [given];
  if (Array.isArray(given)) return (given[0] ?? null) === null && given.slice(1);
  return (given as { shape?: unknown } | null)?.shape;
}

/**
 * Checks a shape's size. Called before anything is computed from the shape: a loop over an enormous size never ends.
 *
 * @throws {ShapeError} for more numbers than WebAssembly's memory can hold
 */
export function checkFits(shape: Shape): Shape {
  const numbers = sizeOf(shape);
  if (numbers <= MOST_NUMBERS) return shape;
  throw new ShapeError(
    `${show(shape)} are ${numbers} numbers, but WebAssembly's memory, 4 GiB, holds ${MOST_NUMBERS}: use smaller sizes`,
  );
}

/**
 * @throws {ShapeError} unless the shape has the dimensions that `names` lists, each at least `least`, and
 *   no more numbers than memory can hold
 */
export function checkRank(shape: Shape, names: readonly string[], least = 1): void {
  if (checkShape(shape).length !== names.length) {
    throw new ShapeError(
      `expected ${names.length} dimensions [${names.join(', ')}], received ${shape.length}: ${show(shape)}`,
    );
  }
  if (!shape.every((side) => side >= least)) {
    throw new ShapeError(
      `every dimension of [${names.join(', ')}] must be at least ${least}, but the shape is ${show(shape)}`,
    );
  }
  checkFits(shape);
}

/** The last dimension of [..., channels]. @throws {ShapeError} unless there is one and it is not empty */
export function checkChannels(shape: Shape): number {
  const channels = checkShape(shape).at(-1);
  if (channels) return channels;
  throw new ShapeError(`expected [..., channels], received ${show(shape)}`);
}

/** @throws {ValueError} unless `value` is a whole number of at least `least` */
export function checkInteger(name: string, value: number, least = 1): number {
  checkValue(name, value, whole(least));
  return value;
}

/** A whole number of at least `least`, or two of them. */
export const pair =
  (least = 1): Check =>
  (value) => {
    const both = typeof value === 'number' ? [value] : value;
    if (!Array.isArray(both) || (value === both && both.length !== 2))
      return 'a number or [height, width]';
    return both.map(whole(least)).find(Boolean);
  };

/** Both numbers of a pair, checked. */
export function pairOf(name: string, value: Pair, least = 1): [number, number] {
  checkValue(name, value, pair(least));
  return typeof value === 'number' ? [value, value] : [...value];
}

/** Where windows are on an image, all in pixels, and how many there are. */
export interface Windows {
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
}

/** The options that place windows. */
export interface WindowOptions {
  /** Side of the window; [height, width] where they differ. */
  kernelSize: Pair;
  /** Pixels from one window to the next: 1 by default. */
  strides?: Pair;
  /** 'valid' by default. */
  padding?: Padding;
  /** Pixels between neighbouring taps, 1 for none skipped: 1 by default. */
  dilation?: Pair;
  /**
   * What to do if the last window does not fit. By default an error without padding ('valid' convolution), and
   * 'floor' in all other cases.
   */
  dimRoundingMode?: Rounding;
}

/**
 * Places windows on a height×width image.
 *
 * Sides are (N + P − ((F − 1)·D + 1)) / S + 1 for side N, padding P, filter F, dilation D, stride S.
 *
 * @param exact whether windows that do not fit are an error unless the options say how to round
 * @throws {ShapeError} for windows larger than the padded image, or that do not fit exactly
 * @throws {ValueError} for options that make no sense
 */
export function placeWindows(
  height: number,
  width: number,
  options: WindowOptions,
  exact: boolean,
): Windows {
  const [kernelHeight, kernelWidth] = pairOf('kernelSize', options.kernelSize);
  const [strideHeight, strideWidth] = pairOf('strides', options.strides ?? 1);
  const [dilationHeight, dilationWidth] = pairOf('dilation', options.dilation ?? 1);
  const mode = options.dimRoundingMode;
  if (mode !== undefined) checkValue('dimRoundingMode', mode, rounding);
  const padding = checkPadding(options.padding ?? 'valid');
  const place = (axis: 0 | 1, name: string, side: number, f: number, s: number, d: number) =>
    placeAxis({
      name,
      side,
      extent: (f - 1) * d + 1,
      stride: s,
      padding,
      axis,
      rounding: mode,
      exact,
    });
  const rows = place(0, 'height', height, kernelHeight, strideHeight, dilationHeight);
  const columns = place(1, 'width', width, kernelWidth, strideWidth, dilationWidth);
  return {
    kernelHeight,
    kernelWidth,
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    padTop: rows.before,
    padLeft: columns.before,
    outputHeight: rows.outputs,
    outputWidth: columns.outputs,
  };
}

/** [[top, bottom], [left, right]]. */
export type Sides = readonly [readonly [number, number], readonly [number, number]];

/** Padding in pixels, checked; 'same' stays 'same'. */
export function checkPadding(padding: Padding): 'same' | Sides {
  if (padding === 'same') return padding;
  if (padding === 'valid')
    return [
      [0, 0],
      [0, 0],
    ];
  return checkSides(padding, "'valid', 'same', ");
}

/**
 * Padding in pixels for each side, checked.
 *
 * @param others other values that the option takes, for the message
 * @throws {ValueError}
 */
export function checkSides(padding: unknown, others = ''): Sides {
  const sides: readonly unknown[] = Array.isArray(padding) ? padding : [padding, padding];
  const both = sides.map((side): unknown[] => (Array.isArray(side) ? side : [side, side]));
  const fits = both.length === 2 && both.every((side) => side.length === 2);
  const isPixels = (side: unknown): boolean =>
    Number.isInteger(side) && (side as number) >= 0 && (side as number) <= MOST;
  if (!fits || !both.flat().every(isPixels)) {
    throw new ValueError(
      `padding must be ${others}a whole number ≥ 0, [vertical, horizontal] or [[top, bottom], [left, right]], not ${shown(padding)}${others && nearest(padding, ['valid', 'same'])}`,
    );
  }
  return both as unknown as Sides;
}

interface Axis {
  name: string;
  side: number;
  /** Pixels from the first tap to the last. */
  extent: number;
  stride: number;
  padding: 'same' | Sides;
  axis: 0 | 1;
  rounding: Rounding | undefined;
  exact: boolean;
}

function placeAxis(o: Axis): { before: number; outputs: number } {
  if (o.padding === 'same') {
    const outputs = Math.ceil(o.side / o.stride);
    const total = Math.max(0, (outputs - 1) * o.stride + o.extent - o.side);
    return { before: Math.floor(total / 2), outputs };
  }
  const [before, after] = o.padding[o.axis];
  const padded = o.side + before + after;
  const room = padded - o.extent;
  // With 'ceil' a window may reach beyond the image, if it begins inside it (PyTorch's ceil_mode).
  if (room < 0 && !(o.rounding === 'ceil' && room > -o.stride)) {
    throw new ShapeError(
      `the filter's ${o.name} ${o.extent} is larger than the input's ${padded} (${o.side} + ${before + after} padding): use a smaller filter or padding 'same'`,
    );
  }
  const fits = room % o.stride === 0;
  if (!fits && o.exact && before + after === 0 && o.rounding === undefined) {
    throw new ShapeError(
      `a filter of ${o.name} ${o.extent} at stride ${o.stride} does not fit ${o.side} pixels: (${o.side} − ${o.extent}) / ${o.stride} + 1 is not whole; use another stride, padding 'same', or dimRoundingMode 'floor'`,
    );
  }
  const outputs = Math[o.rounding ?? 'floor'](room / o.stride) + 1;
  // Rounding up must not make a window that lies wholly in the padding (as PyTorch's ceil_mode).
  const outside = o.rounding === 'ceil' && (outputs - 1) * o.stride >= o.side + before;
  return { before, outputs: outside ? outputs - 1 : outputs };
}
