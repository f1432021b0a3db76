// Which way is up: the camera's note in EXIF (CIPA DC-008, "Orientation"), and how an image is turned by it.

import type { DecodedImage } from './resize.js';

const ORIENTATION = 0x0112;

/** The number in EXIF's data, from 1 to 8; 1, upright, if there is none. Never throws: many cameras write EXIF badly. */
export function orientationIn(exif: Uint8Array): number {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.length);
  try {
    const isLittle = view.getUint16(0) === 0x4949;
    const first = view.getUint32(4, isLittle);
    const count = view.getUint16(first, isLittle);
    for (let i = 0; i < count; i++) {
      const at = first + 2 + 12 * i;
      if (view.getUint16(at, isLittle) !== ORIENTATION) continue;
      const value = view.getUint16(at + 8, isLittle);
      return value >= 1 && value <= 8 ? value : 1;
    }
  } catch {
    // Cut off.
  }
  return 1;
}

/** The image, turned and mirrored so that it is upright. */
export function upright(image: DecodedImage, orientation: number): DecodedImage {
  if (orientation === 1) return image;
  const { data, width, height, channels } = image;
  // The corner that its first pixel comes from; from 5 on its rows are columns of what is stored.
  const isTurned = orientation >= 5;
  const [fromRight, fromBottom] = [
    [false, false],
    [true, false],
    [true, true],
    [false, true],
    [false, false],
    [false, true],
    [true, true],
    [true, false],
  ][orientation - 1];
  const [across, down] = [fromRight ? -1 : 1, fromBottom ? -width : width];
  const [column, row] = isTurned ? [down, across] : [across, down];
  const [wide, tall] = isTurned ? [height, width] : [width, height];
  const start = (fromRight ? width - 1 : 0) + (fromBottom ? (height - 1) * width : 0);
  const to = new Uint8Array(data.length);
  let at = 0;
  for (let y = 0; y < tall; y++) {
    for (let x = 0; x < wide; x++) {
      const from = (start + y * row + x * column) * channels;
      for (let c = 0; c < channels; c++) to[at++] = data[from + c];
    }
  }
  return { data: to, width: wide, height: tall, channels };
}
