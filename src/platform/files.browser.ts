// The browser's twin of files.ts: browsers have no files with paths, so it only throws.

import { EngineError } from '../base/errors.js';
import type { FileWriter } from './filewriter.js';

/** @throws {EngineError} always */
export function fileWriter(where: string): FileWriter {
  throw new EngineError(
    `${where}: files can be written in Node, Deno and Bun only; in a browser give { save: (bytes) => … }, which stores them in IndexedDB, or offers them as a download`,
  );
}
