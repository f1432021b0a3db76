// The browser's twin of decode.ts: the browser itself decodes images.

import { EngineError, FormatError } from '../base/errors.js';
import { drawn } from './drawn.browser.js';
import { formatOf, headerOf, otherFormat } from './header.js';
import type { DecodedImage } from './resize.js';

/**
 * An image's pixels, upright, with alpha; where that is 0, browsers forget the colour.
 *
 * @throws {FormatError} for what the browser cannot decode, and more pixels than 2²⁷
 * @throws {EngineError} in an engine that decodes no images
 */
export async function decodeImage(bytes: Uint8Array): Promise<DecodedImage> {
  const format = formatOf(bytes);
  if (format) headerOf(bytes, format);
  if (typeof createImageBitmap !== 'function')
    throw new EngineError('this engine decodes no images: give pixels, { data, width, height }');
  let bitmap: ImageBitmap;
  try {
    // Copied, as no Blob is made of shared memory. Numbers stay as they are in the file, whatever the screen is like.
    const blob = new Blob([new Uint8Array(bytes)]);
    bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none' });
  } catch (cause) {
    throw new FormatError(
      format
        ? `the browser cannot decode it (${(cause as Error).message}): is it damaged, or cut off?`
        : otherFormat(bytes),
      { cause },
    );
  }
  try {
    return drawn(bitmap) as DecodedImage;
  } finally {
    bitmap.close();
  }
}
