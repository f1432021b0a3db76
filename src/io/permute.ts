// Rearranges the numbers of an array with dimensions: from the order of ONNX and PyTorch, or from Fortran's.

/** Rows that are transposed together: as many lines of the cache are read side by side. */
export const TILE = 8;

/** From a number to the next one along each axis, in an array that lies without gaps. */
function stridesOf(sides: readonly number[]): number[] {
  let size = 1;
  const strides = [...sides];
  for (let axis = sides.length - 1; axis >= 0; axis--) {
    strides[axis] = size;
    size *= sides[axis];
  }
  return strides;
}

/** A matrix as it lies in an array, and as it lies in another one. */
interface Plane {
  readonly width: number;
  readonly height: number;
  /** From a number to its right neighbour and to the one below, where it is read: the right ones follow it when written. */
  readonly step: number;
  readonly stepDown: number;
  /** From a number to the one below, where it is written. */
  readonly placeDown: number;
  /** Where the first one is written and read. */
  readonly place: number;
  readonly offset: number;
}

/** Copies a matrix, eight columns at a time. */
function transpose(
  to: Float32Array | Int32Array | number[],
  from: ArrayLike<number>,
  { width, height, step, stepDown, placeDown, place, offset }: Plane,
): void {
  let left = 0;
  for (; left + TILE <= width; left += TILE) {
    let at = offset + left * step;
    let into = place + left;
    for (let row = 0; row < height; row++, at += stepDown, into += placeDown) {
      // Written out: as a loop it takes three times as long.
      to[into] = from[at];
      to[into + 1] = from[at + step];
      to[into + 2] = from[at + 2 * step];
      to[into + 3] = from[at + 3 * step];
      to[into + 4] = from[at + 4 * step];
      to[into + 5] = from[at + 5 * step];
      to[into + 6] = from[at + 6 * step];
      to[into + 7] = from[at + 7 * step];
    }
  }
  for (; left < width; left++)
    for (let row = 0; row < height; row++)
      to[place + row * placeDown + left] = from[offset + row * stepDown + left * step];
}

/**
 * Writes an array with its axes reordered: dimension i is dimension `order[i]` of what is given, as in NumPy's
 * `transpose(order)`.
 *
 * @param shape of the numbers given
 * @param rows if they are not the whole array: which row of the first dimension they begin with, and how many it has
 */
export function permute(
  to: Float32Array | Int32Array | number[],
  from: ArrayLike<number>,
  shape: readonly number[],
  order: readonly number[],
  rows: { first: number; of: number } = { first: 0, of: shape[0] },
): void {
  const size = shape.reduce((product, side) => product * side, 1);
  if (size === 0) return;
  if (
    to instanceof Float32Array &&
    from instanceof Float32Array &&
    order.every((axis, i) => axis === i)
  ) {
    to.set(from, (rows.first * size) / (shape[0] ?? 1));
    return;
  }
  const own = stridesOf(shape);
  const sides = order.map((axis) => shape[axis]);
  const steps = order.map((axis) => own[axis]);
  const places = stridesOf(order.map((axis) => (axis === 0 ? rows.of : shape[axis])));
  const start = rows.first * (places[order.indexOf(0)] ?? 0);
  const last = sides.length - 1;
  if (last < 1) {
    for (let i = 0; i < size; i++) to[start + i] = from[i];
    return;
  }
  // Along the last axis neighbours are written, along the other one neighbours are read, or what comes nearest to it.
  const others = sides.slice(0, last).map((_, axis) => axis);
  const wide = others.filter((axis) => sides[axis] >= TILE);
  const nearest = (wide.length > 0 ? wide : others).sort((a, b) => steps[a] - steps[b])[0];
  const outer = others.filter((axis) => axis !== nearest);
  const [width, step] = [sides[last], steps[last]];
  const [height, stepDown, placeDown] = [sides[nearest], steps[nearest], places[nearest]];
  const walk = (depth: number, place: number, offset: number): void => {
    const axis = outer[depth];
    if (axis !== undefined) {
      for (let i = 0; i < sides[axis]; i++)
        walk(depth + 1, place + i * places[axis], offset + i * steps[axis]);
      return;
    }
    transpose(to, from, { width, height, step, stepDown, placeDown, place, offset });
  };
  walk(0, start, 0);
}

/** A copy of an array with its axes reordered: see `permute`. */
export function permuted<A extends Float32Array | Int32Array>(
  numbers: A,
  shape: readonly number[],
  order: readonly number[],
): A {
  const to = numbers.slice() as A;
  permute(to, numbers, shape, order);
  return to;
}
