// A sheet to draw on, and what the network takes the drawing for, as it is drawn.

import type { App, Panel } from '../app.js';
import { centred } from '../centre.js';
import { datasets, SIDE } from '../datasets.js';
import { bar, byId, onClick, oncePerFrame, oneAtATime, onFile, percent, say } from '../dom.js';
import { drawPixels } from '../pictures.js';
import { isPaper, pictureOf, Sheet } from '../sheet.js';

export function drawing(app: App): Panel {
  let bars: ReturnType<typeof bar>[] = [];
  const verdict = byId('verdict', HTMLElement);
  const seen = byId('seen', HTMLCanvasElement);
  const classify = oneAtATime(
    async () => {
      const { image, dataset } = app;
      if (!image || !app.network || app.status === 'starting') return;
      const probabilities = await app.worker.ask('predict', image.pixels);
      const best = probabilities.indexOf(Math.max(...probabilities));
      bars.forEach(({ row, set }, i) => {
        set(probabilities[i], percent(probabilities[i]));
        row.classList.toggle('best', i === best);
      });
      verdict.textContent = datasets[dataset].classes[best];
    },
    (error) => say('draw-message', error.message, true),
  );
  const see = (pixels: Uint8Array<ArrayBuffer> | undefined): void => {
    drawPixels(seen, pixels ?? new Uint8Array(SIDE * SIDE));
    app.take(pixels && { pixels, title: 'My drawing' });
    if (!pixels) empty();
  };
  const empty = (): void => {
    verdict.textContent = '–';
    for (const { row, set } of bars) {
      set(0, '');
      row.classList.remove('best');
    }
  };
  const changed = oncePerFrame(() => see(centred(sheet.canvas)));
  const sheet = new Sheet(byId('sheet', HTMLCanvasElement), () => {
    say('draw-message', '');
    changed();
  });
  onClick('clear', () => {
    sheet.clear();
    say('draw-message', '');
    see(undefined);
  });
  onFile('image-file', async (file) => {
    try {
      const picture = await pictureOf(file);
      const { width, height } = picture;
      sheet.show(picture, isPaper(picture) ? 'inverted' : 'grey');
      const fits = width === SIDE && height === SIDE;
      say(
        'draw-message',
        fits
          ? ''
          : `“${file.name}” is ${width} × ${height} pixels, and the network reads ${SIDE} × ${SIDE}: it was scaled and centred. Crop it to one digit or one thing if that goes wrong.`,
      );
      see(centred(sheet.canvas));
    } catch (error) {
      say('draw-message', (error as Error).message, true);
    }
  });
  app.listen('image', ({ pixels, title }) => {
    drawPixels(seen, pixels);
    // What was not drawn here lies on the sheet as a picture.
    if (title !== 'My drawing') {
      sheet.show(seen, 'grey');
      say('draw-message', `${title}. Draw to begin a new sheet.`);
    }
    classify();
  });
  app.listen('data', (dataset) => {
    bars = datasets[dataset].classes.map((name) => bar(name));
    byId('probabilities', HTMLElement).replaceChildren(...bars.map(({ row }) => row));
    empty();
  });
  return { refresh: classify };
}
