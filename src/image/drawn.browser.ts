// The browser's twin of drawn.ts: canvases, ImageBitmaps, <img> and <video> are drawn on a canvas, which has pixels.

import { EngineError, ValueError } from '../base/errors.js';
import type { Drawable } from './imagesource.js';
import type { DecodedImage } from './resize.js';

/** The sizes of pages' things that are not those of their boxes. */
interface Sized extends Drawable {
  readonly naturalWidth?: number;
  readonly naturalHeight?: number;
  readonly videoWidth?: number;
  readonly videoHeight?: number;
}

/**
 * The pixels of what a page can draw; undefined for anything else.
 *
 * @throws {ValueError} for an image or video that is not there yet
 * @throws {EngineError} for one of another origin, whose pixels browsers keep to themselves
 */
export function drawn(source: Drawable): DecodedImage | undefined {
  const kind = Object.prototype.toString.call(source).slice(8, -1);
  if (!/^(HTML(Canvas|Image|Video)Element|OffscreenCanvas|ImageBitmap)$/.test(kind))
    return undefined;
  const { naturalWidth, naturalHeight, videoWidth, videoHeight } = source as Sized;
  const width = naturalWidth ?? videoWidth ?? source.width;
  const height = naturalHeight ?? videoHeight ?? source.height;
  if (!(width > 0 && height > 0))
    throw new ValueError(
      `the ${kind} has no pixels yet: await its decode() or its event loadeddata first`,
    );
  const canvas =
    typeof OffscreenCanvas === 'undefined'
      ? Object.assign(document.createElement('canvas'), { width, height })
      : new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true }) as
    | CanvasRenderingContext2D
    | OffscreenCanvasRenderingContext2D
    | null;
  if (!context) throw new EngineError(`the browser has no memory for ${width}×${height} pixels`);
  context.drawImage(source as CanvasImageSource, 0, 0, width, height);
  try {
    const { data } = context.getImageData(0, 0, width, height);
    return { data, width, height, channels: 4 };
  } catch (cause) {
    throw new EngineError(
      `the browser does not show the pixels (${(cause as Error).message}): is the picture from another origin? Its server must allow it, and <img crossorigin> ask for it`,
      { cause },
    );
  }
}
