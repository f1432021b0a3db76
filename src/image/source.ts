// Pictures from wherever they are: files, addresses, blobs, what pages draw, and pixels in memory.

import { decodeImage } from '#platform/src/image/decode';
import { drawn } from '#platform/src/image/drawn';
import { readBytes } from '#platform/src/platform/reading';
import { ShapeError, ValueError } from '../base/errors.js';
import { type Bytes, bytesOf } from '../base/filebytes.js';
import { aboutAsync } from '../base/namingasync.js';
import { checkInteger } from '../base/shape.js';
import { shown } from '../base/shown.js';
import type { ImageSource, PixelData } from './imagesource.js';
import type { DecodedImage } from './resize.js';

const isBlob = (source: unknown): source is Blob =>
  typeof (source as Blob | null)?.arrayBuffer === 'function' &&
  typeof (source as Blob).slice === 'function' &&
  typeof (source as Blob).size === 'number';

/** Views of wider elements hold numbers, no file. */
const isBuffer = (source: unknown): source is Bytes =>
  (ArrayBuffer.isView(source) &&
    (!('BYTES_PER_ELEMENT' in source) || source.BYTES_PER_ELEMENT === 1)) ||
  /Buffer\]$/.test(Object.prototype.toString.call(source));

/**
 * The pixels of a picture, upright, with as many channels as it has.
 *
 * @throws {FormatError} for a file that is no image, damaged, or of a kind that is not read
 * @throws {ValueError} for anything but a picture, and a path without a file
 * @throws {ShapeError} for pixels that do not make a picture
 * @throws {EngineError} for an address that cannot be loaded
 */
export async function pixelsOf(source: ImageSource): Promise<DecodedImage> {
  if (typeof source === 'string' || source instanceof URL)
    return aboutAsync(shown(String(source)), async () => decodeImage(await readBytes(source)));
  if (isBuffer(source)) return decodeImage(bytesOf(source));
  if (isBlob(source)) {
    const { name } = source as Blob & { name?: string };
    const decode = async () => decodeImage(new Uint8Array(await source.arrayBuffer()));
    return name ? aboutAsync(shown(name), decode) : decode();
  }
  if (typeof source === 'object' && source !== null && 'data' in source) return checkPixels(source);
  const pixels = drawn(source);
  if (pixels) return pixels;
  throw new ValueError(
    `a picture is a path or address, the bytes of an image file, a Blob, or { data, width, height } with bytes, in pages also a canvas, ImageBitmap, <img> or <video>, not ${shown(source)}`,
  );
}

/** Pixels in memory. @throws {ValueError} {@link ShapeError} for what is no picture */
export function checkPixels(picture: PixelData): DecodedImage {
  const data: unknown = picture?.data;
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray))
    throw new ValueError(
      `a picture is { data, width, height } with bytes as its data, not ${shown(picture)}`,
    );
  const height = checkInteger('height', picture.height);
  const width = checkInteger('width', picture.width);
  const channels = data.length / (height * width);
  if (Number.isInteger(channels) && channels >= 1 && channels <= 4)
    return { data, height, width, channels };
  throw new ShapeError(
    `${data.length} bytes are no picture of ${width}×${height} pixels with 1 to 4 channels`,
  );
}
