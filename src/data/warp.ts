// The pixel work of augmentation, image by image: first one resampling for all that moves pixels, then contrast and
// brightness, then cutout. Images are [height, width, channels] in float32.

import type { Augmentation } from './augment.js';
import type { Transform } from './draw.js';

/** [height, width, channels] */
export type ImageShape = readonly [number, number, number];

/** Writes the transformed image `from` to `to`. */
export function transformImage(
  to: Float32Array,
  from: Float32Array,
  shape: ImageShape,
  transform: Transform,
  { fill, cutout }: Augmentation,
): void {
  warp(to, from, shape, transform, fill);
  adjust(to, transform);
  cut(to, shape, transform, cutout, fill === 'edge' ? 0 : fill);
}

/**
 * Moves pixels by the transform's affine map. If it maps whole pixels to whole pixels, they are copied; else each is
 * interpolated between four (bilinear, as PyTorch's grid_sample without align_corners).
 */
export function warp(
  to: Float32Array,
  from: Float32Array,
  shape: ImageShape,
  map: Pick<Transform, 'yy' | 'yx' | 'y0' | 'xy' | 'xx' | 'x0'>,
  fill: number | 'edge',
): void {
  const { yy, yx, y0, xy, xx, x0 } = map;
  const isAligned = yx === 0 && xy === 0 && Math.abs(yy) === 1 && Math.abs(xx) === 1;
  const isWhole = isAligned && Number.isInteger(y0) && Number.isInteger(x0);
  (isWhole ? copyPixels : interpolate)(to, from, shape, map, fill);
}

const clamp = (value: number, last: number): number => Math.max(0, Math.min(value, last));

const copyPixels: typeof warp = (to, from, [height, width, channels], map, fill) => {
  const { yy, y0, xx, x0 } = map;
  // The columns whose source pixels are in the image: with 'edge' all of them are.
  const [left, right] = xx > 0 ? [-x0, width - x0] : [x0 - width + 1, x0 + 1];
  const first = fill === 'edge' ? 0 : clamp(left, width);
  const last = fill === 'edge' ? width : clamp(right, width);
  if (fill !== 'edge') to.fill(fill);
  for (let row = 0; row < height; row++) {
    const y = yy * row + y0;
    if (fill !== 'edge' && (y < 0 || y >= height)) continue;
    const line = clamp(y, height - 1) * width;
    let at = (row * width + first) * channels;
    if (fill !== 'edge' && xx > 0) {
      to.set(from.subarray((line + first + x0) * channels, (line + last + x0) * channels), at);
      continue;
    }
    for (let column = first; column < last; column++) {
      const pixel = (line + clamp(xx * column + x0, width - 1)) * channels;
      for (let c = 0; c < channels; c++) to[at++] = from[pixel + c];
    }
  }
};

const interpolate: typeof warp = (to, from, [height, width, channels], map, fill) => {
  const { yy, yx, y0, xy, xx, x0 } = map;
  const outside = fill === 'edge' ? 0 : fill;
  /** The index of a pixel's first channel; −1 for a pixel that gets the fill. */
  const pixel = (row: number, column: number): number => {
    if (fill === 'edge')
      return (clamp(row, height - 1) * width + clamp(column, width - 1)) * channels;
    const isInside = row >= 0 && row < height && column >= 0 && column < width;
    return isInside ? (row * width + column) * channels : -1;
  };
  let at = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const y = yy * row + yx * column + y0;
      const x = xy * row + xx * column + x0;
      const top = Math.floor(y);
      const left = Math.floor(x);
      const down = y - top;
      const right = x - left;
      if (top >= 0 && top < height - 1 && left >= 0 && left < width - 1) {
        const first = (top * width + left) * channels;
        for (let c = first; c < first + channels; c++) {
          const below = c + width * channels;
          const upper = from[c] + (from[c + channels] - from[c]) * right;
          const lower = from[below] + (from[below + channels] - from[below]) * right;
          to[at++] = upper + (lower - upper) * down;
        }
        continue;
      }
      const p00 = pixel(top, left);
      const p01 = pixel(top, left + 1);
      const p10 = pixel(top + 1, left);
      const p11 = pixel(top + 1, left + 1);
      for (let c = 0; c < channels; c++) {
        const v00 = p00 < 0 ? outside : from[p00 + c];
        const v01 = p01 < 0 ? outside : from[p01 + c];
        const v10 = p10 < 0 ? outside : from[p10 + c];
        const v11 = p11 < 0 ? outside : from[p11 + c];
        const upper = v00 + (v01 - v00) * right;
        const lower = v10 + (v11 - v10) * right;
        to[at++] = upper + (lower - upper) * down;
      }
    }
  }
};

/** Contrast about the mean of all numbers, then brightness. */
function adjust(image: Float32Array, { contrast, brightness }: Transform): void {
  if (contrast === 1 && brightness === 0) return;
  let sum = 0;
  for (let i = 0; i < image.length; i++) sum += image[i];
  const mean = sum / image.length;
  for (let i = 0; i < image.length; i++) {
    image[i] = mean + (image[i] - mean) * contrast + brightness;
  }
}

/** Overwrites the part of the rectangle that is in the image. */
function cut(
  image: Float32Array,
  [height, width, channels]: ImageShape,
  { cutTop, cutLeft }: Transform,
  [tall, wide]: readonly [number, number],
  value: number,
): void {
  const left = Math.max(0, cutLeft);
  const right = Math.min(width, cutLeft + wide);
  for (let row = Math.max(0, cutTop); row < Math.min(height, cutTop + tall); row++) {
    image.fill(value, (row * width + left) * channels, (row * width + right) * channels);
  }
}
