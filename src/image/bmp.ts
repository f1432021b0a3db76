// Decodes Windows bitmaps (Microsoft's BITMAPINFOHEADER and its kin): palettes of 1, 4 and 8 bits, colours of 16, 24 and
// 32. What is compressed by run lengths is not read.

import { FormatError } from '../base/errors.js';
import { ByteReader } from './bytereader.js';
import { headerOf } from './header.js';
import type { DecodedImage } from './resize.js';

/** Of `compression`: colours as they are, or in bits that masks say. */
const RGB = 0;
const BITFIELDS = 3;

/** Red, green and blue in a pixel of 16 or 32 bits, where no masks are given. */
const defaults: Readonly<Record<number, readonly number[]>> = {
  16: [0x7c00, 0x3e0, 0x1f],
  32: [0xff0000, 0xff00, 0xff],
};

/** @throws {FormatError} */
export function decodeBmp(bytes: Uint8Array): DecodedImage {
  const file = new ByteReader(bytes);
  const { width, height } = headerOf(bytes, 'BMP');
  const headerSize = file.u32(14, true);
  const isOld = headerSize === 12;
  if (!isOld && headerSize < 40) throw new FormatError(`its header has ${headerSize} bytes`);
  const bits = file.u16(isOld ? 24 : 28, true);
  const compression = isOld ? RGB : file.u32(30, true);
  const isKnown = [1, 4, 8, 16, 24, 32].includes(bits);
  if (!isKnown || (compression !== RGB && !(compression === BITFIELDS && bits in defaults)))
    throw new FormatError(
      `it has ${bits} bits a pixel in the compression ${compression}; 1, 4, 8, 16, 24 and 32 without any are read`,
    );
  const begin = file.u32(10, true);
  // Lines are padded to four bytes, and the first one is at the bottom.
  const line = Math.ceil((width * bits) / 32) * 4;
  const isTopDown = !isOld && file.i32(22) < 0;
  file.part(begin, line * height);
  const pixelAt = pixelReader(file, bits, compression, headerSize);
  const data = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const from = begin + line * (isTopDown ? row : height - 1 - row);
    for (let column = 0; column < width; column++)
      pixelAt(from, column, data, (row * width + column) * 3);
  }
  return { data, width, height, channels: 3 };
}

/** Writes pixel `column` of the line at `from` to `to` at `at`. */
type PixelReader = (from: number, column: number, to: Uint8Array, at: number) => void;

function pixelReader(
  file: ByteReader,
  bits: number,
  compression: number,
  headerSize: number,
): PixelReader {
  const { bytes } = file;
  if (bits === 24)
    return (from, column, to, at) => {
      for (let c = 0; c < 3; c++) to[at + c] = bytes[from + 3 * column + 2 - c];
    };
  if (bits > 8) {
    const given = [0, 4, 8].map((i) => (compression === BITFIELDS ? file.u32(54 + i, true) : 0));
    const masks = compression === BITFIELDS ? given : defaults[bits];
    const fields = masks.map((mask) => {
      const shift = mask ? 31 - Math.clz32(mask & -mask) : 0;
      return { mask, shift, most: mask >>> shift || 1 };
    });
    return (from, column, to, at) => {
      const pixel =
        bits === 16 ? file.u16(from + 2 * column, true) : file.u32(from + 4 * column, true);
      fields.forEach(({ mask, shift, most }, c) => {
        to[at + c] = (((pixel & mask) >>> shift) * 255) / most + 0.5;
      });
    };
  }
  // The palette: blue, green and red, and in all versions but the first a byte that says nothing.
  const [table, size] = [14 + headerSize, headerSize === 12 ? 3 : 4];
  return (from, column, to, at) => {
    const byte = bytes[from + ((column * bits) >> 3)];
    const index = (byte >> (8 - bits - ((column * bits) & 7))) & ((1 << bits) - 1);
    for (let c = 0; c < 3; c++) to[at + c] = file.u8(table + size * index + 2 - c);
  };
}
