// The image filters of the library, laid on pictures, in a worker.

import { Tensor } from 'wasmgrad/core';
import { filterImage, filters, sobelMagnitude } from 'wasmgrad/ops';
import type { ImageRequest, NamedFilter } from './messages.js';

/** Pixels of a box, where the filter is made for a size. */
const BOX = 5;

/** The library's filters in its order, and Sobel's magnitude, which takes two of them. */
export const namedFilters = (): readonly NamedFilter[] => [
  ...Object.entries(filters).map(([name, filter]) => ({
    name,
    rows: typeof filter === 'function' ? filter(BOX) : filter,
  })),
  { name: 'sobelMagnitude', rows: undefined },
];

/** Lays a filter on each colour of an RGBA image. */
export function filterPixels(request: ImageRequest): Uint8ClampedArray<ArrayBuffer> {
  const { pixels, width, height, rows, normalize } = request;
  const colours = new Float32Array(width * height * 3);
  for (let i = 0, to = 0; i < pixels.length; i += 4)
    for (let colour = 0; colour < 3; colour++) colours[to++] = pixels[i + colour];
  using image = Tensor.from(colours, [height, width, 3]);
  using filtered = rows ? filterImage(image, rows) : sobelMagnitude(image);
  const sum = rows?.flat().reduce((a, b) => a + b, 0) ?? 1;
  const even = Math.abs(sum) < 1e-6;
  const shown = (value: number): number => {
    if (!normalize) return value;
    return even ? Math.abs(value) : value / sum;
  };
  const result = new Uint8ClampedArray(pixels.length);
  const { data } = filtered;
  for (let i = 0, from = 0; i < result.length; i += 4) {
    for (let colour = 0; colour < 3; colour++) result[i + colour] = shown(data[from++]);
    result[i + 3] = 255;
  }
  return result;
}
