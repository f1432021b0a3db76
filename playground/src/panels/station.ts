// A stop on the journey of an image: what one layer makes of it, and the pixel that a visitor points at.

import { element } from '../dom.js';
import { type Field, mapsField, type Pixel, scoresField } from '../field.js';
import type { Stage } from '../inside.js';
import { lineOf } from '../kinds.js';
import { legend } from '../pictures.js';
import { arrowStep } from '../squares.js';

/** What is done with a pixel. */
export interface Pointing {
  /** It is pointed at. */
  point(pixel: Pixel): void;
  /** It is pressed. */
  press(pixel: Pixel): void;
  /** The keyboard goes there. */
  go(pixel: Pixel): void;
  /** Whatever was pressed is let go. */
  release(): void;
  /** The pixel that the arrow keys go on from. */
  chosen(): Pixel;
}

/** A stop, which is drawn again and again. */
export interface Station {
  readonly figure: HTMLElement;
  readonly field: Field;
  draw(stage: Stage): void;
}

/** Lets mouse, finger and keys go over a field. */
function follow({ place, at, beside }: Field, to: Pointing): void {
  place.tabIndex = 0;
  place.setAttribute('role', 'application');
  place.addEventListener('pointermove', (event) => {
    const pixel = at(event);
    // A finger that moves scrolls the page.
    if (pixel && event.pointerType !== 'touch') to.point(pixel);
  });
  place.addEventListener('click', (event) => {
    const pixel = at(event);
    if (pixel) to.press(pixel);
  });
  place.addEventListener('focus', () => {
    if (place.matches(':focus-visible')) to.go(to.chosen());
  });
  place.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') to.release();
    const step = arrowStep(event);
    if (!step) return;
    event.preventDefault();
    const pixel = beside(to.chosen(), step);
    if (pixel) to.go(pixel);
  });
}

/** In words, what a layer makes. */
function sizeOf({ count, of, height, width }: Stage): string {
  if (height * width === 1) return `${of} numbers`;
  return `${count < of ? `${count} of ${of}` : of} maps of ${height} × ${width}`;
}

/** Makes a stop. @param classes what the numbers are the scores of, if they are */
export function station(
  title: string,
  stage: Stage,
  classes: readonly string[] | undefined,
  pointing: Pointing,
): Station {
  const field = classes ? scoresField(classes) : mapsField();
  const scale = legend();
  const size = classes ? 'scores of the classes' : sizeOf(stage);
  field.place.setAttribute('aria-label', `${title}: ${size}. Arrow keys go from one to the next.`);
  follow(field, pointing);
  const caption = element(
    'figcaption',
    {},
    element('strong', {}, title),
    ' ',
    element('span', { className: 'size' }, size),
  );
  if (!classes) caption.append(' ', scale.place);
  const line = element('p', { className: 'small' }, lineOf(stage.type));
  return {
    figure: element('figure', {}, caption, element('div', {}, field.place, line)),
    field,
    draw: (drawn) => scale.set(field.draw(drawn)),
  };
}
