// What reading a folder of images takes and returns: folder.ts reads it, and folder.browser.ts says that there is none.

import type { Pair } from '../base/shape.js';
import type { LabelledImages } from './pixels.js';
import type { DecodedImage } from './resize.js';

/** Makes pixels of a file's bytes. */
export type Decoder = (bytes: Uint8Array, name: string) => DecodedImage | Promise<DecodedImage>;

/** Options of `imageFolder`. */
export interface ImageFolderOptions {
  /** What all images are resized to: a side, or [height, width]. Without it, all must be alike. */
  size?: Pair;
  /** Whether to cut the sides off instead of distorting the image: false by default. */
  cropToAspectRatio?: boolean;
  /** 3 for RGB, the default, or 1 for grey. */
  channels?: 1 | 3;
  /** By default the npm package sharp, which must be installed. */
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
