// What each layer makes of one image, live.

import type { App, Panel } from '../app.js';
import { datasets } from '../datasets.js';
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

export function activationsPanel(app: App): Panel {
  const place = byId('activation-maps', HTMLElement);
  const input = element('canvas', { className: 'maps input' });
  const caption = element('figcaption');
  const inputFigure = element('figure', {}, caption, input);
  let figures: ReturnType<typeof layerFigure>[] = [];
  let index = 0;
  let image: { pixels: Uint8Array<ArrayBuffer>; title: string } | undefined;

  const refresh = oneAtATime(async () => {
    if (!app.network) return;
    if (!image) {
      const { pixels, label } = await app.worker.ask('testImage', index);
      const title = `Test image ${index}: ${datasets[app.dataset].classes[label]}`;
      image = { pixels, title };
    }
    const maps = await app.worker.ask('activations', image.pixels);
    if (figures.length !== maps.length) {
      figures = maps.map(layerFigure);
      place.replaceChildren(inputFigure, ...figures.map(({ figure }) => figure));
    }
    caption.textContent = image.title;
    drawPixels(input, image.pixels);
    for (const [i, one] of maps.entries()) figures[i].draw(one);
  });

  const go = (by: number) => () => {
    index = (index + by + IMAGES) % IMAGES;
    image = undefined;
    refresh();
  };
  onClick('previous-image', go(-1));
  onClick('next-image', go(1));
  const drawn = onClick('drawn-image', () => {
    if (app.drawing) image = { pixels: app.drawing, title: 'My drawing' };
    refresh();
  });
  app.listen('data', () => {
    image = undefined;
  });
  return {
    refresh(why) {
      if (why === 'shown') {
        drawn.disabled = !app.drawing;
        drawn.title = app.drawing ? '' : 'Draw something in the panel “Draw” first.';
      }
      refresh();
    },
  };
}
