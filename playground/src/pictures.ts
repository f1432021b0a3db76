// Numbers as pictures.

import { PIXELS, SIDE } from './datasets.js';
import type { Maps } from './messages.js';

type Colour = readonly [red: number, green: number, blue: number];

/** Colours from one number to another, evenly apart. */
function ramp(colours: readonly Colour[]): Uint32Array {
  const bytes = new Uint8ClampedArray(256 * 4);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (colours.length - 1);
    const from = Math.min(Math.floor(at), colours.length - 2);
    for (let c = 0; c < 3; c++) {
      const [a, b] = [colours[from][c], colours[from + 1][c]];
      bytes[4 * i + c] = a + (b - a) * (at - from);
    }
    bytes[4 * i + 3] = 255;
  }
  return new Uint32Array(bytes.buffer);
}

/** From dark to bright, for what layers make. */
const brightness = ramp([
  [13, 17, 38],
  [20, 72, 94],
  [21, 128, 116],
  [120, 190, 100],
  [252, 240, 170],
]);
/** From below zero to above, for weights. */
const signs = ramp([
  [178, 84, 20],
  [232, 150, 90],
  [244, 244, 240],
  [96, 150, 206],
  [24, 80, 150],
]);

/** Numbers as places on the ramp: around 0 for signed ones, else from the least to the most. */
function scale(data: Float32Array, signed: boolean): (value: number) => number {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of data) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (signed) {
    most = Math.max(Math.abs(least), Math.abs(most));
    least = -most;
  }
  const range = most - least || 1;
  return (value) => Math.round(((value - least) / range) * 255);
}

/** Height that small pictures are drawn in, so that the gaps between them stay small. */
const LEAST = 28;

/** Draws pictures side by side in a grid with gaps of a pixel, one canvas for all of them. */
export function drawMaps(canvas: HTMLCanvasElement, maps: Maps, columns: number, signed = false) {
  const { count, height, width, data } = maps;
  const across = Math.min(columns, count);
  const rows = Math.ceil(count / across);
  const zoom = height === 1 ? 1 : Math.max(1, Math.round(LEAST / height));
  const [cellWidth, cellHeight] = [width * zoom + 1, height * zoom + 1];
  const [fullWidth, fullHeight] = [across * cellWidth - 1, rows * cellHeight - 1];
  if (canvas.width !== fullWidth) canvas.width = fullWidth;
  if (canvas.height !== fullHeight) canvas.height = fullHeight;
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const image = context.createImageData(fullWidth, fullHeight);
  const pixels = new Uint32Array(image.data.buffer);
  const place = scale(data, signed);
  const colours = signed ? signs : brightness;
  for (let map = 0; map < count; map++) {
    const left = (map % across) * cellWidth;
    const top = Math.floor(map / across) * cellHeight;
    for (let y = 0; y < height * zoom; y++) {
      const row = (map * height + Math.floor(y / zoom)) * width;
      const to = (top + y) * fullWidth + left;
      for (let x = 0; x < width * zoom; x++)
        pixels[to + x] = colours[place(data[row + Math.floor(x / zoom)])];
    }
  }
  context.putImageData(image, 0, 0);
}

/** Draws an image of a data set, white on black as it is. */
export function drawPixels(canvas: HTMLCanvasElement, bytes: Uint8Array): void {
  if (canvas.width !== SIDE) canvas.width = SIDE;
  if (canvas.height !== SIDE) canvas.height = SIDE;
  const image = new ImageData(SIDE, SIDE);
  bytes.forEach((byte, i) => {
    image.data.fill(byte, 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  });
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

/** One of many images. */
export const pixelsOf = (all: Uint8Array<ArrayBuffer>, index: number): Uint8Array<ArrayBuffer> =>
  all.slice(index * PIXELS, (index + 1) * PIXELS);
