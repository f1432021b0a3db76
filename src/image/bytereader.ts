// Reads numbers of an image file by their offsets. Beyond the file's end it throws, which no reader need check.

import { FormatError } from '../base/errors.js';

/** The bytes of a file. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #check(at: number, count: number): number {
    if (at + count <= this.bytes.length) return at;
    throw new FormatError(
      `something of it lies at ${at}, but it ends at ${this.bytes.length}: is it cut off?`,
    );
  }

  u8(at: number): number {
    return this.#view.getUint8(this.#check(at, 1));
  }

  u16(at: number, isLittle: boolean): number {
    return this.#view.getUint16(this.#check(at, 2), isLittle);
  }

  u24(at: number): number {
    return this.u16(at, true) + this.u8(at + 2) * 0x10000;
  }

  u32(at: number, isLittle: boolean): number {
    return this.#view.getUint32(this.#check(at, 4), isLittle);
  }

  i32(at: number): number {
    return this.#view.getInt32(this.#check(at, 4), true);
  }

  /** Bytes as Latin letters. */
  text(at: number, count: number): string {
    return String.fromCharCode(...this.part(at, count));
  }

  part(at: number, count: number): Uint8Array {
    return this.bytes.subarray(this.#check(at, count), at + count);
  }
}
