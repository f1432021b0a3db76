// Numbers in squares, as the convolution by hand and the journey show them.

import { element } from './dom.js';
import type { Window } from './inside.js';
import { numeral } from './sums.js';

/** Writes a number into a square, in the colour of its sign, the fuller the larger it is. */
export function tint(square: HTMLElement, value: number, most: number): void {
  const text = numeral(value);
  if (square.textContent !== text) square.textContent = text;
  square.style.setProperty('--share', String(Math.abs(value) / (most || 1)));
  square.classList.toggle('below-zero', value < 0);
}

const steps: Readonly<Record<string, readonly [down: number, across: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Where an arrow key goes from a square. */
export const arrowStep = ({ key }: KeyboardEvent) => steps[key];

/** Pixels of a square, by how many are in a row; in the smallest ones there is no room for numbers. */
const sizes = [
  { most: 3, pixels: 46 },
  { most: 5, pixels: 40 },
  { most: 7, pixels: 36 },
  { most: 15, pixels: 16 },
];
const SMALLEST = 9;

/** Squares that are only looked at. */
export class Squares {
  readonly place = element('div', { className: 'grid' });

  /**
   * @param most the number whose colour is fullest
   * @param isChosen which numbers stand out
   */
  show(
    { width, numbers }: Window,
    most: number,
    isChosen: (value: number) => boolean = () => false,
  ): void {
    const { place } = this;
    if (place.childElementCount !== numbers.length)
      place.replaceChildren(
        ...Array.from(numbers, () => element('span', { className: 'cell tinted' })),
      );
    const pixels = sizes.find(({ most }) => width <= most)?.pixels ?? SMALLEST;
    place.style.setProperty('--columns', String(width));
    place.style.setProperty('--cell', `${pixels}px`);
    place.classList.toggle('bare', pixels < 30);
    for (const [i, value] of numbers.entries()) {
      const square = place.children[i] as HTMLElement;
      tint(square, value || 0, most);
      square.classList.toggle('padded', Number.isNaN(value));
      square.classList.toggle('chosen', isChosen(value));
    }
  }
}
