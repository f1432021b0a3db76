// What all SVG pictures here share: their colours, and text that is safe in them.

/** Colours of SVG pictures. A page of another theme may replace them: they stand in attributes, which its rules precede. */
export const PAPER = '#fff';
export const INK = '#1a1a1a';
/** Of words beside the numbers. */
export const NOTE = '#555';
/** Of lines that lead the eye. */
export const GRID = '#ddd';

/** Colours that people with any kind of sight tell apart (Okabe & Ito, 2008). */
export const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', INK];

/** Text that says itself in SVG and HTML, in attributes too. */
export const escaped = (words: string): string =>
  words.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** The end of a name that is longer than there is room for: beginnings are often the same. */
export const shortened = (name: string, most: number): string =>
  name.length > most ? `…${name.slice(1 - most)}` : name;

/** To hundredths, which no eye tells apart. */
export const round = (value: number): number => Math.round(value * 100) / 100;

/** A number in four digits; a small one by its power of ten. */
export function numeral(value: number): string {
  const short = Number(value.toPrecision(4));
  const isSmall = short !== 0 && Math.abs(short) < 0.001;
  return isSmall ? short.toExponential() : String(short);
}

/** A picture. @param label what it shows, for those who do not see it */
export function svg(width: number, height: number, label: string, body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(label)}" font-family="system-ui, sans-serif" font-size="12" fill="${INK}"><rect width="${width}" height="${height}" fill="${PAPER}"/>${body}</svg>`;
}

/** A title above a picture, in the middle. */
export const heading = (title: string, width: number): string =>
  title
    ? `<text x="${width / 2}" y="22" text-anchor="middle" font-size="16" font-weight="600">${escaped(title)}</text>`
    : '';

/** The height of a title. */
export const HEADING = 32;
