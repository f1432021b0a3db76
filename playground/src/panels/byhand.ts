// A convolution by hand: an image and a filter of numbers that can be changed, and for each number of the result the
// window it saw, the filter over it, and the sum.

import { byId, element, fill, say } from '../dom.js';
import { arrowStep, tint } from '../squares.js';
import { numeral, products, type Term } from '../sums.js';

type Grid = readonly (readonly number[])[];

const images: Readonly<Record<string, { title: string; rows: Grid }>> = {
  strokes: {
    title: 'Strokes, 5 × 5',
    rows: [
      [1, 1, 1, 0, 0],
      [0, 1, 1, 1, 0],
      [0, 0, 1, 1, 1],
      [0, 0, 1, 1, 0],
      [0, 1, 1, 0, 0],
    ],
  },
  edge: {
    title: 'An edge, 6 × 6',
    rows: Array.from({ length: 6 }, () => [9, 9, 9, 0, 0, 0]),
  },
  corner: {
    title: 'A corner, 7 × 7',
    rows: Array.from({ length: 7 }, (_, y) =>
      Array.from({ length: 7 }, (_, x) => (x > 2 && y > 2 ? 5 : 0)),
    ),
  },
};

const kernels: Readonly<Record<string, { title: string; rows: Grid }>> = {
  cross: {
    title: 'A diagonal cross',
    rows: [
      [1, 0, 1],
      [0, 1, 0],
      [1, 0, 1],
    ],
  },
  sobel: {
    title: 'Edges from left to right (Sobel)',
    rows: [
      [-1, 0, 1],
      [-2, 0, 2],
      [-1, 0, 1],
    ],
  },
  corner: {
    title: 'Only the pixel at the upper left',
    rows: [
      [1, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ],
  },
  sum: { title: 'The sum of all nine', rows: Array.from({ length: 3 }, () => [1, 1, 1]) },
  identity: {
    title: 'The image itself',
    rows: [
      [0, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
    ],
  },
};

/** A filter turned half round, as true convolution lays it on the image. */
const turned = (rows: Grid): Grid => rows.map((row) => [...row].reverse()).reverse();

/** Numbers in squares that can be changed. */
class NumberGrid {
  readonly place: HTMLElement;
  readonly #name: string;
  readonly #changed: () => void;
  #cells: HTMLInputElement[][] = [];

  constructor(id: string, name: string, changed: () => void) {
    this.place = byId(id, HTMLElement);
    this.#name = name;
    this.#changed = changed;
  }

  /** Makes the squares; `padding` zeros around them cannot be changed. */
  show(rows: Grid, padding = 0): void {
    const width = rows[0].length + 2 * padding;
    const border = (count: number): HTMLElement[] =>
      Array.from({ length: count }, () => element('span', { className: 'cell padded' }, '0'));
    this.place.style.setProperty('--columns', String(width));
    this.#cells = rows.map((row, y) =>
      row.map((value, x) => {
        const input = element('input', { type: 'number', step: 'any', value: String(value) });
        input.setAttribute('aria-label', `${this.#name}, row ${y + 1}, column ${x + 1}`);
        input.addEventListener('input', this.#changed);
        return input;
      }),
    );
    this.place.replaceChildren(
      ...border(padding * width),
      ...this.#cells.flatMap((row) => [
        ...border(padding),
        ...row.map((input) => element('span', { className: 'cell' }, input)),
        ...border(padding),
      ]),
      ...border(padding * width),
    );
  }

  /** The numbers as they are now; what is none is 0. */
  get rows(): number[][] {
    return this.#cells.map((row) => row.map(({ valueAsNumber }) => valueAsNumber || 0));
  }
}

/** What a number of the result was made of. */
interface Place {
  readonly value: number;
  /** In the padded image. */
  readonly top: number;
  readonly left: number;
  readonly terms: readonly Term[];
}

/** Lays the filter on each place of the padded image. */
function lay(image: Grid, kernel: Grid, stride: number, padding: number): Place[][] {
  const side = kernel.length;
  const pixelAt = (y: number, x: number): number => image[y - padding]?.[x - padding] ?? 0;
  const tops = Math.floor((image.length + 2 * padding - side) / stride) + 1;
  const lefts = Math.floor((image[0].length + 2 * padding - side) / stride) + 1;
  return Array.from({ length: tops }, (_, y) =>
    Array.from({ length: lefts }, (_, x) => {
      const [top, left] = [y * stride, x * stride];
      const terms = kernel.flatMap((row, i) =>
        row.map((weight, j) => ({ pixel: pixelAt(top + i, left + j), weight })),
      );
      const value = terms.reduce((sum, { pixel, weight }) => sum + pixel * weight, 0);
      return { value, top, left, terms };
    }),
  );
}

/** The squares of the result: buttons that the arrows go between, as in a table. */
class ResultGrid {
  readonly #place = byId('result-grid', HTMLElement);
  readonly #look: (y: number, x: number) => void;
  #buttons: HTMLButtonElement[][] = [];

  constructor(look: (y: number, x: number) => void) {
    this.#look = look;
    this.#place.addEventListener('keydown', (event) => this.#move(event));
  }

  show(places: readonly (readonly Place[])[]): void {
    const [height, width] = [places.length, places[0].length];
    if (this.#buttons.length !== height || this.#buttons[0].length !== width) {
      this.#place.style.setProperty('--columns', String(width));
      this.#buttons = places.map((row, y) => row.map((_, x) => this.#button(y, x)));
      this.#place.replaceChildren(...this.#buttons.flat());
    }
    const most = Math.max(1e-9, ...places.flat().map(({ value }) => Math.abs(value)));
    for (const [y, row] of places.entries())
      for (const [x, { value }] of row.entries()) {
        const button = this.#buttons[y][x];
        tint(button, value, most);
        button.setAttribute('aria-label', `Row ${y + 1}, column ${x + 1}: ${numeral(value)}`);
      }
  }

  choose(y: number, x: number): void {
    for (const [i, row] of this.#buttons.entries())
      for (const [j, button] of row.entries()) {
        const isChosen = i === y && j === x;
        button.classList.toggle('chosen', isChosen);
        button.tabIndex = isChosen ? 0 : -1;
      }
  }

  #button(y: number, x: number): HTMLButtonElement {
    const made = element('button', { type: 'button', className: 'cell tinted' });
    for (const event of ['pointerenter', 'focus', 'click'])
      made.addEventListener(event, () => this.#look(y, x));
    return made;
  }

  #move(event: KeyboardEvent): void {
    const step = arrowStep(event);
    const target = event.target as HTMLButtonElement;
    const y = this.#buttons.findIndex((row) => row.includes(target));
    if (!step || y < 0) return;
    event.preventDefault();
    const x = this.#buttons[y].indexOf(target);
    this.#buttons[y + step[0]]?.[x + step[1]]?.focus();
  }
}

const titlesOf = (all: Readonly<Record<string, { title: string }>>): Record<string, string> =>
  Object.fromEntries(Object.entries(all).map(([name, { title }]) => [name, title]));

/** Sets up the part of the room. */
export function byHand(): void {
  const choices = {
    image: byId('hand-image', HTMLSelectElement),
    kernel: byId('hand-kernel', HTMLSelectElement),
    stride: byId('hand-stride', HTMLSelectElement),
    padding: byId('hand-padding', HTMLSelectElement),
    kind: byId('hand-kind', HTMLSelectElement),
  };
  fill(choices.image, titlesOf(images));
  fill(choices.kernel, titlesOf(kernels));
  let places: Place[][] = [];
  let chosen: [number, number] = [0, 0];
  const isTrue = (): boolean => choices.kind.value === 'convolution';
  const padding = (): number => Number(choices.padding.value);

  const show = (): void => {
    const kernel = filter.rows;
    const laid = isTrue() ? turned(kernel) : kernel;
    places = lay(image.rows, laid, Number(choices.stride.value), padding());
    result.show(places);
    const [y, x] = chosen;
    look(Math.min(y, places.length - 1), Math.min(x, places[0].length - 1));
    const isSame = `${turned(kernel)}` === `${kernel}`;
    const size = `${image.rows.length} × ${image.rows[0].length}`;
    const turn = isSame
      ? 'This filter is the same turned half round.'
      : 'The filter lies turned half round.';
    say(
      'hand-message',
      `${size} becomes ${places.length} × ${places[0].length}. ${isTrue() ? turn : 'The filter lies as it is written: networks do it so.'}`,
    );
  };
  /** Shows the window of one number, and its sum. */
  const look = (y: number, x: number): void => {
    chosen = [y, x];
    result.choose(y, x);
    const { value, top, left, terms } = places[y][x];
    const side = Math.sqrt(terms.length);
    const width = image.rows[0].length + 2 * padding();
    [...image.place.children].forEach((cell, i) => {
      const [row, column] = [Math.floor(i / width) - top, (i % width) - left];
      const isSeen = row >= 0 && row < side && column >= 0 && column < side;
      cell.classList.toggle('window', isSeen);
      const weight = isSeen ? `×${numeral(terms[row * side + column].weight)}` : '';
      (cell as HTMLElement).dataset.weight = weight;
    });
    byId('hand-sum', HTMLElement).textContent = `${numeral(value)} = ${products(terms)}`;
  };
  const image = new NumberGrid('image-grid', 'Image', show);
  const filter = new NumberGrid('filter-grid', 'Filter', show);
  const result = new ResultGrid(look);
  const reset = (): void => {
    image.show(images[choices.image.value].rows, padding());
    show();
  };
  choices.image.addEventListener('change', reset);
  choices.padding.addEventListener('change', () => {
    image.show(image.rows, padding());
    show();
  });
  for (const choice of [choices.stride, choices.kind]) choice.addEventListener('change', show);
  choices.kernel.addEventListener('change', () => {
    filter.show(kernels[choices.kernel.value].rows);
    show();
  });
  filter.show(kernels.cross.rows);
  reset();
}
