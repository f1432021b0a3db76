// Errors about files as who types commands reads them.

import { FormatError, ShapeError, ValueError } from '../core.js';

/** Reads a file or folder. @throws {FormatError} that names it in place of the function that refused it */
export async function readingOf<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const isFault = [FormatError, ShapeError, ValueError].some((kind) => cause instanceof kind);
    if (!isFault) throw cause;
    const why = (cause as Error).message.replace(/^[\w.]+: /, '');
    throw new FormatError(`'${path}': ${why}`, { cause });
  }
}
