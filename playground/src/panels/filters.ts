// The first layer's weights, as they form.

import type { App, Panel } from '../app.js';
import { byId, element, oneAtATime } from '../dom.js';
import { drawMaps, legend } from '../pictures.js';

export function filters(app: App): Panel {
  const place = byId('filter-maps', HTMLElement);
  const canvas = element('canvas', { className: 'maps large' });
  canvas.setAttribute('role', 'img');
  const text = element('span', { className: 'size' });
  const scale = legend(true);
  const caption = element('figcaption', {}, text, scale.place);
  const figure = element('figure', {}, caption, canvas);
  const refresh = oneAtATime(async () => {
    if (!app.network) return;
    const maps = await app.worker.ask('filters', undefined);
    if (!maps) {
      place.replaceChildren('The first layer with weights does not see the image itself.');
      return;
    }
    if (figure.parentElement !== place) place.replaceChildren(figure);
    const { title, count, of, height, width } = maps;
    const all = count < of ? `the first ${count} of ${of}` : `${of}`;
    text.textContent = `${title}: ${all}, each ${height} × ${width}`;
    canvas.setAttribute('aria-label', text.textContent);
    scale.set(drawMaps(canvas, maps, 8, true));
  });
  return { refresh };
}
