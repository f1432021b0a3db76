// The checksum of model files: eight digits that come first in the metadata, so that their place is known. They are of
// all other bytes.

import { crc32 } from './crc32.js';

/** What stands in their place before they are known. */
export const UNSEALED = '00000000';

/** How a file with a checksum begins, after the eight bytes that tell the length of its header. */
const BEGIN = '{"__metadata__":{"checksum":"';
const FIRST = 8 + BEGIN.length;
const LAST = FIRST + UNSEALED.length;

const text = (bytes: Uint8Array, begin: number, end: number): string =>
  String.fromCharCode(...bytes.subarray(begin, end));

const sumOf = (bytes: Uint8Array): string =>
  crc32(bytes.subarray(LAST), crc32(bytes.subarray(0, FIRST)))
    .toString(16)
    .padStart(UNSEALED.length, '0');

/** Writes a file's checksum into its place. @param bytes a file whose metadata begin with `checksum`: UNSEALED */
export function seal(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  bytes.set(new TextEncoder().encode(sumOf(bytes)), FIRST);
  return bytes;
}

/** What is wrong with a file's checksum; undefined where it is right, or where the file has none, as older ones. */
export function wrongChecksum(bytes: Uint8Array): string | undefined {
  if (text(bytes, 8, FIRST) !== BEGIN) return undefined;
  const [said, found] = [text(bytes, FIRST, LAST), sumOf(bytes)];
  return said === found ? undefined : `its checksum is ${said}, but its bytes give ${found}`;
}

/** Whether a file may be a model's: one that a program was killed amid, or that is empty, is not. */
export const isSound = (bytes: Uint8Array): boolean =>
  bytes[8] === BEGIN.charCodeAt(0) && wrongChecksum(bytes) === undefined;
