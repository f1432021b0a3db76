// Pictures: pixels that pages draw and `io.writePng` writes.

import { NumericError, ShapeError, ValueError } from '../base/errors.js';
import { show } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { Tensor } from '../core.js';

/** A picture of RGBA pixels, row by row; in pages an ImageData. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** [height, width, 4], bytes. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** Red, green and blue, 0 to 255. */
export type Color = readonly [number, number, number];

/** A picture of one colour. */
export function blank(width: number, height: number, [red, green, blue]: Color): Picture {
  const picture = newPicture(width, height);
  for (let i = 0; i < picture.data.length; i += 4) picture.data.set([red, green, blue, 255], i);
  return picture;
}

/** A transparent picture. */
export function newPicture(width: number, height: number): Picture {
  return typeof ImageData === 'function'
    ? new ImageData(width, height)
    : { width, height, data: new Uint8ClampedArray(width * height * 4) };
}

/** A picture from colours of its pixels. */
export function draw(
  width: number,
  height: number,
  colorOf: (row: number, column: number) => Color,
): Picture {
  const picture = newPicture(width, height);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const [red, green, blue] = colorOf(row, column);
      picture.data.set([red, green, blue, 255], (row * width + column) * 4);
    }
  return picture;
}

/** @throws {ValueError} for anything but a picture */
export function checkPicture(picture: Picture): Picture {
  const { width, height, data } = picture ?? {};
  if (data instanceof Uint8ClampedArray && data.length > 0 && data.length === width * height * 4)
    return picture;
  throw new ValueError(
    `expected a picture { width, height, data } of RGBA bytes, not ${shown(picture)}`,
  );
}

/** @throws {NumericError} for numbers that are not finite */
export function checkFinite(what: string, tensor: Tensor): void {
  const { numbers } = tensor;
  const bad = numbers.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new NumericError(
    `${what} contains ${numbers[bad]} (element ${bad}): clean the numbers first`,
  );
}

/** The numbers of an image or a map, without the batch of one around it. */
export interface Raster {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** [height, width, channels]. */
  readonly numbers: Float32Array;
}

/**
 * An image or a map: [height, width], [height, width, channels], or one of them in a batch of one.
 *
 * @throws {ShapeError} for other dimensions
 * @throws {ValueError} for anything but a tensor
 * @throws {NumericError} for numbers that are not finite
 */
export function rasterOf(tensor: Tensor): Raster {
  if (!(tensor instanceof Tensor))
    throw new ValueError(`expected a tensor [height, width], not ${shown(tensor)}`);
  const { shape, numbers } = tensor;
  const isBatch = shape[0] === 1 && shape.length === 4;
  const [height, width, channels = 1] = isBatch ? shape.slice(1) : shape;
  if ((isBatch || shape.length === 2 || shape.length === 3) && numbers.length > 0) {
    checkFinite('the image', tensor);
    return { height, width, channels, numbers: Float32Array.from(numbers) };
  }
  throw new ShapeError(
    `expected an image [height, width] or [height, width, channels], not ${show(shape)}`,
  );
}

/**
 * A picture of an image: a picture as it is, or a tensor of numbers from 0 to 255, or from 0 to 1 if none is larger.
 * One channel is grey, three are red, green and blue.
 *
 * @throws {ShapeError} for a tensor of other dimensions
 * @throws {ValueError} for anything but a tensor or a picture
 */
export function pictureOf(image: Tensor | Picture): Picture {
  if (!(image instanceof Tensor)) return checkPicture(image);
  const { height, width, channels, numbers } = rasterOf(image);
  if (channels !== 1 && channels !== 3)
    throw new ShapeError(`an image has 1 or 3 channels, not ${channels}`);
  const most = numbers.reduce((a, b) => Math.max(a, b));
  const factor = most <= 1 ? 255 : 1;
  return draw(width, height, (row, column) => {
    const at = (row * width + column) * channels;
    const value = (c: number) => factor * numbers[at + (channels === 3 ? c : 0)];
    return [value(0), value(1), value(2)];
  });
}
