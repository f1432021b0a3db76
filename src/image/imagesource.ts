// The types of what pictures are read from.

import type { Bytes } from '../base/filebytes.js';

/** Pixels in memory, as a canvas's `getImageData` returns them. */
export interface PixelData {
  /** Bytes, [height, width, channels]; the number of channels follows from the length. */
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** What a page can draw: a canvas, an OffscreenCanvas, an ImageBitmap, an `<img>`, a `<video>`. */
export interface Drawable {
  readonly width: number;
  readonly height: number;
}

/**
 * A picture: the path (in Node, Deno and Bun) or address of an image file, its bytes, a Blob or File, ImageData or other
 * pixels in memory, or what a page can draw.
 */
export type ImageSource = string | URL | Bytes | Blob | PixelData | Drawable;
