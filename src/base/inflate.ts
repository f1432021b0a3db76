// Inflates what zip archives and PNG images have deflated (RFC 1951), to a size that is known before: a small
// file that unpacks to gigabytes is refused at once.

import { Inflate } from 'fflate';
import { FormatError } from './errors.js';

/** Deflate makes no more than so many bytes of one: 258 of two bits, and the codes cost a little. */
const MOST_RATIO = 1032;

/** Bytes that are inflated at a time: the most that is unpacked beyond what is wanted follows from it. */
const PIECE = 1 << 14;

/**
 * Inflates exactly `size` bytes.
 *
 * @param isHead whether these are the first bytes of more, at most; otherwise the data must end with them
 * @throws {FormatError} for damaged data, and for another size
 */
export function inflate(data: Uint8Array, size: number, isHead = false): Uint8Array {
  if (size > MOST_RATIO * data.length)
    throw new FormatError(
      `${data.length} bytes cannot unpack to the ${size} that are declared: is the file cut off, or a zip bomb?`,
    );
  const to = new Uint8Array(size);
  let end = 0;
  const stream = new Inflate((chunk) => {
    to.set(chunk.subarray(0, size - end), end);
    end += chunk.length;
  });
  try {
    // What goes beyond the size is noticed after one piece.
    for (let at = 0; at < data.length && end <= size && !(isHead && end === size); at += PIECE)
      stream.push(data.subarray(at, at + PIECE), at + PIECE >= data.length);
  } catch (cause) {
    throw new FormatError(`its compressed data are damaged (${(cause as Error).message})`, {
      cause,
    });
  }
  if (end === size) return to;
  if (isHead) return to.subarray(0, Math.min(end, size));
  throw new FormatError(
    end > size
      ? `it unpacks to more than the ${size} bytes that are declared`
      : `it unpacks to ${end} bytes, not the ${size} that are declared`,
  );
}
