// The IDX format of MNIST and its relatives (yann.lecun.com/exdb/mnist): a magic number with type and
// rank, big-endian sizes, then the numbers.

import { FormatError, OutOfMemoryError } from '../base/errors.js';
import { type Bytes, bytesOf } from '../base/filebytes.js';
import { beginning, fileKind } from '../base/filekind.js';
import { naming } from '../base/naming.js';
import { namingAsync } from '../base/namingasync.js';
import { type Shape, show, sizeOf } from '../base/shape.js';

/** An array of bytes with its shape, as IDX files hold images [n, height, width] and labels [n]. */
export interface IdxArray {
  readonly shape: Shape;
  readonly data: Uint8Array;
}

/** The type of the numbers, in the magic number's third byte. */
const UNSIGNED_BYTE = 8;
const types: Readonly<Record<number, string>> = {
  8: 'unsigned bytes',
  9: 'signed bytes',
  11: 'int16',
  12: 'int32',
  13: 'float32',
  14: 'float64',
};

/** Deflate packs at most 258 bytes into two bits (RFC 1951): a header that announces more is false. */
const LARGEST_RATIO = 1032;

const isGzipped = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * Reads an IDX file of unsigned bytes, gzipped (.gz, as MNIST is published) or not. No more of a gzipped file
 * is unpacked than its header announces.
 *
 * @throws {FormatError} for files of other formats, which it names; for files of the wrong length, and broken gzip data
 * @throws {OutOfMemoryError} if there is no memory for the numbers that the header announces
 */
export async function readIdx(file: Bytes): Promise<IdxArray> {
  return namingAsync('readIdx', async () => {
    const bytes = bytesOf(file);
    return isGzipped(bytes) ? unzipped(bytes) : parse(bytes);
  });
}

/**
 * Reads an uncompressed IDX file of unsigned bytes; the numbers are a view of `file`.
 *
 * @throws {FormatError} for files of other formats, which it names, and for files of the wrong length
 */
export function parseIdx(file: Bytes): IdxArray {
  return naming('parseIdx', () => {
    const bytes = bytesOf(file);
    const kind = isGzipped(bytes) && fileKind(bytes);
    if (kind) throw new FormatError(`not an IDX file but ${kind.what}: readIdx unpacks it`);
    return parse(bytes);
  });
}

function parse(bytes: Uint8Array): IdxArray {
  const { shape, header, size } = readHeader(bytes);
  if (bytes.length !== header + size) throw wrongLength(shape, `${bytes.length - header} found`);
  return { shape, data: bytes.subarray(header) };
}

function wrongLength(shape: Shape, found: string): FormatError {
  return new FormatError(`${sizeOf(shape)} numbers for shape ${show(shape)} expected, ${found}`);
}

/** What the header announces: the shape, and the lengths of header and numbers in bytes. */
interface Header {
  readonly shape: Shape;
  readonly header: number;
  readonly size: number;
}

/** The header's length in bytes, by its first four. @throws {FormatError} for anything but an IDX file of unsigned bytes */
function headerLength(bytes: Uint8Array): number {
  const [first, second, type, rank] = bytes;
  if (bytes.length < 4 || first !== 0 || second !== 0 || !(type in types))
    throw new FormatError(`not an IDX file but ${described(bytes)}`);
  if (type !== UNSIGNED_BYTE)
    throw new FormatError(`an IDX file of ${types[type]}; only unsigned bytes are read`);
  return 4 + 4 * rank;
}

/** @throws {FormatError} */
function readHeader(bytes: Uint8Array): Header {
  const header = headerLength(bytes);
  if (bytes.length < header) throw new FormatError(`the file ends inside its header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const shape = Array.from({ length: (header - 4) / 4 }, (_, i) => view.getUint32(4 + 4 * i));
  return { shape, header, size: sizeOf(shape) };
}

function described(bytes: Uint8Array): string {
  const kind = fileKind(bytes);
  if (!kind) return `a file that begins with ${beginning(bytes)}: IDX files begin with 00 00 08`;
  return `${kind.what}: ${kind.wayOut}`;
}

/** Unpacks a file part by part: the header is checked before the rest is unpacked. */
async function unzipped(packed: Uint8Array): Promise<IdxArray> {
  // A copy: browsers make no Blob of shared memory.
  const stream = new Blob([new Uint8Array(packed)]).stream();
  const parts = stream.pipeThrough(new DecompressionStream('gzip')).getReader();
  let file = new Uint8Array(0);
  let length = 0;
  let announced: Header | undefined;
  try {
    for (let part = await next(parts); part; part = await next(parts)) {
      if (announced && length + part.length > file.length)
        throw wrongLength(announced.shape, 'more found');
      // Until the header is complete: it has 1024 bytes at most.
      if (!announced) file = grown(file, length + part.length);
      file.set(part, length);
      length += part.length;
      if (announced || length < 4 || length < headerLength(file)) continue;
      announced = readHeader(file);
      const { shape, header, size } = announced;
      if (length > header + size) throw wrongLength(shape, 'more found');
      if (size > LARGEST_RATIO * packed.length)
        throw wrongLength(shape, `but ${packed.length} bytes of gzip cannot hold so many`);
      file = grown(file, header + size);
    }
  } finally {
    parts.cancel().catch(() => {});
  }
  return parse(file.subarray(0, length));
}

/** The next part, or undefined at the end. @throws {FormatError} */
async function next(
  parts: ReadableStreamDefaultReader<Uint8Array>,
): Promise<Uint8Array | undefined> {
  try {
    return (await parts.read()).value;
  } catch (cause) {
    throw new FormatError('the gzip data are broken or end too early', { cause });
  }
}

/** A longer array that begins with the same bytes. @throws {OutOfMemoryError} */
function grown(from: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  try {
    const to = new Uint8Array(length);
    to.set(from);
    return to;
  } catch (cause) {
    throw new OutOfMemoryError(
      `readIdx: there is no memory for the ${length} bytes that the file announces`,
      { cause },
    );
  }
}
