// Decodes PNG images (w3.org/TR/png) of all kinds: grey, RGB and palette, 1 to 16 bits, with alpha, interlaced. Written
// here because other decoders inflate whatever a file has, however small the image is that it declares.

import { crc32 } from '../base/crc32.js';
import { FormatError } from '../base/errors.js';
import { inflate } from '../base/inflate.js';
import { ByteReader } from './bytereader.js';
import { paeth } from './paeth.js';
import type { DecodedImage } from './resize.js';

/** Numbers of a pixel as stored, by the type of colour; the depths that each may have. */
const kinds: Readonly<Record<number, { channels: number; depths: readonly number[] }>> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { channels: 3, depths: [8, 16] },
  3: { channels: 1, depths: [1, 2, 4, 8] },
  4: { channels: 2, depths: [8, 16] },
  6: { channels: 4, depths: [8, 16] },
};

const PALETTE = 3;

/** Adam7's passes: the first column and row, and the steps to the next. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** The parts of a file that make the image. */
interface Chunks {
  readonly header: ByteReader;
  readonly palette: Uint8Array;
  readonly packed: Uint8Array;
}

/** @throws {FormatError} */
export function decodePng(bytes: Uint8Array): DecodedImage {
  const { header, palette, packed } = chunksOf(new ByteReader(bytes));
  const [width, height] = [header.u32(0, false), header.u32(4, false)];
  const [depth, type, compression, filter, interlace] = header.part(8, 5);
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (!kind?.depths.includes(depth) || compression || filter || interlace > 1)
    throw new FormatError(`it is of a kind that there is not: type ${type} of ${depth} bits`);
  const bits = depth * kind.channels;
  const passes = (interlace ? ADAM7 : [[0, 0, 1, 1] as const])
    .map(([x, y, stepX, stepY]) => ({
      ...{ x, y, stepX, stepY },
      wide: Math.ceil((width - x) / stepX),
      tall: Math.ceil((height - y) / stepY),
    }))
    .filter(({ wide, tall }) => wide > 0 && tall > 0);
  const lineOf = (wide: number): number => Math.ceil((wide * bits) / 8);
  const size = passes.reduce((sum, { wide, tall }) => sum + tall * (1 + lineOf(wide)), 0);
  if ((packed[0] & 15) !== 8 || packed[1] & 32)
    throw new FormatError('its compressed data do not begin as they should');
  // Two bytes of zlib's before, four after.
  const lines = inflate(packed.subarray(2, -4), size);
  const channels = type === PALETTE ? 3 : kind.channels;
  const data = new Uint8Array(width * height * channels);
  let at = 0;
  for (const { x, y, stepX, stepY, wide, tall } of passes) {
    const length = lineOf(wide);
    // What lies above the first line.
    let above: Uint8Array = new Uint8Array(length);
    for (let row = 0; row < tall; row++) {
      const line = lines.subarray(at + 1, at + 1 + length);
      unfilter(line, above, lines[at], Math.max(1, bits >> 3));
      above = line;
      at += 1 + length;
      const place = (y + row * stepY) * width + x;
      spread(
        data,
        line,
        { place, step: stepX, wide, depth, channels: kind.channels, type },
        palette,
      );
    }
  }
  return { data, width, height, channels };
}

/** @throws {FormatError} for chunks that are damaged, missing or unknown */
function chunksOf(file: ByteReader): Chunks {
  let header: Uint8Array | undefined;
  let palette: Uint8Array = new Uint8Array(0);
  const packed: Uint8Array[] = [];
  for (let at = 8; ; ) {
    const length = file.u32(at, false);
    const type = file.text(at + 4, 4);
    const part = file.part(at + 8, length);
    // The first letter of what an image cannot be shown without is a capital.
    const isCritical = type[0] >= 'A' && type[0] <= 'Z';
    if (isCritical && crc32(file.part(at + 4, 4 + length)) !== file.u32(at + 8 + length, false))
      throw new FormatError(`the checksum of its chunk ${type} at ${at} is wrong: it is damaged`);
    if (type === 'IEND') break;
    if (type === 'IHDR' && !header) header = part;
    else if (type === 'PLTE') palette = part;
    else if (type === 'IDAT') packed.push(part);
    else if (isCritical) throw new FormatError(`its chunk ${type} at ${at} is not known`);
    at += 12 + length;
  }
  if (!header || packed.length === 0) throw new FormatError('it has no pixels');
  const all = new Uint8Array(packed.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of packed) {
    all.set(part, end);
    end += part.length;
  }
  return { header: new ByteReader(header), palette, packed: all };
}

/** Adds what the filter has subtracted: of the bytes on the left, above and both. @param back bytes to the left pixel */
function unfilter(line: Uint8Array, above: Uint8Array, filter: number, back: number): void {
  if (filter > 4) throw new FormatError(`a line has the filter ${filter}, which there is not`);
  if (filter === 0) return;
  for (let i = 0; i < line.length; i++) {
    const left = i < back ? 0 : line[i - back];
    const up = above[i];
    if (filter === 1) line[i] += left;
    else if (filter === 2) line[i] += up;
    else if (filter === 3) line[i] += (left + up) >> 1;
    else line[i] += paeth(left, up, i < back ? 0 : above[i - back]);
  }
}

/** Where the pixels of a line are in the image, and what they consist of. */
interface Line {
  readonly place: number;
  readonly step: number;
  readonly wide: number;
  readonly depth: number;
  readonly channels: number;
  readonly type: number;
}

/** Writes the pixels of a line as bytes: of 16 bits the upper half, of fewer than 8 stretched to 255. */
function spread(
  to: Uint8Array,
  line: Uint8Array,
  { place, step, wide, depth, channels, type }: Line,
  palette: Uint8Array,
): void {
  const most = (1 << depth) - 1;
  const scale = depth < 8 && type !== PALETTE ? 255 / most : 1;
  for (let pixel = 0; pixel < wide; pixel++) {
    const at = place + pixel * step;
    for (let c = 0; c < channels; c++) {
      const i = pixel * channels + c;
      const value =
        depth === 16
          ? line[2 * i]
          : depth === 8
            ? line[i]
            : (line[(i * depth) >> 3] >> (8 - depth - ((i * depth) & 7))) & most;
      if (type !== PALETTE) to[at * channels + c] = value * scale;
      else {
        if (3 * value + 3 > palette.length)
          throw new FormatError(
            `a pixel has colour ${value} of a palette of ${Math.floor(palette.length / 3)}`,
          );
        to.set(palette.subarray(3 * value, 3 * value + 3), 3 * at);
      }
    }
  }
}
