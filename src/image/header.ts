// What an image file says of itself before it is decoded: its format, its size, which way is up.

import { FormatError } from '../base/errors.js';
import { beginning, fileKind } from '../base/filekind.js';
import { ByteReader } from './bytereader.js';
import { orientationIn } from './orientation.js';

/** The formats that are read without another package. */
export type ImageFormat = 'PNG' | 'JPEG' | 'WebP' | 'BMP';

/** An image that is still encoded. */
export interface ImageHeader {
  /** In pixels, as they are stored. */
  readonly width: number;
  readonly height: number;
  /** EXIF's number from 1 to 8: 1 if the image is upright as it is stored. */
  readonly orientation: number;
  /** How many numbers a pixel of a JPEG has. */
  readonly components?: number;
}

/** An image of more pixels, such as 11 585 × 11 585, is refused before it is decoded: half a gigabyte of bytes. */
export const MOST_PIXELS = 2 ** 27;

/** The format by a file's first bytes; undefined for another one. */
export function formatOf(bytes: Uint8Array): ImageFormat | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 12));
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'PNG';
  if (head.startsWith('\xff\xd8\xff')) return 'JPEG';
  if (/^RIFF.{4}WEBP/s.test(head)) return 'WebP';
  return head.startsWith('BM') ? 'BMP' : undefined;
}

/** What to say of a file that is no image of these formats: as in 'not a PNG, … but an HTML page'. */
export function otherFormat(bytes: Uint8Array): string {
  const kind = fileKind(bytes);
  return kind
    ? `not a PNG, JPEG, WebP or BMP image but ${kind.what}: ${kind.wayOut}`
    : `not a PNG, JPEG, WebP or BMP image: it begins with ${beginning(bytes)}`;
}

/** @throws {FormatError} for a damaged header, and for more pixels than {@link MOST_PIXELS} */
export function headerOf(bytes: Uint8Array, format: ImageFormat): ImageHeader {
  const header = readers[format](new ByteReader(bytes));
  const { width, height } = header;
  if (width === 0 || height === 0) throw new FormatError(`its size is ${width}×${height} pixels`);
  if (width * height > MOST_PIXELS)
    throw new FormatError(
      `it is ${width}×${height} pixels large, of which there may be ${MOST_PIXELS} in all`,
    );
  return header;
}

const readers: Readonly<Record<ImageFormat, (file: ByteReader) => ImageHeader>> = {
  PNG: pngHeader,
  JPEG: jpegHeader,
  WebP: webpHeader,
  BMP: (file) => {
    // Its first version, of OS/2, had sides of 16 bits.
    const isOld = file.u32(14, true) === 12;
    const [width, height] = isOld
      ? [file.u16(18, true), file.u16(20, true)]
      : [file.i32(18), file.i32(22)];
    // A negative height says that the first row is the top one.
    return { width: Math.max(0, width), height: Math.abs(height), orientation: 1 };
  },
};

/** PNG: chunks of a length, a type, contents and a checksum. The first one has the size. */
function pngHeader(file: ByteReader): ImageHeader {
  if (file.text(12, 4) !== 'IHDR') throw new FormatError('its first chunk is not IHDR');
  const sides = { width: file.u32(16, false), height: file.u32(20, false) };
  let orientation = 1;
  for (let at = 8; at + 12 <= file.bytes.length; at += 12 + file.u32(at, false)) {
    const type = file.text(at + 4, 4);
    if (type === 'eXIf') orientation = orientationIn(file.part(at + 8, file.u32(at, false)));
    if (type === 'IDAT') break;
  }
  return { ...sides, orientation };
}

/** Markers without contents. */
const isAlone = (marker: number): boolean => (marker >= 0xd0 && marker <= 0xd8) || marker === 1;

/** JPEG (ITU-T T.81): segments of a marker, a length and contents; that of the frame has the size. */
function jpegHeader(file: ByteReader): ImageHeader {
  let orientation = 1;
  for (let at = 2; ; ) {
    if (file.u8(at) !== 0xff) throw new FormatError(`it has no marker at ${at}`);
    const marker = file.u8(at + 1);
    // Bytes 255 may fill the space before a marker.
    if (marker === 0xff || isAlone(marker)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      const [height, width] = [file.u16(at + 5, false), file.u16(at + 7, false)];
      return { width, height, orientation, components: file.u8(at + 9) };
    }
    if (marker === 0xd9 || marker === 0xda)
      throw new FormatError(`it has no frame before what begins at ${at}`);
    const length = file.u16(at + 2, false);
    if (length < 2) throw new FormatError(`the segment at ${at} has a length of ${length}`);
    if (marker === 0xe1 && length >= 8 && file.text(at + 4, 6) === 'Exif\0\0')
      orientation = orientationIn(file.part(at + 10, length - 8));
    at += 2 + length;
  }
}

/** WebP (RFC 9649): RIFF chunks, of which the first one has the size, in three ways. */
function webpHeader(file: ByteReader): ImageHeader {
  const type = file.text(12, 4);
  if (type === 'VP8 ') {
    const sides = { width: file.u16(26, true) & 0x3fff, height: file.u16(28, true) & 0x3fff };
    return { ...sides, orientation: 1 };
  }
  if (type === 'VP8L') {
    const bits = file.u32(21, true);
    const sides = { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    return { ...sides, orientation: 1 };
  }
  if (type !== 'VP8X') throw new FormatError('its first chunk is no image');
  const sides = { width: file.u24(24) + 1, height: file.u24(27) + 1 };
  let orientation = 1;
  for (let at = 12; at + 8 <= file.bytes.length; ) {
    const length = file.u32(at + 4, true);
    if (file.text(at, 4) === 'EXIF') {
      // Some programs write JPEG's six letters before it.
      const exif = file.part(at + 8, length);
      const isPrefixed = String.fromCharCode(...exif.subarray(0, 4)) === 'Exif';
      orientation = orientationIn(isPrefixed ? exif.subarray(6) : exif);
    }
    at += 8 + length + (length & 1);
  }
  return { ...sides, orientation };
}
