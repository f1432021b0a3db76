// Faults of files: what layers refuse, and networks of a kind that this library is not for.

import { FormatError, ShapeError, ValueError } from '../../base/errors.js';

/** What is said of networks of other kinds. */
export const FOR_CONVOLUTIONS =
  'wasmgrad is for convolutional networks, not for recurrent ones, loops and transformers.';

/** Does work on what a file says. @throws {FormatError} where a shape or an option of it is refused */
export function ofFile<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof ShapeError || cause instanceof ValueError)) throw cause;
    throw new FormatError(cause.message, { cause });
  }
}
