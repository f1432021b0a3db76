// What each layer makes of the image in hand, live: maps with their scale, the last one as scores of the classes.

import type { App, Panel } from '../app.js';
import { datasets } from '../datasets.js';
import { bar, byId, element, oneAtATime, short } from '../dom.js';
import type { Maps } from '../messages.js';
import { layerTitle } from '../networks.js';
import { drawMaps, legend } from '../pictures.js';

const COLUMNS = 8;

/** A layer's figure, which is drawn again and again. */
interface Figure {
  readonly figure: HTMLElement;
  draw(maps: Maps): void;
}

/** Maps as pictures. @param choose is told of the map that was pressed */
function mapsFigure(title: string, choose: (unit: number) => void): Figure {
  const canvas = element('canvas', { className: 'maps' });
  canvas.setAttribute('role', 'img');
  const size = element('span', { className: 'size' });
  const scale = legend();
  const caption = element('figcaption', {}, element('strong', {}, title), ' ', size, scale.place);
  let shown: Maps | undefined;
  canvas.addEventListener('click', ({ offsetX, offsetY }) => {
    if (!shown || shown.height === 1) return;
    const across = Math.min(COLUMNS, shown.count);
    const column = Math.floor((offsetX / canvas.clientWidth) * across);
    const rows = Math.ceil(shown.count / across);
    const unit = Math.floor((offsetY / canvas.clientHeight) * rows) * across + column;
    if (unit < shown.count) choose(unit);
  });
  return {
    figure: element('figure', {}, caption, canvas),
    draw(maps) {
      shown = maps;
      const { count, of, height, width } = maps;
      const isLine = height === 1;
      const all = count < of ? `${count} of ${of}` : `${of}`;
      const text = isLine ? `${width} numbers` : `${all} maps of ${height} × ${width}`;
      if (size.textContent !== text) {
        size.textContent = text;
        canvas.setAttribute('aria-label', `${title}: ${text}`);
        canvas.classList.toggle('line', isLine);
        canvas.classList.toggle('pressable', !isLine);
      }
      scale.set(drawMaps(canvas, maps, COLUMNS));
    },
  };
}

/** The scores of the classes, as bars. */
function scoresFigure(title: string, classes: readonly string[]): Figure {
  const bars = classes.map((name) => bar(name));
  const list = element('ul', { className: 'bars scores' }, ...bars.map(({ row }) => row));
  const caption = element('figcaption', {}, element('strong', {}, title), ' scores of the classes');
  return {
    figure: element('figure', {}, caption, list),
    draw({ data }) {
      const [least, most] = [Math.min(0, ...data), Math.max(...data)];
      for (const [i, { row, set }] of bars.entries()) {
        set((data[i] - least) / (most - least || 1), short(data[i]));
        row.classList.toggle('best', data[i] === most);
      }
    },
  };
}

/** @param choose is told of the map that was pressed */
export function activations(app: App, choose: (layer: string, unit: number) => void): Panel {
  const place = byId('activation-maps', HTMLElement);
  let figures: Figure[] = [];
  let drawn = '';
  const refresh = oneAtATime(async () => {
    const { image, network, dataset } = app;
    if (!network || !image) return;
    const maps = await app.worker.ask('activations', image.pixels);
    const names = maps.map(({ title }) => title).join();
    if (drawn !== `${dataset} ${names}`) {
      drawn = `${dataset} ${names}`;
      const { classes } = datasets[dataset];
      figures = maps.map(({ title, of, height, width }, i) => {
        const shown = layerTitle(network, i, title);
        const isLast =
          i === maps.length - 1 && height === 1 && of === 1 && width === classes.length;
        return isLast
          ? scoresFigure(shown, classes)
          : mapsFigure(shown, (unit) => choose(title, unit));
      });
      place.replaceChildren(...figures.map(({ figure }) => figure));
    }
    for (const [i, one] of maps.entries()) figures[i].draw(one);
  });
  return { refresh };
}
