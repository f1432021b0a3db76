// Sections of a report: the key figures, the layers, the training.

import { bytes, compact, costPictures } from '../costs.js';
import { type Norms, normsSeries } from '../frames.js';
import { plot } from '../plot.js';
import { Html, html, percent } from './html.js';
import type { Section } from './section.js';
import type { Study } from './study.js';

/** What is worth knowing first. */
export function keyFigures({ model, count, right, said }: Study): Html {
  const rows = model.summary({ print: null });
  const total = (of: (row: (typeof rows)[number]) => number): number =>
    rows.reduce((sum, row) => sum + of(row), 0);
  const hits = right && said.filter(({ best }, i) => best === right[i]).length;
  const figures: readonly (readonly [string, string])[] = [
    ...(hits === undefined ? [] : ([['accuracy', percent(hits / count, 2)]] as const)),
    ['images', count.toLocaleString('en')],
    ['parameters', compact(total((row) => row.parameters))],
    ['multiply-adds', compact(total((row) => row.multiplyAdds))],
    ['layers', `${rows.length}`],
    ['input', model.inputShape.join('×')],
  ];
  return html`<dl class="figures">${figures.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

export const layers: Section = {
  title: 'Layers',
  cost: () => 0,
  lacks: () => undefined,
  async make({ model }) {
    const rows = model.summary({ print: null });
    const number = (value: number): string => value.toLocaleString('en');
    const lines = rows.map(
      (row) =>
        html`<tr><th scope="row">${row.name}</th><td>${row.outputShape.join(' × ')}</td><td>${number(row.parameters)}</td><td>${number(row.multiplyAdds)}</td><td>${row.receptiveField.join(' × ')}</td><td>${bytes(row.memory)}</td></tr>`,
    );
    return html`<p>What each layer takes, from the input to the output. A multiply-add is one multiplication with its addition, for one image; “sees pixels” is how much of the image a number of the layer depends on.</p>
<div class="row tall" tabindex="0" role="region" aria-label="Costs of each layer">${costPictures(model).map((picture) => new Html(picture))}</div>
<div class="wide tall" tabindex="0" role="region" aria-label="Table of layers"><table><thead><tr><th scope="col">layer</th><th scope="col">output</th><th scope="col">parameters</th><th scope="col">multiply-adds</th><th scope="col">sees pixels</th><th scope="col">memory</th></tr></thead><tbody>${lines}</tbody></table></div>`;
  },
};

export const training: Section = {
  title: 'Training',
  cost: () => 0,
  lacks: ({ history, norms }) =>
    history || norms ? undefined : 'no history of the training was given',
  async make({ history, norms }) {
    const gradients = norms ? gradientFrame(norms) : '';
    if (!history) return html`<div class="row">${gradients}</div>`;
    const { epoch, history: logs } = history;
    const metrics = [...new Set(Object.keys(logs).map((name) => name.replace(/^val_/, '')))];
    const pictures = metrics.map((metric) => {
      const own = Object.entries(logs).filter(([name]) => name.replace(/^val_/, '') === metric);
      return new Html(
        plot({ epoch, history: Object.fromEntries(own) }, { width: 330, height: 220 }),
      );
    });
    return html`<div class="row">${pictures}${gradients}</div>`;
  },
};

/** How the gradients of some layers change in the training, from the first layer to the last. */
function gradientFrame(norms: Norms): Html {
  const size = { width: 680, height: 260 };
  const curves = normsSeries(norms, size.width);
  if (Object.keys(curves).length === 0) return html`<p class="note">All gradients are 0.</p>`;
  return new Html(plot({ 'gradient norms': curves }, { ...size, logarithmic: true }));
}
