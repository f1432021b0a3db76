// What folder.ts and folder.browser.ts share: the types of `imageFolder`.

import type { Pair } from '../base/shape.js';
import type { DecodedImage } from '../image/resize.js';
import type { LabelledImages } from './pixels.js';

/** Decodes a file's bytes into pixels. */
export type Decoder = (bytes: Uint8Array, name: string) => DecodedImage | Promise<DecodedImage>;

/** Options of `imageFolder`. */
export interface ImageFolderOptions {
  /** The size that all images are resized to: a side, or [height, width]. Without it all must have the same size. */
  size?: Pair;
  /** Whether to cut sides off instead of distorting the image: false by default. */
  cropToAspectRatio?: boolean;
  /** 3 for RGB, the default, or 1 for grey. */
  channels?: 1 | 3;
  /**
   * Decodes the files. By default PNG, JPEG, WebP and BMP are read, where the npm package sharp is installed all of its
   * formats.
   */
  decode?: Decoder;
}

/** What `imageFolder` returns. */
export interface ImageFolder extends LabelledImages {
  /** Each image's path below the directory. */
  readonly files: readonly string[];
}

/** Reads all images of a folder: see `imageFolder`. */
export type ReadImageFolder = (
  directory: string,
  options?: ImageFolderOptions,
) => Promise<ImageFolder>;
