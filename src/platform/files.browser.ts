// There are no files with paths in a browser.

import { EngineError } from '../base/errors.js';
import type { fileWriter as nodeFileWriter } from './files.js';

/** @throws {EngineError} always */
export const fileWriter: typeof nodeFileWriter = (where) => {
  throw new EngineError(
    `${where}: files can be written in Node, Deno and Bun only; in a browser give { save: (bytes) => … }, which stores them in IndexedDB, or offers them as a download`,
  );
};
