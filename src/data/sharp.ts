// Decodes images by the npm package sharp, where it is installed. In Node, Deno and Bun only.

import { EngineError } from '../base/errors.js';
import type { Decoder } from './imagefolder.js';

const TAKE_OTHERS =
  'convert it to PNG, or bring a decoder: { decode: (bytes, name) => ({ data, width, height, channels }) }';

/**
 * The decoder of an installed sharp.
 *
 * @param where what needs it, for the message
 * @throws {EngineError} where it is not installed
 */
export async function sharpDecoder(where: string): Promise<Decoder> {
  try {
    const { default: sharp } = await import('sharp');
    return async (bytes) => {
      const image = sharp(bytes);
      let depth: string | undefined;
      try {
        ({ depth } = await image.metadata());
      } catch (cause) {
        throw new Error(`${(cause as Error).message}; sharp cannot read it: ${TAKE_OTHERS}`, {
          cause,
        });
      }
      // Storing these as bytes would cut off all that is not from 0 to 255: of pixels from 0 to 1 nothing would be
      // left.
      if (depth !== 'uchar' && depth !== 'ushort') {
        throw new Error(
          `its pixels are of the type ${depth}, of which nobody knows what is black and white: ${TAKE_OTHERS}`,
        );
      }
      // Turned upright by the camera's note; grey and colour in eight bits.
      const { data, info } = await image.rotate().raw().toBuffer({ resolveWithObject: true });
      return { data, width: info.width, height: info.height, channels: info.channels };
    };
  } catch (cause) {
    throw new EngineError(
      `${where}: decoding images takes the npm package sharp: install it (npm install sharp), or bring another decoder as { decode: (bytes, name) => ({ data, width, height, channels }) }`,
      { cause },
    );
  }
}
