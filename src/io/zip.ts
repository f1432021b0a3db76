// Zip archives, as far as NumPy has them: reads what is stored or deflated, with zip64; writes what is stored. The format
// is PKWARE's APPNOTE.TXT.

import { crc32 } from '../base/crc32.js';
import { FormatError } from '../base/errors.js';
import { fileKind } from '../base/filekind.js';
import { inflate } from '../base/inflate.js';
import { about } from '../base/naming.js';
import { shown } from '../base/shown.js';

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Of its bytes, unpacked. */
  readonly size: number;
  readonly isDeflated: boolean;
  readonly crc: number;
  /** As they are in the archive. */
  readonly packed: Uint8Array;
}

const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;

/** The end record has 22 bytes, and a comment of at most 65535 after them. */
const FARTHEST_END = 22 + 65535;

/** The version of the format that files need: 2.0. */
const VERSION = 20;

/** 32 bits that say: look in the zip64 field. */
const IN_ZIP64 = 0xffffffff;

/** The archive's bytes, by offsets. Reading beyond its end throws. */
class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #check(at: number, count: number): void {
    if (at + count > this.bytes.length)
      throw new FormatError(`something lies beyond its ${this.bytes.length} bytes: is it cut off?`);
  }

  u16(at: number): number {
    this.#check(at, 2);
    return this.#view.getUint16(at, true);
  }

  u32(at: number): number {
    this.#check(at, 4);
    return this.#view.getUint32(at, true);
  }

  u64(at: number): number {
    this.#check(at, 8);
    return Number(this.#view.getBigUint64(at, true));
  }

  part(at: number, count: number): Uint8Array {
    this.#check(at, count);
    return this.bytes.subarray(at, at + count);
  }
}

/**
 * The files of an archive, in the order of its directory. Nothing is unpacked.
 *
 * @throws {FormatError} for anything but a complete archive, and for files that are encrypted, compressed in other
 *   ways, overlap each other or have the same name
 */
export function readZip(bytes: Uint8Array): ZipEntry[] {
  const zip = new Reader(bytes);
  const { count, begin } = directoryOf(zip);
  const entries: (ZipEntry & { begin: number; end: number })[] = [];
  const names = new Set<string>();
  for (let i = 0, at = begin; i < count; i++) {
    if (zip.u32(at) !== ENTRY) throw new FormatError(`its directory is damaged at ${at}`);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) =>
      zip.u16(at + field),
    );
    // A copy: browsers do not decode shared memory.
    const name = new TextDecoder().decode(new Uint8Array(zip.part(at + 46, nameLength)));
    if (names.has(name)) throw new FormatError(`it has ${shown(name)} twice`);
    names.add(name);
    entries.push({ name, ...about(shown(name), () => placeOf(zip, at, begin)) });
    at += 46 + nameLength + extraLength + commentLength;
  }
  // Entries that share their bytes unpack to petabytes (Fifield, "A better zip bomb", WOOT 2019).
  const sorted = [...entries].sort((a, b) => a.begin - b.begin);
  sorted.slice(1).forEach(({ name, begin }, i) => {
    if (begin < sorted[i].end)
      throw new FormatError(`${shown(name)} begins at ${begin}, inside ${shown(sorted[i].name)}`);
  });
  return entries;
}

/** How many files there are, and where the list of them begins. */
function directoryOf(zip: Reader): { count: number; begin: number } {
  const { bytes } = zip;
  const isZip = bytes.length >= 22 && (zip.u32(0) === LOCAL || zip.u32(0) === END);
  if (!isZip) throw new FormatError(`not a zip archive${whatInstead(bytes)}`);
  let end = bytes.length - 22;
  const least = Math.max(0, bytes.length - FARTHEST_END);
  while (end >= least && zip.u32(end) !== END) end--;
  if (end < least) throw new FormatError('its directory is missing: is it cut off?');
  if (end >= 20 && zip.u32(end - 20) === LOCATOR64) {
    const at = zip.u64(end - 12);
    if (zip.u32(at) !== END64) throw new FormatError(`its zip64 directory is not at ${at}`);
    return { count: zip.u64(at + 32), begin: zip.u64(at + 48) };
  }
  return { count: zip.u16(end + 10), begin: zip.u32(end + 16) };
}

const whatInstead = (bytes: Uint8Array): string => {
  const kind = fileKind(bytes);
  return kind ? ` but ${kind.what}: ${kind.wayOut}` : '';
};

/** Where a file is, by its entry at `at`. @param limit where the directory begins, before which all files end */
function placeOf(
  zip: Reader,
  at: number,
  limit: number,
): Omit<ZipEntry, 'name'> & { begin: number; end: number } {
  const method = zip.u16(at + 10);
  if (zip.u16(at + 8) & 1) throw new FormatError('it is encrypted');
  if (method !== 0 && method !== 8)
    throw new FormatError(`it is compressed by method ${method}; stored and deflated are read`);
  // Unpacked size, packed size and offset: those that do not fit 32 bits are in the zip64 field, in this order.
  let more = zip64At(zip, at);
  const [size, packedSize, begin] = [24, 20, 42].map((field) => {
    const value = zip.u32(at + field);
    if (value !== IN_ZIP64 || more === undefined) return value;
    more += 8;
    return zip.u64(more - 8);
  });
  if (zip.u32(begin) !== LOCAL) throw new FormatError(`there is no file at ${begin}`);
  const from = begin + 30 + zip.u16(begin + 26) + zip.u16(begin + 28);
  const end = from + packedSize;
  if (end > limit) throw new FormatError(`it ends at ${end}, behind the directory at ${limit}`);
  if (method === 0 && size !== packedSize)
    throw new FormatError(`it is stored, but in ${packedSize} bytes for ${size}`);
  const packed = zip.part(from, packedSize);
  return { size, isDeflated: method === 8, crc: zip.u32(at + 16), packed, begin, end };
}

/** Where the zip64 field of an entry has its numbers; undefined if there is none. */
function zip64At(zip: Reader, at: number): number | undefined {
  const begin = at + 46 + zip.u16(at + 28);
  const end = begin + zip.u16(at + 30);
  for (let field = begin; field + 4 <= end; field += 4 + zip.u16(field + 2))
    if (zip.u16(field) === 1) return field + 4;
  return undefined;
}

/** The first bytes of a file, at most `count`. @throws {FormatError} for damaged data */
export function headOf({ packed, isDeflated, size }: ZipEntry, count: number): Uint8Array {
  const most = Math.min(count, size);
  return isDeflated ? inflate(packed, most, true) : packed.subarray(0, most);
}

/** All bytes of a file. @throws {FormatError} for damaged data */
export function unpack({ packed, isDeflated, size, crc }: ZipEntry): Uint8Array {
  const bytes = isDeflated ? inflate(packed, size) : packed;
  if (crc32(bytes) !== crc) throw new FormatError('its checksum is wrong: the archive is damaged');
  return bytes;
}

/** The oldest date that the format can say, 1980-01-01: the same files make the same bytes. */
const DATE = 0x00210000;

/** Names are in UTF-8. */
const UTF8 = 1 << 11;

/** An archive of files, not compressed. Together they have less than 4 GiB, as all that WebAssembly's memory holds. */
export function writeZip(
  files: readonly (readonly [string, Uint8Array])[],
): Uint8Array<ArrayBuffer> {
  const entries = files.map(([text, bytes]) => ({
    name: new TextEncoder().encode(text),
    bytes,
    crc: crc32(bytes),
  }));
  const names = entries.reduce((sum, { name }) => sum + name.length, 0);
  const contents = entries.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const to = new Uint8Array(entries.length * (30 + 46) + 2 * names + contents + 22);
  const view = new DataView(to.buffer);
  let at = 0;
  const numbers = (size: 2 | 4, ...values: number[]): void => {
    for (const value of values) {
      if (size === 2) view.setUint16(at, value, true);
      else view.setUint32(at, value, true);
      at += size;
    }
  };
  const put = (bytes: Uint8Array): void => {
    to.set(bytes, at);
    at += bytes.length;
  };
  // What a file's own header and its entry in the directory both have.
  const describe = ({ name, bytes, crc }: (typeof entries)[number]): void => {
    numbers(2, VERSION, UTF8, 0);
    numbers(4, DATE, crc, bytes.length, bytes.length);
    numbers(2, name.length, 0);
  };
  const places = entries.map((entry) => {
    const place = at;
    numbers(4, LOCAL);
    describe(entry);
    put(entry.name);
    put(entry.bytes);
    return place;
  });
  const begin = at;
  entries.forEach((entry, i) => {
    numbers(4, ENTRY);
    numbers(2, VERSION);
    describe(entry);
    numbers(2, 0, 0, 0);
    numbers(4, 0, places[i]);
    put(entry.name);
  });
  const end = at;
  numbers(4, END);
  numbers(2, 0, 0, entries.length, entries.length);
  numbers(4, end - begin, begin);
  return to;
}
