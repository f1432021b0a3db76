// HTML as text in which nothing that was given can become more than text.

import { resize } from '../../image/resize.js';
import { writePng } from '../../io/png.js';
import { newPicture, type Picture } from '../picture.js';
import { escaped } from '../svg.js';

/** A piece of HTML. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in HTML: pieces as they are, all else as text. */
type Part = Html | string | number | readonly Part[];

function textOf(part: Part): string {
  if (part instanceof Html) return part.text;
  return typeof part === 'object' ? part.map(textOf).join('') : escaped(`${part}`);
}

/** A piece of HTML, from a template whose parts are escaped. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.map((text, i) => (i === 0 ? text : textOf(parts[i - 1]) + text)).join(''));

/** Bytes that one call of String.fromCharCode takes. */
const CHUNK = 8192;

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK)
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}

/** The address of a picture that is all of the picture. */
export const dataUrl = (picture: Picture): string =>
  `data:image/png;base64,${base64(writePng(picture))}`;

/** How a picture is shown. */
interface Shown {
  /** What it shows, for those who do not see it. */
  readonly alt: string;
  /** Pixels of the page that it is wide; narrower pages shrink it. */
  readonly width: number;
}

/** Pixels of a picture for one of the page: fine screens have two. */
const FINE = 2;

/** A picture of at most so many pixels as are seen: large ones would make the file large. */
function shrunk(picture: Picture, width: number): Picture {
  const { data, width: wide, height: tall } = picture;
  const most = width * FINE;
  if (wide <= most) return picture;
  const high = Math.max(1, Math.round((most * tall) / wide));
  const small = newPicture(most, high);
  const bytes = new Uint8Array(small.data.buffer);
  const [rows, columns] = [tall, wide].map((length) => ({ from: 0, length }));
  resize(bytes, { data, width: wide, height: tall, channels: 4 }, [high, most], [rows, columns]);
  return small;
}

/** A picture whose pixels stay squares where it is enlarged; a large one is smooth. */
export const image = (picture: Picture, { alt, width }: Shown): Html => {
  const height = Math.round((width * picture.height) / picture.width);
  const kind = picture.width > width ? 'smooth' : 'squares';
  return html`<img class="${kind}" src="${dataUrl(shrunk(picture, width))}" alt="${alt}" width="${width}" height="${height}">`;
};

/** Pixels of a page that a sheet of small tiles is wide. */
export const enlarged = ({ width }: Picture): number =>
  width * Math.max(1, Math.floor(Math.min(420, 3 * width) / width));

/** A picture with words below it. */
export const figure = (what: Html, caption: Part): Html =>
  html`<figure>${what}<figcaption>${caption}</figcaption></figure>`;

/** A legend: its colours begin where the text around it does. */
export const key = (legend: string): Html => html`<div class="key">${new Html(legend)}</div>`;

/** '97.3 %', which is never broken. */
export const percent = (share: number, digits = 1): string =>
  `${(100 * share).toFixed(digits)}\u00a0%`;
