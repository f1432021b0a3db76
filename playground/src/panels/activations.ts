// What each layer makes of the image in hand, live.

import type { App, Panel } from '../app.js';
import { byId, element, onClick, oneAtATime } from '../dom.js';
import type { Maps } from '../messages.js';
import { drawMaps, drawPixels } from '../pictures.js';

const IMAGES = 1000;

/** A layer's figure, which is drawn again and again. */
function layerFigure(): { figure: HTMLElement; draw(maps: Maps): void } {
  const canvas = element('canvas', { className: 'maps' });
  canvas.setAttribute('role', 'img');
  const caption = element('figcaption');
  return {
    figure: element('figure', {}, caption, canvas),
    draw(maps) {
      const { title, count, of, height, width } = maps;
      const isLine = height === 1;
      const size = isLine ? `${width} numbers` : `${height} × ${width}`;
      caption.textContent = `${title} · ${isLine ? '' : `${count < of ? `${count} of ` : ''}${of} maps of `}${size}`;
      canvas.setAttribute('aria-label', caption.textContent);
      canvas.classList.toggle('line', isLine);
      drawMaps(canvas, maps, 8);
    },
  };
}

export function activations(app: App): Panel {
  const place = byId('activation-maps', HTMLElement);
  const input = element('canvas', { className: 'maps input' });
  const caption = element('figcaption');
  const inputFigure = element('figure', {}, caption, input);
  let figures: ReturnType<typeof layerFigure>[] = [];
  let index = 0;

  const refresh = oneAtATime(async () => {
    const { image, network } = app;
    if (!network || !image) return;
    const maps = await app.worker.ask('activations', image.pixels);
    if (figures.length !== maps.length) {
      figures = maps.map(layerFigure);
      place.replaceChildren(inputFigure, ...figures.map(({ figure }) => figure));
    }
    caption.textContent = image.title;
    drawPixels(input, image.pixels);
    for (const [i, one] of maps.entries()) figures[i].draw(one);
  });

  const go = (by: number) => async () => {
    index = (index + by + IMAGES) % IMAGES;
    await app.takeSample(index);
  };
  onClick('previous-image', go(-1));
  onClick('next-image', go(1));
  return { refresh };
}
