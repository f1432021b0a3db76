// Numbers that a pointer and the arrow keys go over: maps in a sheet, or the scores of the classes. They tell which number
// is where, and mark some of them.

import { bar, element, short } from './dom.js';
import type { Maps, Source, Spot } from './inside.js';
import { type Colours, drawMaps, type Ends, layoutOf, squarish } from './pictures.js';

/** A pixel of one of some maps. */
export type Pixel = Omit<Spot, 'stage'>;

/** A rectangle of one map, or of all. */
export type Mark = Pick<Source, 'unit' | 'top' | 'left' | 'height' | 'width'>;

/** The mark of a single pixel. */
export const markOf = ({ unit, row, column }: Pixel): Mark => ({
  ...{ unit, top: row, left: column, height: 1, width: 1 },
});

/** A place with numbers. */
export interface Field {
  readonly place: HTMLElement;
  /** Draws the numbers. @returns the ends of their scale */
  draw(maps: Maps): Ends;
  /** Marks these, and none else. */
  mark(marks: readonly Mark[]): void;
  /** The pixel under a pointer. */
  at(event: MouseEvent): Pixel | undefined;
  /** The pixel so many rows and columns on, if there is one. */
  beside(pixel: Pixel, step: readonly [down: number, across: number]): Pixel | undefined;
}

/** Maps in a sheet. */
export function mapsField(colours: Colours = 'brightness'): Field {
  const canvas = element('canvas', { className: 'maps' });
  canvas.setAttribute('aria-hidden', 'true');
  const marks = element('div', { className: 'marks' });
  const place = element('div', { className: 'field' }, canvas, marks);
  let maps: Maps = { title: '', count: 0, of: 0, height: 1, width: 1, data: new Float32Array() };
  const columns = (): number => squarish(maps.count);
  /** A pixel of the sheet's, and not of a map's. */
  const pixelOf = (y: number, x: number): Pixel | undefined => {
    const { count, height, width } = maps;
    const [down, across] = [Math.floor(y / height), Math.floor(x / width)];
    const unit = down * columns() + across;
    if (y < 0 || x < 0 || across >= columns() || unit >= count) return undefined;
    return { unit, row: y % height, column: x % width };
  };
  /** What marks a rectangle of a map; it ends where the map does. */
  const rectangle = (unit: number, { top, left, height, width }: Mark): HTMLElement => {
    const { across, zoom, cellWidth, cellHeight, ...sheet } = layoutOf(maps, columns());
    const [y, x] = [Math.max(0, top), Math.max(0, left)];
    const bottom = Math.min(maps.height, top + height);
    const right = Math.min(maps.width, left + width);
    const made = element('span');
    const [down, aside] = [Math.floor(unit / across) * cellHeight, (unit % across) * cellWidth];
    const share = (part: number, whole: number): string => `${(100 * part) / whole}%`;
    made.style.top = share(down + y * zoom, sheet.height);
    made.style.left = share(aside + x * zoom, sheet.width);
    made.style.height = share(Math.max(0, bottom - y) * zoom, sheet.height);
    made.style.width = share(Math.max(0, right - x) * zoom, sheet.width);
    return made;
  };
  return {
    place,
    draw(given) {
      maps = given;
      return drawMaps(canvas, maps, columns(), colours);
    },
    mark(given) {
      const units = Array.from({ length: maps.count }, (_, unit) => unit);
      const made = given.flatMap((mark) =>
        units.filter((unit) => (mark.unit ?? unit) === unit).map((unit) => rectangle(unit, mark)),
      );
      marks.replaceChildren(...made);
    },
    at({ clientX, clientY }) {
      if (maps.count === 0) return undefined;
      const { left, top, width, height } = canvas.getBoundingClientRect();
      const sheet = layoutOf(maps, columns());
      // The gap after a map counts as its last pixels.
      const along = (from: number, share: number, whole: number, cell: number, side: number) => {
        const at = Math.floor(Math.min(0.9999, Math.max(0, from * share)) * whole);
        const pixel = Math.min(side - 1, Math.floor((at % cell) / sheet.zoom));
        return Math.floor(at / cell) * side + pixel;
      };
      return pixelOf(
        along(clientY - top, 1 / height, sheet.height, sheet.cellHeight, maps.height),
        along(clientX - left, 1 / width, sheet.width, sheet.cellWidth, maps.width),
      );
    },
    beside({ unit, row, column }, [down, across]) {
      const y = Math.floor(unit / columns()) * maps.height + row;
      const x = (unit % columns()) * maps.width + column;
      return pixelOf(y + down, x + across);
    },
  };
}

/** The scores of the classes, as bars. */
export function scoresField(classes: readonly string[]): Field {
  const bars = classes.map((name) => bar(name));
  const rows = bars.map(({ row }) => row);
  const place = element('div', { className: 'field' });
  place.append(element('ul', { className: 'bars scores' }, ...rows));
  const pixelOf = (unit: number): Pixel | undefined =>
    unit in rows ? { unit, row: 0, column: 0 } : undefined;
  return {
    place,
    draw({ data }) {
      const [least, most] = [Math.min(0, ...data), Math.max(...data)];
      for (const [i, { row, set }] of bars.entries()) {
        set((data[i] - least) / (most - least || 1), short(data[i]));
        row.classList.toggle('best', data[i] === most);
      }
      return [least, most];
    },
    mark(marks) {
      for (const [i, row] of rows.entries())
        row.classList.toggle(
          'marked',
          marks.some(({ unit = i }) => unit === i),
        );
    },
    at: ({ target }) => pixelOf(rows.findIndex((row) => row.contains(target as Node))),
    beside: ({ unit }, [down]) => pixelOf(unit + down),
  };
}
