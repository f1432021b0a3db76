// The bytes that functions which read files take, and the error for anything else.

import { FormatError } from './errors.js';

/** The bytes of a file: a Uint8Array (a Node Buffer is one), any other view of bytes, or a whole buffer. */
export type Bytes = ArrayBufferView | ArrayBufferLike;

/**
 * The same bytes as a Uint8Array, not copied. Buffers of another realm (a frame, a sandbox) count too.
 *
 * @throws {FormatError} for anything else; the message says how to get bytes from it
 */
export function bytesOf(file: Bytes): Uint8Array {
  if (file instanceof Uint8Array) return file;
  if (ArrayBuffer.isView(file))
    return new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  const tag = tagOf(file);
  if (tag === 'ArrayBuffer' || tag === 'SharedArrayBuffer') return new Uint8Array(file);
  throw new FormatError(
    `expected the bytes of a file, as a Uint8Array or an ArrayBuffer, not ${described(file, tag)}`,
  );
}

/** 'ArrayBuffer', 'Blob', 'Array', 'Null' … */
const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/** Describes a value that is not bytes, and says how to get bytes from it. */
function described(value: unknown, tag: string): string {
  if (typeof value === 'string')
    return "a string: of a path read the bytes first (await readFile(path), from 'node:fs/promises'), of an address await (await fetch(address)).arrayBuffer()";
  if (tag === 'URL') return 'a URL: await (await fetch(url)).arrayBuffer() gives the bytes';
  if (tag === 'Blob' || tag === 'File') return `a ${tag}: await file.arrayBuffer() gives its bytes`;
  if (tag === 'Response') return 'a Response: await response.arrayBuffer() gives its bytes';
  if (tag === 'Promise') return 'a Promise: await it first';
  if (typeof (value as { toBytes?: unknown } | null)?.toBytes === 'function')
    return 'a model: model.toBytes() gives its bytes';
  return value === null || value === undefined ? String(value) : `of the kind ${tag}`;
}
