// Which classes are mistaken for which, as a picture.

import { ShapeError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { checkOptions, forwarded, text } from '../base/options.js';
import { shown } from '../base/shown.js';
import type { metrics } from '../core.js';
import { COLORS, escaped, HEADING, heading, INK, NOTE, round, shortened, svg } from './svg.js';

/** What `metrics.confusionMatrix` returns, or its matrix alone: matrix[right][predicted], how many samples. */
export type Confusions =
  | ReturnType<typeof metrics.confusionMatrix>
  | readonly (readonly number[])[];

/** Options of `vis.confusion`. */
export interface ConfusionOptions {
  /** Names of the classes: their numbers by default. */
  classes?: readonly string[];
  /** Above all. */
  title?: string;
}

/** A cell's side: with its number, and where there are too many classes for numbers. */
const [CELL, SMALL, MOST] = [30, 14, 25];
/** Pixels around, a letter's width, letters of a name, and half the width of what stands above the columns. */
const [MARGIN, LETTER, LABEL, AXIS] = [16, 7, 22, 48];

/**
 * A confusion matrix as an SVG file's text: a row for each class, a column for what the model says. Blue is right, orange
 * wrong, each as strong as its share of the row; mistakes by the root of it, which is seen sooner.
 *
 * @param what what `metrics.confusionMatrix` returns, or counts [right][predicted]
 * @throws {ShapeError} for a matrix that is not square, and another number of names
 * @throws {ValueError} for anything but counts
 */
export function confusion(what: Confusions, options: ConfusionOptions = {}): string {
  return naming('vis.confusion', () => {
    const { title = '', classes } = checkOptions('vis.confusion', options, {
      title: text,
      ...forwarded('classes'),
    });
    const matrix = matrixOf(what);
    const names = namesOf(matrix.length, classes);
    const side = matrix.length <= MOST ? CELL : SMALL;
    const longest = Math.max(...names.map((name) => name.length));
    const left = MARGIN + 24 + LETTER * longest;
    const top = (title ? HEADING : 8) + 26 + (longest > 3 ? LETTER * longest : 12);
    const middle = (matrix.length * side) / 2;
    // Room for the words above, too.
    const width = left + middle + Math.max(middle, AXIS) + MARGIN;
    const whole = Math.max(width, title.length * 9 + 2 * MARGIN);
    const cells = matrix.map((row, right) => cellsOf(row, right, { left, top, side }));
    const labels = names.map((name, k) => {
      const [x, y] = [left + (k + 0.5) * side, top + (k + 0.5) * side + 4];
      const above =
        longest > 3
          ? `<text transform="translate(${x + 4} ${top - 6}) rotate(-90)">${escaped(name)}</text>`
          : `<text x="${x}" y="${top - 6}" text-anchor="middle">${escaped(name)}</text>`;
      return `<text x="${left - 6}" y="${y}" text-anchor="end">${escaped(name)}</text>${above}`;
    });
    const axes = [
      `<text x="${left + middle}" y="${(title ? HEADING : 8) + 10}" text-anchor="middle" fill="${NOTE}">the model says</text>`,
      `<text transform="translate(${MARGIN} ${top + middle}) rotate(-90)" text-anchor="middle" fill="${NOTE}">it is</text>`,
    ];
    return svg(
      whole,
      top + matrix.length * side + MARGIN,
      title || 'Confusion matrix',
      [heading(title, whole), ...axes, ...labels, ...cells].join(''),
    );
  });
}

/** The cells of a row, with their numbers where there is room. */
function cellsOf(
  row: readonly number[],
  right: number,
  { left, top, side }: { left: number; top: number; side: number },
): string {
  const sum = row.reduce((a, b) => a + b, 0);
  return row
    .map((count, said) => {
      const share = sum > 0 ? count / sum : 0;
      const [color, strength] = said === right ? [COLORS[0], share] : [COLORS[1], Math.sqrt(share)];
      const [x, y] = [left + said * side, top + right * side];
      const number =
        count > 0 && side === CELL
          ? `<text x="${x + side / 2}" y="${y + side / 2 + 4}" text-anchor="middle" font-size="${count > 999 ? 9 : 11}" fill="${INK}">${count}</text>`
          : '';
      return `<rect x="${x + 0.5}" y="${y + 0.5}" width="${side - 1}" height="${side - 1}" fill="${color}" fill-opacity="${round(0.04 + 0.66 * strength)}"/>${number}`;
    })
    .join('');
}

/** @throws {ShapeError} {@link ValueError} */
function matrixOf(what: Confusions): readonly (readonly number[])[] {
  const matrix = Array.isArray(what) ? what : (what as { matrix?: unknown } | null)?.matrix;
  const isCount = (count: unknown): boolean => Number.isFinite(count) && (count as number) >= 0;
  if (!Array.isArray(matrix) || matrix.length === 0 || !matrix.every(Array.isArray))
    throw new ValueError(
      `expected what metrics.confusionMatrix returns, or counts [right][predicted], not ${shown(what)}`,
    );
  const odd = matrix.find((row) => row.length !== matrix.length);
  if (odd)
    throw new ShapeError(
      `the matrix must be square: it has ${matrix.length} rows, and one of ${odd.length} numbers`,
    );
  const bad = matrix.flat().find((count) => !isCount(count));
  if (bad === undefined) return matrix;
  throw new ValueError(`the matrix must have counts, not ${shown(bad)}`);
}

/** @throws {ShapeError} for another number of names @throws {ValueError} for what are no names */
function namesOf(count: number, classes: readonly string[] | undefined): string[] {
  const names = classes ?? Array.from({ length: count }, (_, k) => `${k}`);
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
    throw new ValueError(`classes must be a list of names, not ${shown(classes)}`);
  if (names.length !== count)
    throw new ShapeError(`the matrix has ${count} classes, but there are ${names.length} names`);
  return names.map((name) => shortened(name, LABEL));
}
