// Protocol buffers as they lie in a file (protobuf.dev/programming-guides/encoding): fields of messages, checked against
// the file's end. Bytes are not copied.

import { FormatError } from '../../base/errors.js';

/** What the number after a field's begins with: how it lies. */
const Type = { varint: 0, eight: 1, length: 2, four: 5 } as const;

/** Puts a field of a message into what is made of it, by the field's number. Others are skipped. */
export type Fields<T> = Readonly<Record<number, (made: T, wire: Wire) => void>>;

const decoder = new TextDecoder();

/** Reads one field after another. */
export class Wire {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  /** Where the message ends that is being read. */
  #end: number;
  /** Of the field that is being read. */
  #type: number = Type.length;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#end = bytes.length;
  }

  /** The whole file as a message. @throws {FormatError} for what is cut off or damaged */
  read<T>(made: T, fields: Fields<T>): T {
    try {
      this.#fields(made, fields);
      return made;
    } catch (error) {
      // Beyond the last byte.
      if (error instanceof RangeError) this.#fail('a field cannot be read');
      throw error;
    }
  }

  /** A message in a field. */
  message<T>(made: T, fields: Fields<T>): T {
    this.#inside(() => this.#fields(made, fields));
    return made;
  }

  bytes(): Uint8Array {
    return this.#inside(() => this.#bytes.subarray(this.#at, this.#skipped(this.#end - this.#at)));
  }

  /** A copy is decoded: browsers do not decode shared memory. */
  text(): string {
    return decoder.decode(new Uint8Array(this.bytes()));
  }

  /** A whole number of 64 bits, as near as a number comes; in two's complement where it is signed. */
  int(isSigned = true): number {
    this.#expect(Type.varint);
    return this.#varint(isSigned);
  }

  float(): number {
    this.#expect(Type.four);
    return this.#float();
  }

  /** Whole numbers, one or a list of them, after those that there are. */
  ints(to: number[], isSigned = true): void {
    this.#list(to, Type.varint, () => this.#varint(isSigned));
  }

  floats(to: number[]): void {
    this.#list(to, Type.four, () => this.#float());
  }

  doubles(to: number[]): void {
    this.#list(to, Type.eight, () => this.#view.getFloat64(this.#skipped(8) - 8, true));
  }

  #fields<T>(made: T, fields: Fields<T>): void {
    while (this.#at < this.#end) {
      const tag = this.#varint(false);
      this.#type = tag % 8;
      const read = fields[Math.floor(tag / 8)];
      if (read) read(made, this);
      else this.#skip();
    }
    if (this.#at > this.#end) this.#fail('a field reaches beyond its message');
  }

  #skip(): void {
    if (this.#type === Type.length) this.bytes();
    else if (this.#type === Type.varint) this.#varint(false);
    else if (this.#type === Type.four) this.#skipped(4);
    else {
      this.#expect(Type.eight);
      this.#skipped(8);
    }
  }

  /** Does work for a field that says its length. Nothing of it may reach beyond. */
  #inside<T>(work: () => T): T {
    this.#expect(Type.length);
    const length = this.#varint(false);
    const outer = this.#end;
    if (!(this.#at + length <= outer))
      this.#fail(`a message of ${length} bytes reaches beyond what holds it`);
    this.#end = this.#at + length;
    const made = work();
    this.#end = outer;
    return made;
  }

  #list(to: number[], type: number, read: () => number): void {
    if (this.#type !== Type.length) {
      this.#expect(type);
      to.push(read());
      return;
    }
    this.#inside(() => {
      while (this.#at < this.#end) to.push(read());
      if (this.#at > this.#end) this.#fail('a field reaches beyond its message');
    });
  }

  #float(): number {
    return this.#view.getFloat32(this.#skipped(4) - 4, true);
  }

  /** Seven bits in each byte, the lowest first; the low 28 and the high 36 apart, so that both are exact. */
  #varint(isSigned: boolean): number {
    let [low, high] = [0, 0];
    for (let i = 0; i < 10; i++) {
      const byte = this.#view.getUint8(this.#at++);
      const bits = byte % 128;
      if (i < 4) low += bits * 2 ** (7 * i);
      // Of the tenth byte one bit is left.
      else high += (i < 9 ? bits : bits % 2) * 2 ** (7 * i - 28);
      if (byte < 128) return (isSigned && high >= 2 ** 35 ? high - 2 ** 36 : high) * 2 ** 28 + low;
    }
    return this.#fail('a number has no end');
  }

  /** Goes on by so many bytes. @returns where it is then */
  #skipped(count: number): number {
    this.#at += count;
    return this.#at;
  }

  #expect(type: number): void {
    if (this.#type !== type) this.#fail('a field is of another type than it should be');
  }

  #fail(what: string): never {
    throw new FormatError(
      `not a sound ONNX file: ${what} at byte ${this.#at}: is it cut off or damaged?`,
    );
  }
}
