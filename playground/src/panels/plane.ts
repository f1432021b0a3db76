// How the network sees a set of images: test images in the plane, alike ones side by side, as t-SNE lays them out.

import type { App } from '../app.js';
import { datasets, PIXELS, SIDE } from '../datasets.js';
import { byId, element, onClick, oncePerFrame, say } from '../dom.js';

/** A colour for each class. */
const colours = [
  [78, 121, 167],
  [242, 142, 43],
  [225, 87, 89],
  [90, 170, 165],
  [89, 161, 79],
  [206, 172, 40],
  [176, 122, 161],
  [240, 120, 140],
  [156, 117, 95],
  [140, 134, 130],
] as const;

/** Points of a thumbnail in the plane, of its 720. */
const THUMB = 24;

/** An image in the colour of its class, on nothing. */
function thumbnail(pixels: Uint8Array, label: number): HTMLCanvasElement {
  const canvas = element('canvas', { width: SIDE, height: SIDE });
  const image = new ImageData(SIDE, SIDE);
  for (let i = 0; i < PIXELS; i++) image.data.set([...colours[label], pixels[i]], 4 * i);
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}

export function plane(app: App): void {
  const canvas = byId('plane', HTMLCanvasElement);
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  let thumbnails: HTMLCanvasElement[] = [];
  let places: Float32Array = new Float32Array();
  const draw = oncePerFrame(() => {
    const { width, height } = canvas;
    context.clearRect(0, 0, width, height);
    const most = places.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
    const factor = (width / 2 - THUMB) / most;
    for (const [i, image] of thumbnails.entries()) {
      const x = width / 2 + factor * places[2 * i] - THUMB / 2;
      const y = height / 2 + factor * places[2 * i + 1] - THUMB / 2;
      context.drawImage(image, x, y, THUMB, THUMB);
    }
  });
  app.listen('plane', ({ done, places: now }) => {
    places = now;
    say('plane-message', done < 1 ? `${Math.round(100 * done)} % …` : 'Alike ones lie together.');
    draw();
  });
  const button = onClick('lay-out', async () => {
    button.disabled = true;
    try {
      const { classes } = datasets[app.dataset];
      const count = 400;
      const { pixels, labels } = await app.worker.ask('samples', { first: 0, count });
      thumbnails = labels.map((label, i) =>
        thumbnail(pixels.subarray(i * PIXELS, (i + 1) * PIXELS), label),
      );
      byId('plane-legend', HTMLElement).replaceChildren(
        ...classes.map((name, i) => {
          const swatch = element('span', { className: 'swatch' });
          swatch.style.background = `rgb(${colours[i].join(' ')})`;
          return element('li', {}, swatch, ` ${name}`);
        }),
      );
      canvas.hidden = false;
      say('plane-message', 'Looking for neighbours …');
      await app.worker.ask('plane', { count });
    } catch (error) {
      say('plane-message', (error as Error).message, true);
    }
    button.disabled = false;
  });
}
