// Images, naively and in f64: every output pixel is a sum over all input pixels.

/** [height, width, channels] */
type ImageShape = readonly [number, number, number];

/** 1 at 0, falling to 0 at ± reach. */
const triangle = (distance: number, reach = 1): number =>
  Math.max(0, 1 - Math.abs(distance) / reach);

const clamp = (value: number, last: number): number => Math.max(0, Math.min(value, last));

/** The pixel at (y, x) between pixels; what lies outside is `fill`, or the nearest point inside. */
function bilinear(
  image: ArrayLike<number>,
  [height, width, channels]: ImageShape,
  y: number,
  x: number,
  channel: number,
  fill: number | 'edge',
): number {
  const [row, column] = fill === 'edge' ? [clamp(y, height - 1), clamp(x, width - 1)] : [y, x];
  let sum = 0;
  let weights = 0;
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const weight = triangle(row - i) * triangle(column - j);
      sum += weight * image[(i * width + j) * channels + channel];
      weights += weight;
    }
  }
  return fill === 'edge' ? sum : sum + (1 - weights) * fill;
}

/** Each output pixel (row, column) from the point that `source` says. */
export function warped(
  image: ArrayLike<number>,
  shape: ImageShape,
  source: (row: number, column: number) => readonly [y: number, x: number],
  fill: number | 'edge',
): Float64Array {
  const [, width, channels] = shape;
  return Float64Array.from({ length: image.length }, (_, i) => {
    const pixel = Math.floor(i / channels);
    const [y, x] = source(Math.floor(pixel / width), pixel % width);
    return bilinear(image, shape, y, x, i % channels, fill);
  });
}

/** Part [top, left, height, width] of an image, resampled by triangles as wide as the output's pixels. */
export function resized(
  image: ArrayLike<number>,
  [height, width, channels]: ImageShape,
  [toHeight, toWidth]: readonly [number, number],
  [top, left, tall, wide]: readonly [number, number, number, number],
): Float64Array {
  const [stepY, stepX] = [tall / toHeight, wide / toWidth];
  return Float64Array.from({ length: toHeight * toWidth * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    const y = top + (Math.floor(pixel / toWidth) + 0.5) * stepY - 0.5;
    const x = left + ((pixel % toWidth) + 0.5) * stepX - 0.5;
    let sum = 0;
    let weights = 0;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const weight =
          triangle(y - row, Math.max(1, stepY)) * triangle(x - column, Math.max(1, stepX));
        sum += weight * image[(row * width + column) * channels + (i % channels)];
        weights += weight;
      }
    }
    return sum / weights;
  });
}
