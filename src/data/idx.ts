// The IDX format of MNIST and its relatives (yann.lecun.com/exdb/mnist): a magic number with type and
// rank, big-endian sizes, then the numbers.

import { FormatError } from '../base/errors.js';
import { type Shape, sizeOf } from '../base/shape.js';

/** An array of bytes with its shape, as IDX files hold images [n, height, width] and labels [n]. */
export interface IdxArray {
  readonly shape: Shape;
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 8;

const isGzipped = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * Reads an IDX file of unsigned bytes, gzipped (.gz, as MNIST is published) or not.
 *
 * @throws {FormatError} for anything else, for files of the wrong length, and for broken gzip data
 */
export async function readIdx(bytes: Uint8Array): Promise<IdxArray> {
  return parseIdx(bytes instanceof Uint8Array && isGzipped(bytes) ? await gunzip(bytes) : bytes);
}

async function gunzip(bytes: Uint8Array): Promise<Uint8Array> {
  const packed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const unpacked = packed.pipeThrough(new DecompressionStream('gzip'));
  try {
    return new Uint8Array(await new Response(unpacked).arrayBuffer());
  } catch (cause) {
    throw new FormatError('readIdx: the gzip data are broken or end too early', { cause });
  }
}

/**
 * Reads an uncompressed IDX file of unsigned bytes; the numbers are a view of `bytes`.
 *
 * @throws {FormatError} for anything else, and for files of the wrong length
 */
export function parseIdx(bytes: Uint8Array): IdxArray {
  if (!(bytes instanceof Uint8Array)) throw new FormatError('parseIdx: expected a Uint8Array');
  const rank = bytes[3];
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== UNSIGNED_BYTE) {
    const hint = isGzipped(bytes) ? ': it is gzipped, use readIdx' : '';
    throw new FormatError(`parseIdx: not an IDX file of unsigned bytes${hint}`);
  }
  const header = 4 + 4 * rank;
  if (bytes.length < header) throw new FormatError('parseIdx: the file ends inside its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  if (bytes.length !== header + sizeOf(shape)) {
    throw new FormatError(
      `parseIdx: ${sizeOf(shape)} numbers for shape [${shape.join(', ')}] expected, ${bytes.length - header} found`,
    );
  }
  return { shape, data: bytes.subarray(header) };
}
