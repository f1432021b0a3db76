// Image files that are damaged or made to harm: decoders answer with pixels or a FormatError, in little time and memory.

import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { crc32 } from '../../src/base/crc32.js';
import { namingAsync } from '../../src/base/namingasync.js';
import { decodeAlone } from '../../src/image/decode.js';
import { formatOf, headerOf, otherFormat } from '../../src/image/header.js';
import { FormatError, io } from '../../src/index.js';
import { damagedBytes } from '../helpers/damage.js';
import { CASES, fuzz } from '../helpers/fuzz.js';
import { rejects } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

/** Decodes as where sharp is not installed. */
async function decode(bytes: Uint8Array): Promise<void> {
  const format = formatOf(bytes);
  if (!format) throw new FormatError(otherFormat(bytes));
  const header = headerOf(bytes, format);
  // Enormous sizes that are honest take their time: what is damaged here never is.
  const { data, width, height, channels } = await decodeAlone(bytes, format, header);
  assert.is(data.length, width * height * channels);
}

const picture = (width: number, height: number, channels: 1 | 3) =>
  sharp(
    Uint8Array.from(numbers(width * height * channels, 1), (v) => 128 + 100 * v),
    { raw: { width, height, channels } },
  );

/** A chunk of a PNG file. */
function chunk(type: string, contents: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + contents.length);
  bytes.writeUInt32BE(contents.length, 0);
  bytes.write(type, 4);
  bytes.set(contents, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), 8 + contents.length);
  return bytes;
}

/** A PNG file of these chunks. */
function png(width: number, height: number, kind: number[], ...chunks: Buffer[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set(kind, 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...chunks,
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** With checksums that are right again, so that what lies behind them is tried too. */
function mended(file: Uint8Array): Uint8Array {
  const bytes = Buffer.from(file);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) break;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return bytes;
}

function bmp(bits: number, extra: Buffer, pixels: Buffer): Buffer {
  const head = Buffer.alloc(54);
  head.write('BM');
  const begin = 54 + extra.length;
  [begin, 40, 3, 2, 1 + (bits << 16)].forEach((value, i) => {
    head.writeUInt32LE(value, 10 + 4 * i);
  });
  return Buffer.concat([head, extra, pixels]);
}

const makers: Record<string, () => Promise<Uint8Array[]>> = {
  PNG: async () => [
    await picture(5, 4, 3).png().toBuffer(),
    await picture(5, 4, 3).png({ palette: true, progressive: true }).toBuffer(),
    await picture(3, 3, 1).toColourspace('b-w').png().toBuffer(),
  ],
  JPEG: async () => [
    await picture(9, 8, 3).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    await picture(9, 8, 3).jpeg({ progressive: true }).toBuffer(),
    await picture(5, 5, 1).toColourspace('b-w').jpeg().toBuffer(),
  ],
  WebP: async () => [
    await picture(9, 8, 3).withMetadata({ orientation: 3 }).webp().toBuffer(),
    await picture(9, 8, 3).webp({ lossless: true }).toBuffer(),
    await picture(9, 8, 3).ensureAlpha(0.5).webp().toBuffer(),
  ],
  BMP: async () => [
    bmp(24, Buffer.alloc(0), Buffer.alloc(24, 7)),
    bmp(4, Buffer.alloc(64, 3), Buffer.alloc(8, 0x12)),
    bmp(16, Buffer.alloc(0), Buffer.alloc(16, 0x55)),
  ],
};

/** What `decode` refuses, with the name that `readImage` gives it. */
const decodeNamed = (file: Uint8Array) => namingAsync('decode', () => decode(file));

for (const [format, make] of Object.entries(makers)) {
  test(`${format}: damaged files`, async () => {
    const files = await make();
    for (const file of files) await decode(file);
    await fuzz({
      name: 'decode',
      files: damagedBytes(files),
      read: decodeNamed,
      // Of PNG files the other half are those whose checksums are right.
      cases: format === 'PNG' ? CASES / 2 : CASES,
      taken: 20,
      refused: 5000,
    });
  });
}

test('PNG with right checksums: damaged files', async () => {
  const files = await (makers.PNG as () => Promise<Uint8Array[]>)();
  await fuzz({
    name: 'decode',
    files: damagedBytes(files).map(mended),
    read: decodeNamed,
    cases: CASES / 2,
    taken: 20,
    refused: 2500,
  });
});

test('readImage, with sharp: damaged files of all formats', async () => {
  const files = (await Promise.all(Object.values(makers).map((make) => make()))).flat();
  await fuzz({
    name: 'io.readImage',
    files: damagedBytes(files),
    read: async (file) => (await io.readImage(file)).dispose(),
    cases: CASES / 4,
    taken: 20,
    refused: 1000,
  });
});

test('readImage, with sharp: an empty file', () =>
  rejects(() => io.readImage(new Uint8Array(0)), FormatError, 'io.readImage', 'an empty file'));

test('images larger than they may be are refused by their header, whatever decodes them', async () => {
  const jpeg = Buffer.from(await picture(8, 8, 3).jpeg().toBuffer());
  const frame = jpeg.indexOf(Buffer.of(0xff, 0xc0));
  jpeg.writeUInt32BE(0xffffffff, frame + 5);
  const webp = Buffer.alloc(40);
  webp.write('RIFF');
  webp.write('WEBPVP8X', 8);
  webp.fill(0xff, 24, 30);
  const large = bmp(24, Buffer.alloc(0), Buffer.alloc(24));
  large.writeInt32LE(-(2 ** 31), 22);
  const bomb = png(30_000, 30_000, [8, 2], chunk('IDAT', deflateSync(Buffer.alloc(1000))));
  for (const file of [bomb, jpeg, webp, large]) {
    const read = () => io.readImage(file);
    await rejects(read, FormatError, 'io.readImage', 'pixels large', `${2 ** 27} in all`);
  }
});

test('PNG: bombs, and what is not as it should be', async () => {
  const refuse = (file: Uint8Array, ...parts: string[]) =>
    rejects(() => decode(file), FormatError, ...parts);
  const idat = (bytes: number) => chunk('IDAT', deflateSync(Buffer.alloc(bytes)));
  await decode(png(2, 1, [8, 2], idat(7)));
  // 64 MB in 64 KB, for an image of two pixels; and an image whose pixels the file cannot have.
  await refuse(png(2, 1, [8, 2], idat(64 << 20)), 'more than the 7 bytes');
  await refuse(png(9000, 9000, [16, 6], idat(9000)), 'cannot unpack');
  await refuse(png(2, 1, [8, 2], idat(6)), '6 bytes, not the 7');
  await refuse(png(2, 1, [8, 2]), 'no pixels');
  await refuse(png(2, 1, [4, 2], idat(7)), 'type 2 of 4 bits');
  await refuse(png(2, 1, [8, 5], idat(7)), 'type 5');
  await refuse(png(2, 1, [8, 2, 0, 0, 2], idat(7)), 'kind');
  await refuse(png(2, 1, [8, 3], idat(3)), 'colour 0 of a palette of 0');
  await refuse(png(2, 1, [8, 2], chunk('IDAT', deflateSync(Buffer.alloc(7, 9)))), 'the filter 9');
  await refuse(png(2, 1, [8, 2], chunk('CgBI', Buffer.alloc(4)), idat(7)), 'CgBI');
  await refuse(png(2, 1, [8, 2], chunk('IHDR', Buffer.alloc(13)), idat(7)), 'IHDR');
  await refuse(png(0, 1, [8, 2], idat(0)), '0×1');
  const wrong = png(2, 1, [8, 2], idat(7));
  wrong[45] ^= 1;
  await refuse(wrong, 'IDAT at 33', 'damaged');
});

test('files that are no images, and formats that are not read without sharp', async () => {
  const refuse = (text: string, ...parts: string[]) =>
    rejects(() => decode(Buffer.from(text, 'latin1')), FormatError, ...parts);
  await refuse('', 'an empty file');
  await refuse('<!doctype html>', 'an HTML page');
  await refuse('GIF89a', "begins with 'GIF89a'");
  await refuse('\xff\xd8\xff\xd9', 'no frame');
  await refuse('\xff\xd8\xff\xe0\x00\x01', 'length of 1');
  await refuse('RIFF\0\0\0\0WEBPABCD', 'no image');
  await refuse(`BM${'\0'.repeat(60)}`, '0×0');
});

test.run();
