// What training has changed: the first layer's filters at the start and now, and how far each layer's weights have moved,
// live.

import type { App, Panel } from '../app.js';
import { bar, byId, element, oneAtATime, percent, say } from '../dom.js';
import type { Changes, Maps } from '../inside.js';
import { layerTitle } from '../networks.js';
import { drawMaps, endsOf, legend, squarish } from '../pictures.js';

/** The way that fills a bar, at least: what is less is shorter. */
const LEAST = 0.01;

/** Filters with their caption. */
function pictureOf(title: string) {
  const canvas = element('canvas', { className: 'maps' });
  canvas.setAttribute('role', 'img');
  return { title, canvas, figure: element('figure', {}, element('figcaption', {}, title), canvas) };
}

/** What is now less what was before. */
const difference = ({ before, now }: { before: Maps; now: Maps }): Maps => ({
  ...now,
  data: now.data.map((value, i) => value - before.data[i]),
});

/** Sets up the part of the room. */
export function changes(app: App): Panel {
  const place = byId('filter-maps', HTMLElement);
  const scale = legend('signs');
  byId('filter-scale', HTMLElement).append(scale.place);
  const pictures = ['At the start', 'Now', 'Difference'].map(pictureOf);
  place.append(...pictures.map(({ figure }) => figure));

  const drawFilters = ({ filters }: Changes): void => {
    place.hidden = scale.place.hidden = !filters;
    if (!filters) {
      say('filter-size', 'The first layer with weights does not see the image itself.');
      return;
    }
    const { title, count, of, height, width } = filters.now;
    const all = count < of ? `the first ${count} of ${of}` : `${of}`;
    const text = `${title}: ${all}, each ${height} × ${width}`;
    say('filter-size', text);
    const shown = [filters.before, filters.now, difference(filters)];
    const most = Math.max(...shown.map(({ data }) => endsOf(data, 'signs')[1]));
    for (const [i, { canvas, title }] of pictures.entries()) {
      canvas.setAttribute('aria-label', `${title}: ${text}`);
      scale.set(drawMaps(canvas, shown[i], squarish(count), 'signs', [-most, most]));
    }
  };

  let bars: ReturnType<typeof bar>[] = [];
  let listed = '';
  const drawMoved = ({ moved }: Changes): void => {
    if (!app.network) return;
    const { network } = app;
    const names = moved.map(({ stage, name }) => layerTitle(network, stage, name));
    if (names.join() !== listed) {
      listed = names.join();
      bars = names.map((name) => bar(name));
      byId('moved', HTMLElement).replaceChildren(...bars.map(({ row }) => row));
    }
    const most = Math.max(LEAST, ...moved.map(({ share }) => share));
    for (const [i, { share }] of moved.entries()) bars[i].set(share / most, percent(share));
  };

  const refresh = oneAtATime(async () => {
    if (!app.network) return;
    const found = await app.worker.ask('changes', undefined);
    drawFilters(found);
    drawMoved(found);
  });
  return { refresh };
}
