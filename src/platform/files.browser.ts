// There are no files with paths in a browser.

import { EngineError } from '../base/errors.js';
import type { FileWriter } from './filewriter.js';

/** @throws {EngineError} always */
export function fileWriter(where: string): FileWriter {
  throw new EngineError(
    `${where}: files can be written in Node, Deno and Bun only; in a browser give { save: (bytes) => … }, which stores them in IndexedDB, or offers them as a download`,
  );
}
