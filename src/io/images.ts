// Images as tensors, from files and pages.

import { ValueError } from '../base/errors.js';
import { namingAsync } from '../base/namingasync.js';
import { number, optionsOf } from '../base/options.js';
import { pair } from '../base/shape.js';
import { type Framing, frame } from '../image/frame.js';
import { MOST_PIXELS } from '../image/header.js';
import type { ImageSource } from '../image/imagesource.js';
import { resize, withChannels } from '../image/resize.js';
import { pixelsOf } from '../image/source.js';
import { Tensor } from '../tensor/tensor.js';

/** Options of `readImage`. */
export interface ReadImageOptions extends Framing {
  /** 3 for RGB, the default, or 1 for grey. Alpha is dropped: colours are as under an opaque picture. */
  channels?: 1 | 3;
}

const words = {
  resize: pair(),
  size: pair(),
  channels: number((value) => value === 1 || value === 3, '1 (grey) or 3 (RGB)'),
};

/**
 * Reads a picture as a tensor [height, width, channels] of numbers from 0 to 255. It is turned upright as its camera
 * noted. Shrinking averages over the pixels that become one, as Pillow's and torchvision's antialiased bilinear.
 *
 * PNG, JPEG, WebP and BMP are read in Node, Deno and Bun, where the npm package sharp is installed all of its formats;
 * in pages what the browser decodes. Browsers forget the colour of pixels that are wholly transparent.
 *
 * @throws {FormatError} for a file that is no image, is damaged, is of a kind that is not read (a JPEG in CMYK), or has
 *   more than 2²⁷ pixels
 * @throws {ValueError} for anything but a picture, a path without a file, and options that make no sense, or an image of
 *   more than 2²⁷ pixels
 * @throws {ShapeError} if `resize` makes less than `size` takes
 * @throws {EngineError} for an address that cannot be loaded
 */
export async function readImage(
  source: ImageSource,
  options: ReadImageOptions = {},
): Promise<Tensor> {
  return namingAsync('io.readImage', async () => {
    const { channels = 3, ...framing } = optionsOf(options, words);
    const image = withChannels(await pixelsOf(source), channels);
    const { size, part } = frame(image, framing);
    if (size[0] * size[1] > MOST_PIXELS)
      throw new ValueError(
        `the image is to have ${size[0]}×${size[1]} pixels, of which there may be ${MOST_PIXELS} in all`,
      );
    const shape = [...size, channels];
    if (size[0] === image.height && size[1] === image.width && !framing.resize)
      return Tensor.from(image.data, shape);
    const data = new Uint8Array(size[0] * size[1] * channels);
    resize(data, image, size, part);
    return Tensor.from(data, shape);
  });
}
