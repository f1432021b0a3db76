// What layers refuse of a file is the file's fault.

import { FormatError, ShapeError, ValueError } from '../../base/errors.js';

/** Does work on what a file says. @throws {FormatError} where a shape or an option of it is refused */
export function ofFile<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof ShapeError || cause instanceof ValueError)) throw cause;
    throw new FormatError(cause.message, { cause });
  }
}
