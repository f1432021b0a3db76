// The gradients of two trainings, layer by layer over their steps, in one scale of colours.

import { byId, element } from '../dom.js';
import { drawMaps, type Ends, legend } from '../pictures.js';

/** Columns of a picture, at most: of more measurements, neighbours become one. */
const MOST = 240;
/** Gradients below this are none. */
const LEAST = 1e-7;

/** What was measured of one training. */
export class GradientCourse {
  #columns: (readonly number[])[] = [];

  /** @param norms of each layer */
  add(norms: readonly number[]): void {
    this.#columns.push(norms.map((norm) => Math.log10(Math.max(norm, LEAST))));
    if (this.#columns.length > MOST) this.#columns = this.#columns.filter((_, i) => i % 2 === 1);
  }

  /** Layers × measurements: powers of ten. */
  get picture(): { height: number; width: number; data: Float32Array<ArrayBuffer> } {
    const columns = this.#columns;
    const [height, width] = [columns[0]?.length ?? 0, columns.length];
    const data = Float32Array.from(
      { length: height * width },
      (_, i) => columns[i % width][Math.floor(i / width)],
    );
    return { height, width, data };
  }
}

/** Sets the pictures up. @returns what draws them; nothing is shown where nothing was measured */
export function gradientMaps(): (
  courses: readonly { readonly title: string; readonly gradients: GradientCourse }[],
) => void {
  const place = byId('gradient-maps', HTMLElement);
  const scale = legend();
  const figures = [0, 1].map((i) => {
    const title = element('span');
    const canvas = element('canvas', { className: 'gradients' });
    canvas.setAttribute('role', 'img');
    const swatch = element('span', { className: `swatch line-${i + 1}` });
    const figure = element('figure', {}, element('figcaption', {}, swatch, ' ', title), canvas);
    return { figure, title, canvas };
  });
  place.append(...figures.map(({ figure }) => figure));
  const about = byId('gradient-scale', HTMLElement);
  about.append('The norm of a layer’s gradient, in powers of ten: ', scale.place);
  return (courses) => {
    const pictures = courses.map(({ gradients }) => gradients.picture);
    const isAny = pictures.length > 0 && pictures.every(({ width }) => width > 0);
    about.hidden = !isAny;
    for (const { figure } of figures) figure.hidden = !isAny;
    if (!isAny) return;
    const all = pictures.flatMap(({ data }) => [...data]);
    // Whole powers, so that the scale rests.
    const ends: Ends = [Math.floor(Math.min(...all)), Math.ceil(Math.max(...all))];
    for (const [i, picture] of pictures.entries()) {
      const { title, canvas } = figures[i];
      title.textContent = `${courses[i].title}, ${picture.height} layers`;
      canvas.setAttribute('aria-label', `Gradient norms of “${courses[i].title}”`);
      drawMaps(canvas, { title: '', count: 1, of: 1, ...picture }, 1, 'brightness', ends);
    }
    scale.set([10 ** ends[0], 10 ** ends[1]]);
  };
}
