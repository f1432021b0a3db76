// The browser's twin of folder.ts: browsers have no folders, so it only throws.

import { EngineError } from '../base/errors.js';
import type { ReadImageFolder } from './imagefolder.js';

/** @throws {EngineError} always */
export const imageFolder: ReadImageFolder = async () => {
  throw new EngineError(
    'data.imageFolder: folders can be read in Node, Deno and Bun only; in a browser, decode images yourself (createImageBitmap) and pass them as arrays',
  );
};
