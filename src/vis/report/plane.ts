// Points in the plane, with thumbnails where there is room, and the names of their classes.

import { resize } from '../../image/resize.js';
import { extremes } from '../colors.js';
import { newPicture, type Picture } from '../picture.js';
import { escaped, INK, round } from '../svg.js';
import { dataUrl, Html } from './html.js';
import { pictureOf, type Study } from './study.js';

/** The picture's side, its margin, a thumbnail's side, and pixels that the picture of thumbnails has for one of it. */
const [SIDE, MARGIN, THUMB, FINE] = [720, 26, 26, 2];

/** A colour for each class: hues at equal distances, light and dark in turns so that neighbours differ. */
const colorOf = (k: number, classes: number): string =>
  `hsl(${Math.round((360 * k) / Math.max(1, classes))} 70% ${k % 2 ? 38 : 52}%)`;

/** @param indices the images @param spots their places */
export function planeOf(
  study: Study,
  indices: readonly number[],
  spots: readonly (readonly number[])[],
): Html {
  const { right, said, classes, light } = study;
  const { places, height } = fitted(spots);
  const classOf = (i: number): number | undefined => right?.[indices[i]] ?? said[indices[i]]?.best;
  const inks = places.map((_, i) => {
    const k = classOf(i);
    return k === undefined || classes.length === 0 ? INK : colorOf(k, classes.length);
  });
  const dots = places.map(
    ([x, y], i) => `<circle cx="${x}" cy="${y}" r="3.2" fill="${inks[i]}" fill-opacity="0.75"/>`,
  );
  const isSeen = light !== undefined && [1, 3].includes(study.x.shape[3]);
  const free = isSeen ? spread(places) : [];
  const frames = free.map((i) => {
    const [x, y] = places[i].map((at) => round(at - THUMB / 2));
    return `<rect x="${x}" y="${y}" width="${THUMB}" height="${THUMB}" fill="none" stroke="${inks[i]}" stroke-width="2"/>`;
  });
  const thumbs =
    free.length > 0
      ? `<image width="${SIDE}" height="${height}" href="${dataUrl(pasted(study, indices, { places, height }, free))}"/>`
      : '';
  const names = classes.length > 0 && classes.length <= 30 ? labels(places, classOf, classes) : '';
  return new Html(
    `<svg class="plane" viewBox="0 0 ${SIDE} ${height}" role="img" aria-label="${indices.length} images in the plane">${dots.join('')}${thumbs}${frames.join('')}${names}</svg>`,
  );
}

/** Places within a picture as wide as it may be, both axes with one scale; and how high it is. */
function fitted(spots: readonly (readonly number[])[]): { places: number[][]; height: number } {
  const [[left, right], [top, bottom]] = [0, 1].map((axis) =>
    extremes(Float32Array.from(spots, (spot) => spot[axis])),
  );
  const longest = Math.max(right - left, bottom - top) || 1;
  const factor = (SIDE - 2 * MARGIN) / longest;
  const height = Math.ceil(2 * MARGIN + factor * (bottom - top));
  const places = spots.map(([x, y]) => [
    round(SIDE / 2 + factor * (x - (left + right) / 2)),
    round(height / 2 + factor * (y - (top + bottom) / 2)),
  ]);
  return { places, height };
}

/** Points whose thumbnails cover none of the others'. */
function spread(places: readonly (readonly number[])[]): number[] {
  const taken = new Map<string, number[]>();
  const cell = (at: number): number => Math.floor(at / THUMB);
  const room = THUMB + 2;
  return places.flatMap((_, i) => {
    const [x, y] = places[i];
    for (let dx = -2; dx <= 2; dx++)
      for (let dy = -2; dy <= 2; dy++)
        for (const other of taken.get(`${cell(x) + dx} ${cell(y) + dy}`) ?? []) {
          const [ox, oy] = places[other];
          if (Math.abs(ox - x) < room && Math.abs(oy - y) < room) return [];
        }
    const key = `${cell(x)} ${cell(y)}`;
    taken.set(key, [...(taken.get(key) ?? []), i]);
    return [i];
  });
}

/** One transparent picture with all thumbnails. */
function pasted(
  study: Study,
  indices: readonly number[],
  { places, height: tall }: ReturnType<typeof fitted>,
  free: readonly number[],
): Picture {
  const whole = newPicture(SIDE * FINE, tall * FINE);
  const side = THUMB * FINE;
  const small = new Uint8Array(side * side * 4);
  for (const i of free) {
    const { data, width, height } = pictureOf(study, indices[i]);
    const all = [height, width].map((length) => ({ from: 0, length }));
    resize(small, { data, width, height, channels: 4 }, [side, side], [all[0], all[1]]);
    const [left, top] = places[i].map((at) => Math.round((at - THUMB / 2) * FINE));
    for (let row = 0; row < side; row++)
      whole.data.set(
        small.subarray(row * side * 4, (row + 1) * side * 4),
        ((top + row) * whole.width + left) * 4,
      );
  }
  return whole;
}

/** A name's place. */
interface Label {
  readonly x: number;
  y: number;
  readonly width: number;
}

/** A name's height. */
const HIGH = 22;

const overlap = (a: Label, b: Label): boolean =>
  Math.abs(a.y - b.y) < HIGH && Math.abs(a.x - b.x) < (a.width + b.width) / 2;

/** The classes' names in the middle of their points. */
function labels(
  places: readonly (readonly number[])[],
  classOf: (i: number) => number | undefined,
  classes: readonly string[],
): string {
  const taken: Label[] = [];
  return classes
    .map((name, k) => {
      const own = places.filter((_, i) => classOf(i) === k);
      if (own.length === 0) return '';
      const [x, y] = [0, 1].map((axis) => {
        const sorted = own.map((place) => place[axis]).sort((a, b) => a - b);
        return sorted[sorted.length >> 1];
      });
      const width = 11 * name.length;
      const inside = Math.max(width / 2, Math.min(SIDE - width / 2, x));
      const label = { x: inside, y: y + 6, width };
      // Names of groups that lie in each other stand below each other.
      while (taken.some((other) => overlap(other, label))) label.y += HIGH;
      taken.push(label);
      return `<text class="name" x="${round(label.x)}" y="${round(label.y)}" text-anchor="middle">${escaped(name)}</text>`;
    })
    .join('');
}
