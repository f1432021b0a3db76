// Writes PNG images (w3.org/TR/png): grey or RGB, with or without alpha, eight bits.

import { zlibSync } from 'fflate';
import { crc32 } from '../base/crc32.js';
import { paeth } from './paeth.js';
import type { DecodedImage } from './resize.js';

/** The types of colour by the number of channels. */
const COLOUR_TYPES = [0, 0, 4, 2, 6];
const PAETH = 4;

/** The bytes of a file. */
export function encodePng({
  data,
  width,
  height,
  channels,
}: DecodedImage): Uint8Array<ArrayBuffer> {
  const line = width * channels;
  const lines = new Uint8Array(height * (1 + line));
  const none = new Uint8Array(line);
  for (let row = 0; row < height; row++) {
    const at = row * (1 + line);
    const from = row * line;
    const above = row === 0 ? none : data.subarray(from - line, from);
    lines[at] = PAETH;
    for (let i = 0; i < line; i++) {
      const left = i < channels ? 0 : data[from + i - channels];
      const corner = i < channels ? 0 : above[i - channels];
      lines[at + 1 + i] = data[from + i] - paeth(left, above[i], corner);
    }
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, COLOUR_TYPES[channels]], 8);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const chunks = [
    signature,
    chunk('IHDR', header),
    chunk('IDAT', zlibSync(lines)),
    chunk('IEND', new Uint8Array(0)),
  ];
  const file = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of chunks) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/** Length, type, contents, and the checksum of type and contents. */
function chunk(type: string, contents: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + contents.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, contents.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(contents, 8);
  view.setUint32(8 + contents.length, crc32(bytes.subarray(4, 8 + contents.length)));
  return bytes;
}
