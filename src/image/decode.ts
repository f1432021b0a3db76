// Decodes image files in Node, Deno and Bun: by sharp where it is installed, otherwise by what comes with the package.

import { FormatError } from '../base/errors.js';
import { decodeBmp } from './bmp.js';
import {
  formatOf,
  headerOf,
  type ImageFormat,
  type ImageHeader,
  MOST_PIXELS,
  otherFormat,
} from './header.js';
import { decodeJpeg } from './jpeg.js';
import { upright } from './orientation.js';
import { decodePng } from './png.js';
import type { DecodedImage } from './resize.js';

/**
 * An image's pixels, upright; with alpha if it has it. Of sixteen bits the upper eight.
 *
 * @throws {FormatError} for damaged files, kinds that are not read, and more pixels than 2²⁷
 */
export async function decodeImage(bytes: Uint8Array): Promise<DecodedImage> {
  const format = formatOf(bytes);
  // Size and format are checked before any decoder sees the file. sharp reads no BMP.
  const header = format && headerOf(bytes, format);
  const sharp = format === 'BMP' ? undefined : await sharpDecoder();
  if (sharp) return sharp(bytes);
  if (format && header) return decodeAlone(bytes, format, header);
  throw new FormatError(
    `${otherFormat(bytes)}; with the npm package sharp others are read too (npm install sharp)`,
  );
}

/** As `decodeImage`, without sharp. */
export async function decodeAlone(
  bytes: Uint8Array,
  format: ImageFormat,
  header: ImageHeader,
): Promise<DecodedImage> {
  return upright(await decoders[format](bytes, header), header.orientation);
}

const decoders: Readonly<
  Record<
    ImageFormat,
    (bytes: Uint8Array, header: ImageHeader) => DecodedImage | Promise<DecodedImage>
  >
> = {
  PNG: decodePng,
  JPEG: decodeJpeg,
  WebP: decodeWebp,
  BMP: decodeBmp,
};

/** @throws {FormatError} */
async function decodeWebp(bytes: Uint8Array, header: ImageHeader): Promise<DecodedImage> {
  const { default: webp } = await import('@cwasm/webp');
  try {
    const { data, width, height } = webp.decode(bytes);
    if (width === header.width && height === header.height)
      return { data, width, height, channels: 4 };
  } catch (cause) {
    throw new FormatError('its data are damaged or cut off, or it is an animation', { cause });
  }
  throw new FormatError('its header and its data are of different sizes');
}

/** The decoder of an installed sharp; undefined without it. */
async function sharpDecoder(): Promise<((bytes: Uint8Array) => Promise<DecodedImage>) | undefined> {
  const loaded = await import('sharp').catch(() => undefined);
  if (!loaded) return undefined;
  return async (bytes) => {
    try {
      const image = loaded.default(bytes, { limitInputPixels: MOST_PIXELS });
      const { depth } = await image.metadata();
      // Storing these as bytes would cut off all that is not from 0 to 255: of pixels from 0 to 1 nothing would be
      // left.
      if (depth !== 'uchar' && depth !== 'ushort')
        throw new FormatError(
          `its pixels are of the type ${depth}, of which nobody knows what is black and white`,
        );
      // Turned upright by the camera's note; grey and colour in eight bits.
      const { data, info } = await image.rotate().raw().toBuffer({ resolveWithObject: true });
      return { data, width: info.width, height: info.height, channels: info.channels };
    } catch (cause) {
      if (cause instanceof FormatError) throw cause;
      const what = formatOf(bytes) ? 'its data are damaged or cut off' : otherFormat(bytes);
      throw new FormatError(`${what}; sharp says: ${(cause as Error).message}`, { cause });
    }
  };
}
