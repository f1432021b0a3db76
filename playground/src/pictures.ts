// Numbers as pictures.

import { PIXELS, SIDE } from './datasets.js';
import { element, short } from './dom.js';
import type { Maps } from './inside.js';

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
/** From below zero to above, for weights: as the library's 'diverging'. */
const signs = ramp([
  [33, 102, 172],
  [146, 197, 222],
  [247, 247, 247],
  [244, 165, 130],
  [178, 24, 43],
]);

const grey = ramp([
  [0, 0, 0],
  [255, 255, 255],
]);
const ramps = { brightness, signs, grey };

/** Colours for numbers: of what layers make, of weights and gradients, of images. */
export type Colours = keyof typeof ramps;

/** What the ends of a colour scale stand for. */
export type Ends = readonly [least: number, most: number];

/** The numbers at the ends: around 0 for signed ones, else the least and the most. */
export function endsOf(data: Float32Array, colours: Colours): Ends {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of data) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (colours === 'signs') {
    most = Math.max(Math.abs(least), Math.abs(most));
    least = -most;
  }
  return [least, most];
}

/** Numbers as places on the ramp. */
function scale([least, most]: Ends): (value: number) => number {
  const range = most - least || 1;
  return (value) => Math.round(((value - least) / range) * 255);
}

/** A colour scale with the numbers at its ends. */
export function legend(colours: Colours = 'brightness'): {
  place: HTMLElement;
  set(ends: Ends): void;
} {
  const strip = element('span', { className: `ramp ${colours}` });
  const [least, most] = [element('span'), element('span')];
  const place = element('span', { className: 'scale' }, least, strip, most);
  return {
    place,
    set(ends) {
      [least.textContent, most.textContent] = ends.map(short);
    },
  };
}

/** Height that small pictures are drawn in, so that the gaps between them stay small; and that of single numbers. */
const LEAST = 28;
const NUMBER = 8;

/** How pictures lie side by side, with gaps of a pixel: in pixels of their canvas. */
export interface Layout {
  readonly across: number;
  /** Side of a number. */
  readonly zoom: number;
  /** From one picture to the next. */
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly width: number;
  readonly height: number;
}

/** As few columns as hold so many pictures in a square. */
export const squarish = (count: number): number => Math.ceil(Math.sqrt(count));

/** How pictures lie in so many columns. */
export function layoutOf({ count, height, width }: Maps, columns: number): Layout {
  const across = Math.min(columns, count);
  const zoom = height * width === 1 ? NUMBER : Math.max(1, Math.round(LEAST / height));
  const [cellWidth, cellHeight] = [width * zoom + 1, height * zoom + 1];
  const down = Math.ceil(count / across);
  return {
    ...{ across, zoom, cellWidth, cellHeight },
    width: across * cellWidth - 1,
    height: down * cellHeight - 1,
  };
}

/**
 * Draws pictures side by side in a grid, one canvas for all.
 *
 * @param ends of the scale, where others share it
 * @returns the ends of the scale
 */
export function drawMaps(
  canvas: HTMLCanvasElement,
  maps: Maps,
  columns: number,
  colours: Colours = 'brightness',
  ends = endsOf(maps.data, colours),
): Ends {
  const { count, height, width, data } = maps;
  const layout = layoutOf(maps, columns);
  const { across, zoom, cellWidth, cellHeight } = layout;
  if (canvas.width !== layout.width) canvas.width = layout.width;
  if (canvas.height !== layout.height) canvas.height = layout.height;
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const image = context.createImageData(layout.width, layout.height);
  const pixels = new Uint32Array(image.data.buffer);
  const place = scale(ends);
  const painted = ramps[colours];
  for (let map = 0; map < count; map++) {
    const left = (map % across) * cellWidth;
    const top = Math.floor(map / across) * cellHeight;
    for (let y = 0; y < height * zoom; y++) {
      const row = (map * height + Math.floor(y / zoom)) * width;
      const to = (top + y) * layout.width + left;
      for (let x = 0; x < width * zoom; x++)
        pixels[to + x] = painted[place(data[row + Math.floor(x / zoom)])];
    }
  }
  context.putImageData(image, 0, 0);
  return ends;
}

/** The pixels of an image of a data set, white on black as it is. */
function imageOf(bytes: Uint8Array): ImageData {
  const image = new ImageData(SIDE, SIDE);
  bytes.forEach((byte, i) => {
    image.data.fill(byte, 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  });
  return image;
}

function put(canvas: HTMLCanvasElement, image: ImageData): void {
  if (canvas.width !== SIDE) canvas.width = SIDE;
  if (canvas.height !== SIDE) canvas.height = SIDE;
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

/** Draws an image of a data set. */
export const drawPixels = (canvas: HTMLCanvasElement, bytes: Uint8Array): void =>
  put(canvas, imageOf(bytes));

/** Draws a heat over an image: the hotter, the more of the colour covers it. */
export function drawHeat(canvas: HTMLCanvasElement, bytes: Uint8Array, heat: Float32Array): void {
  const image = imageOf(bytes);
  const colours = new Uint8ClampedArray(brightness.buffer);
  const place = scale([0, endsOf(heat, 'brightness')[1]]);
  for (const [i, value] of heat.entries()) {
    const at = place(value);
    for (let c = 0; c < 3; c++)
      image.data[4 * i + c] += ((0.75 * at) / 255) * (colours[4 * at + c] - bytes[i]);
  }
  put(canvas, image);
}

/** One of many images. */
export const pixelsOf = (all: Uint8Array<ArrayBuffer>, index: number): Uint8Array<ArrayBuffer> =>
  all.slice(index * PIXELS, (index + 1) * PIXELS);
