// A section of a report: what the layers make of an image.

import type { SymbolicTensor } from '../../core.js';
import { resize } from '../../image/resize.js';
import { colorAt, endsOf, placing } from '../colors.js';
import { legend } from '../legend.js';
import { draw } from '../picture.js';
import { sheet } from '../sheet.js';
import { enlarged, figure, type Html, html, image, key } from './html.js';
import { type Section, withoutImages } from './section.js';
import { evenly, examplesOf, imagesOf, pictureOf, type Study, verdict } from './study.js';

/** Layers whose maps are shown, maps of each, and pixels of a map's side. */
const [LAYERS, MAPS, SIDE] = [6, 64, 48];

/** The layers whose maps are shown: the last of each run of one size, some of them where there are many. */
function shownLayers({ model }: Study): SymbolicTensor[] {
  const nodes = model.resources.network.graph.nodes.filter(
    ({ shape }) => shape.length === 3 && shape[0] * shape[1] > 1,
  );
  const ends = nodes.filter(({ shape }, i) => nodes[i + 1]?.shape.join() !== shape.join());
  const once = ends.filter(
    ({ layer }) => nodes.filter((other) => other.layer === layer).length === 1,
  );
  return evenly(once.length, LAYERS).map((i) => once[i]);
}

export const maps: Section = {
  title: 'What the layers make of an image',
  cost: ({ seconds }) => 0.2 + seconds,
  lacks: (study) =>
    withoutImages(study) ?? (shownLayers(study).length > 0 ? undefined : 'no layer has maps'),
  async make(study) {
    const [index] = examplesOf(study);
    const x = imagesOf(study, [index]);
    const names = shownLayers(study).map(({ layer }) => layer.name);
    const values = study.model.activations(x, names);
    for (const name of names) study.keep(values[name]);
    const sheets = names.map((name) => {
      const { shape, numbers } = values[name];
      const own = Float32Array.from(numbers);
      return layerFigure(name, own, shape.slice(1));
    });
    const input = figure(
      image(pictureOf(study, index), { alt: 'The image', width: 112 }),
      `the image: ${study.classes.length > 0 ? verdict(study, index) : `number ${index}`}`,
    );
    return html`<p>A tile for each channel; one scale for all tiles of a layer.</p><div class="row">${input}${sheets}</div>`;
  },
};

function layerFigure(name: string, numbers: Float32Array, shape: readonly number[]): Html {
  const [height, width, channels] = shape;
  const shown = Math.min(MAPS, channels);
  const place = placing(numbers, 'viridis', {});
  const small = Math.min(1, SIDE / Math.max(height, width));
  const sides = [height, width].map((side) => Math.max(1, Math.round(side * small)));
  const tiles = Array.from({ length: shown }, (_, c) => {
    const data = numbers.filter((_, i) => i % channels === c);
    const to = new Float32Array(sides[0] * sides[1]);
    const whole = [height, width].map((length) => ({ from: 0, length }));
    resize(to, { data, height, width, channels: 1 }, sides, [whole[0], whole[1]]);
    return draw(sides[1], sides[0], (row, column) =>
      colorAt('viridis', place(to[row * sides[1] + column])),
    );
  });
  const picture = sheet(tiles, { gap: 2 });
  const [min, max] = endsOf(numbers, 'viridis', {});
  const some = shown < channels ? `, the first ${shown}` : '';
  return html`<div class="card">${figure(
    image(picture, { alt: `Maps of ${name}`, width: Math.min(340, enlarged(picture)) }),
    html`<b>${name}</b> ${shape.join(' × ')}${some}`,
  )}${key(legend({ min, max }, 'viridis'))}</div>`;
}
