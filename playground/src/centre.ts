// From a drawing to what the network reads: as MNIST was made, the ink fits a square of 20 × 20, and its centre
// of mass is the centre of 28 × 28.

import { PIXELS, SIDE } from './datasets.js';

const BOX = 20;
/** Ink below this is paper. */
const FAINT = 20;

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Where the ink is, if there is any. */
function inkBox({ data, width, height }: ImageData): Box | undefined {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[4 * (y * width + x)] < FAINT) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return right < 0 ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** The centre of mass of red, which is the ink. */
function centreOfMass({ data }: ImageData): [x: number, y: number] {
  let [mass, sumX, sumY] = [0, 0, 0];
  for (let i = 0; i < PIXELS; i++) {
    const ink = data[4 * i];
    mass += ink;
    sumX += ink * (i % SIDE);
    sumY += ink * Math.floor(i / SIDE);
  }
  return [sumX / mass, sumY / mass];
}

const contextOf = (canvas: HTMLCanvasElement): CanvasRenderingContext2D =>
  canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;

/** The same picture at half its size, until another half would be too small: so that no ink is skipped. */
function halved(source: HTMLCanvasElement, box: Box, least: number): HTMLCanvasElement {
  let [from, width, height] = [source, box.width, box.height];
  let [left, top] = [box.left, box.top];
  do {
    const half = Math.max(width, height) >= 2 * least ? 2 : 1;
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(width / half));
    canvas.height = Math.max(1, Math.round(height / half));
    contextOf(canvas).drawImage(from, left, top, width, height, 0, 0, canvas.width, canvas.height);
    [from, left, top, width, height] = [canvas, 0, 0, canvas.width, canvas.height];
  } while (Math.max(width, height) >= 2 * least);
  return from;
}

/** White ink on a black sheet, centred and scaled: bytes for the network; none of an empty sheet. */
export function centred(sheet: HTMLCanvasElement): Uint8Array<ArrayBuffer> | undefined {
  const box = inkBox(contextOf(sheet).getImageData(0, 0, sheet.width, sheet.height));
  if (!box) return undefined;
  const small = halved(sheet, box, BOX);
  const factor = BOX / Math.max(box.width, box.height);
  const [width, height] = [Math.max(1, box.width * factor), Math.max(1, box.height * factor)];
  const canvas = document.createElement('canvas');
  canvas.width = SIDE;
  canvas.height = SIDE;
  const context = contextOf(canvas);
  const draw = (x: number, y: number): ImageData => {
    context.fillRect(0, 0, SIDE, SIDE);
    context.drawImage(small, x, y, width, height);
    return context.getImageData(0, 0, SIDE, SIDE);
  };
  const [x, y] = [(SIDE - width) / 2, (SIDE - height) / 2];
  const [massX, massY] = centreOfMass(draw(x, y));
  const middle = (SIDE - 1) / 2;
  const { data } = draw(x + Math.round(middle - massX), y + Math.round(middle - massY));
  return Uint8Array.from({ length: PIXELS }, (_, i) => data[4 * i]);
}
