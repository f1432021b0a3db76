// Pictures in rows with names above and beside them, as one SVG file: what pictures.mjs writes for docs/lectures.md.

import { io } from 'wasmgrad';

/** The text of an SVG file: a letter's width at most, and lines of text. */
const [LETTER, LINE, GAP, MARGIN] = [7.2, 18, 6, 10];

const escaped = (words) => words.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const encoded = (picture) => Buffer.from(io.writePng(picture)).toString('base64');

/**
 * Rows of pictures.
 *
 * @param label what they show, for those who do not see them
 * @param rows lists of pictures { width, height, data } of one size
 * @param options.side how wide each is drawn
 * @param options.columns names above the columns, in lines
 * @param options.names names beside the rows
 * @param options.legends SVG texts of vis.legend, below
 */
export function labelled(label, rows, { side, columns = [], names = [], legends = [] }) {
  const [[{ width, height }]] = rows;
  const tall = Math.round((side * height) / width);
  const longest = Math.max(0, ...names.map((name) => name.length));
  const left = MARGIN + (longest > 0 ? longest * LETTER + GAP : 0);
  const lines = Math.max(0, ...columns.map((name) => name.split('\n').length));
  const top = MARGIN + lines * LINE;
  const across = Math.max(...rows.map((row) => row.length));
  const bottom = top + rows.length * (tall + GAP);
  const parts = columns.flatMap((name, i) =>
    name.split('\n').map((line, k) => {
      const x = left + i * (side + GAP) + side / 2;
      return `<text x="${x}" y="${MARGIN + k * LINE + 10}" text-anchor="middle">${escaped(line)}</text>`;
    }),
  );
  for (const [i, row] of rows.entries()) {
    const y = top + i * (tall + GAP);
    if (names[i])
      parts.push(
        `<text x="${left - GAP}" y="${y + tall / 2 + 4}" text-anchor="end">${escaped(names[i])}</text>`,
      );
    for (const [k, picture] of row.entries())
      parts.push(
        `<image x="${left + k * (side + GAP)}" y="${y}" width="${side}" height="${tall}" style="image-rendering:pixelated" href="data:image/png;base64,${encoded(picture)}"/>`,
      );
  }
  const keys = legends.map((legend, i) =>
    legend.replace('<svg ', `<svg x="${left - 14 + i * 250}" y="${bottom}" `),
  );
  const wide = Math.max(left + across * (side + GAP), legends.length * 250 + left - 14) + MARGIN;
  const high = bottom + (legends.length > 0 ? 58 : 0) + MARGIN - GAP;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${high}" viewBox="0 0 ${wide} ${high}" role="img" aria-label="${escaped(label)}" font-family="system-ui, sans-serif" font-size="12" fill="#1a1a1a"><rect width="${wide}" height="${high}" fill="#fff"/>${parts.join('')}${keys.join('')}</svg>`;
}
