// A section of a report: filters, in colour or as tiles of channels.

import { colorAt, endsOf, placing } from '../colors.js';
import { legend } from '../legend.js';
import { filters as filterSheet, kernelOf } from '../maps.js';
import { draw, type Picture } from '../picture.js';
import { sheet } from '../sheet.js';
import { enlarged, figure, type Html, html, image, key } from './html.js';
import type { Section } from './section.js';
import { evenly, type Study } from './study.js';

/** Deeper layers that are shown; filters of each, and channels of a filter. */
const [DEEPER, ROWS, COLUMNS] = [3, 12, 16];

/** Layers with filters, from the first to the last. */
function layersWithFilters({ model }: Study): string[] {
  const kernels = model.weights.filter(({ tensor }) => tensor.shape.length === 4);
  return [...new Set(kernels.map(({ name }) => name.slice(0, name.lastIndexOf('/'))))];
}

/** Some of the layers behind the first whose filters have more than a pixel. */
function deeperLayers(study: Study): string[] {
  const [, ...rest] = layersWithFilters(study);
  const seen = rest.filter((layer) => {
    const [height, width] = kernelOf(study.model, layer).shape;
    return height * width > 1;
  });
  return evenly(seen.length, DEEPER).map((i) => seen[i]);
}

export const filters: Section = {
  title: 'Filters',
  cost: () => 0,
  lacks: (study) =>
    layersWithFilters(study).length > 0 ? undefined : 'the model has no convolution of images',
  async make(study) {
    const deeper = deeperLayers(study).map((layer) => channelTiles(study, layer));
    const more =
      deeper.length > 0
        ? html`<h3>Deeper filters</h3><p>A row for each filter, a tile for each channel that it sees.</p><div class="row">${deeper}</div>`
        : '';
    return html`${firstLayer(study)}${more}`;
  },
};

function firstLayer(study: Study): Html {
  const { model } = study;
  const [layer] = layersWithFilters(study);
  const { shape, numbers } = kernelOf(model, layer);
  const [height, width, channels, count] = shape;
  const picture = filterSheet(model, layer, { gap: 2 });
  const [min, max] = endsOf(numbers, 'diverging', {});
  const meaning =
    channels === 3
      ? html`<p class="note">Red, green and blue of each filter; grey is 0, and each has a scale of its own.</p>`
      : key(legend({ min, max }, 'diverging', { label: 'weight' }));
  return html`<p>What ${layer} looks for: ${count} filters of ${height} × ${width} pixels.</p>
<div class="sheet">${image(picture, { alt: `Filters of ${layer}`, width: enlarged(picture) })}</div>${meaning}`;
}

/** The channels of a layer's first filters, with one scale. */
function channelTiles({ model }: Study, layer: string): Html {
  const { shape, numbers } = kernelOf(model, layer);
  const [height, width, channels, count] = shape;
  const [rows, columns] = [Math.min(ROWS, count), Math.min(COLUMNS, channels)];
  const place = placing(numbers, 'diverging', {});
  const tileOf = (filter: number, channel: number): Picture =>
    draw(width, height, (row, column) => {
      const at = ((row * width + column) * channels + channel) * count + filter;
      return colorAt('diverging', place(numbers[at]));
    });
  const tiles = Array.from({ length: rows * columns }, (_, i) =>
    tileOf(Math.floor(i / columns), i % columns),
  );
  const zoom = Math.max(1, Math.round(15 / Math.max(height, width)));
  const picture = sheet(tiles, { columns, gap: 2, zoom });
  const some = rows < count || columns < channels ? `, the first ${rows} × ${columns}` : '';
  const [min, max] = endsOf(numbers, 'diverging', {});
  return html`<div class="card">${figure(
    image(picture, { alt: `Filters of ${layer}`, width: picture.width }),
    html`<b>${layer}</b> ${count} filters of ${height} × ${width}, ${channels} channels${some}`,
  )}${key(legend({ min, max }, 'diverging'))}</div>`;
}
