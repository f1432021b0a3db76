// Numbers as pixels, and the legend of a colour scale below a sheet: PNG files have no text of their own.

import { colorAt, type Scale } from './colors.js';
import { blank, type Color, type Picture } from './picture.js';
import { numeral } from './svg.js';

/** Signs of 3 × 5 pixels: a digit for each row, whose bits are the pixels. */
const SIGNS: Readonly<Record<string, string>> = {
  ...{ 0: '75557', 1: '26227', 2: '71747', 3: '71717', 4: '55711', 5: '74717', 6: '74757' },
  ...{ 7: '71244', 8: '75757', 9: '75717', '-': '00700', '.': '00002', e: '74747', '+': '02720' },
};
/** A sign's pixels, how large each becomes, and the distance from one sign to the next. */
const [WIDE, TALL, LARGE, STEP] = [3, 5, 2, 8];
const [PAPER, DARK]: readonly Color[] = [
  [255, 255, 255],
  [26, 26, 26],
];
/** Pixels between sheet, colours and numbers, and the height of the colours. */
const [GAP, STRIP] = [6, 10];

const widthOf = (words: string): number => words.length * STEP - (STEP - WIDE * LARGE);

/** Writes a number. */
function write(to: Picture, words: string, left: number, top: number): void {
  for (const [i, sign] of [...words].entries())
    for (let pixel = 0; pixel < WIDE * TALL * LARGE ** 2; pixel++) {
      const [row, column] = [Math.floor(pixel / (WIDE * LARGE)), pixel % (WIDE * LARGE)];
      const bits = Number(SIGNS[sign][Math.floor(row / LARGE)]);
      const isOn = (bits >> (WIDE - 1 - Math.floor(column / LARGE))) & 1;
      if (isOn) to.data.set(DARK, ((top + row) * to.width + left + i * STEP + column) * 4);
    }
}

/** A sheet with the legend of its colours below: the scale, and the numbers at its ends. */
export function withLegend(
  sheet: Picture,
  scale: Scale,
  [low, high]: readonly [number, number],
): Picture {
  const [first, last] = [numeral(low), numeral(high)];
  const width = Math.max(sheet.width, widthOf(first) + widthOf(last) + 2 * STEP);
  const bottom = sheet.height + GAP + STRIP;
  const whole = blank(width, bottom + GAP + TALL * LARGE + 1, PAPER);
  for (let row = 0; row < sheet.height; row++)
    whole.data.set(
      sheet.data.subarray(row * sheet.width * 4, (row + 1) * sheet.width * 4),
      row * width * 4,
    );
  for (let row = bottom - STRIP; row < bottom; row++)
    for (let column = 0; column < width; column++) {
      const color = colorAt(scale, width > 1 ? column / (width - 1) : 0.5);
      whole.data.set(color, (row * width + column) * 4);
    }
  write(whole, first, 0, bottom + GAP);
  write(whole, last, width - widthOf(last), bottom + GAP);
  return whole;
}
