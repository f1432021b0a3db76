// Sheets: many pictures as tiles, with equal gaps; and a heat map over a picture.

import { ShapeError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { between, checkOptions, whole } from '../base/options.js';
import { shown } from '../base/shown.js';
import { Tensor } from '../core.js';
import { resize } from '../image/resize.js';
import { colorAt, extremes } from './colors.js';
import {
  blank,
  type Color,
  checkPicture,
  draw,
  type Picture,
  pictureOf,
  rasterOf,
} from './picture.js';

/** How tiles are laid out. */
export interface SheetOptions {
  /** Tiles in a row: as many as make the sheet about square, by default. */
  columns?: number;
  /** Pixels between tiles, and around them: 1 by default. */
  gap?: number;
  /** How many pixels, along each side, a tile's pixel becomes: by default so many that a tile has 16 or more. */
  zoom?: number;
}

export const sheetWords = { columns: whole(1), gap: whole(0), zoom: whole(1) };

/** Between tiles: neither black nor white, so that both end somewhere. */
const GROUND: Color = [128, 128, 128];
/** Pixels that a tile's shorter side has at least, if `zoom` is not given. */
const LEAST = 16;

/**
 * Pictures of one size as the tiles of one picture, row by row.
 *
 * @throws {ValueError} for an empty list, and what are no pictures
 * @throws {ShapeError} for pictures of different sizes
 */
export function sheet(pictures: readonly Picture[], options: SheetOptions = {}): Picture {
  return naming('vis.sheet', () => {
    if (!Array.isArray(pictures) || pictures.length === 0)
      throw new ValueError(`expected a list of at least one picture, not ${shown(pictures)}`);
    for (const picture of pictures) checkPicture(picture);
    const [{ width, height }] = pictures;
    const other = pictures.find((one) => one.width !== width || one.height !== height);
    if (other)
      throw new ShapeError(
        `the tiles must have one size: the first is ${width}×${height}, another ${other.width}×${other.height}`,
      );
    const {
      columns = Math.ceil(Math.sqrt((pictures.length * height) / width)),
      gap = 1,
      zoom = Math.max(1, Math.ceil(LEAST / Math.min(width, height))),
    } = checkOptions('vis.sheet', options, sheetWords);
    const across = Math.min(columns, pictures.length);
    const rows = Math.ceil(pictures.length / across);
    const [wide, tall] = [width * zoom + gap, height * zoom + gap];
    const whole = blank(across * wide + gap, rows * tall + gap, GROUND);
    for (const [i, picture] of pictures.entries()) {
      const [row, column] = [Math.floor(i / across), i % across];
      paste(whole, picture, gap + column * wide, gap + row * tall, zoom);
    }
    return whole;
  });
}

/** Copies a picture to a place in another, each pixel as a square. */
function paste(to: Picture, from: Picture, left: number, top: number, zoom: number): void {
  for (let row = 0; row < from.height * zoom; row++)
    for (let column = 0; column < from.width * zoom; column++) {
      const at = (Math.floor(row / zoom) * from.width + Math.floor(column / zoom)) * 4;
      // What is transparent shows the ground.
      if (from.data[at + 3] > 0)
        to.data.set(from.data.subarray(at, at + 4), ((top + row) * to.width + left + column) * 4);
    }
}

/**
 * A heat map over an image: the hotter, the more of the scale's colour covers it.
 *
 * @param image [height, width, channels] as `io.readImage` gives it, or a picture
 * @param heat numbers ≥ 0 [height, width] of any size, as `vis.gradCam` gives them
 * @param options.opacity how much of the image the hottest pixel covers, 0.6 by default
 * @throws {ShapeError} for tensors of other dimensions
 * @throws {NumericError} for numbers that are not finite
 */
export function overlay(
  image: Tensor | Picture,
  heat: Tensor,
  options: { opacity?: number } = {},
): Picture {
  return naming('vis.overlay', () => {
    const { opacity = 0.6 } = checkOptions('vis.overlay', options, { opacity: between(0, 1) });
    const { width, height, data } = pictureOf(image);
    const hot = heatAt(heat, height, width);
    const hottest = extremes(hot)[1];
    return draw(width, height, (row, column) => {
      const pixel = row * width + column;
      // Where nothing is hot, the image stays as it is.
      const share = hot[pixel] > 0 ? hot[pixel] / hottest : 0;
      const color = colorAt('viridis', share);
      const mix = (c: number) =>
        data[pixel * 4 + c] + opacity * share * (color[c] - data[pixel * 4 + c]);
      return [mix(0), mix(1), mix(2)];
    });
  });
}

/** A map, resampled to a size. */
function heatAt(map: Tensor, height: number, width: number): Float32Array {
  const { numbers: data, ...from } = rasterOf(flat(map));
  const to = new Float32Array(height * width);
  const parts = [from.height, from.width].map((length) => ({ from: 0, length }));
  resize(to, { data, ...from }, [height, width], [parts[0], parts[1]]);
  return to;
}

/** [1, height, width] as [height, width]. */
const flat = (map: Tensor): Tensor =>
  map instanceof Tensor && map.shape.length === 3 && map.shape[0] === 1
    ? map.reshape(map.shape.slice(1))
    : map;
