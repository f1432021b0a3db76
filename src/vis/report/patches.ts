// A section of a report: the patches of the images that some units answer to most, and where the units are on.

import { sizeOf } from '../../base/shape.js';
import type { SymbolicTensor, Tensor } from '../../core.js';
import { extremes } from '../colors.js';
import { mapsOfUnit, overlap, regionsOf, thresholdOf } from '../dissect.js';
import { features } from '../features.js';
import { fieldsOf } from '../fields.js';
import { patchesOf } from '../patches.js';
import { draw } from '../picture.js';
import { type Html, html, image, percent } from './html.js';
import { type Section, withoutImages } from './section.js';
import { evenly, imagesOf, pictureOf, type Study } from './study.js';

/** Units and patches of each that are shown; numbers that the answers of all images may have together. */
const [UNITS, PATCHES, MOST] = [8, 8, 2 ** 24];

/** The last layer whose units see no more than about half of the image; else the first with maps. */
function layerOf({ model }: Study): SymbolicTensor | undefined {
  const { nodes } = model.resources.network.graph;
  const maps = nodes.filter(
    ({ shape, layer }) =>
      shape.length === 3 &&
      shape[0] * shape[1] > 1 &&
      nodes.filter((other) => other.layer === layer).length === 1,
  );
  const [height] = model.inputShape;
  const seen = (node: SymbolicTensor): number => fieldsOf(model, node)(0, 0).height / height;
  return maps.findLast((node) => seen(node) > 1 / height && seen(node) <= 0.6) ?? maps[0];
}

const shownOf = ({ chosen }: Study, { shape }: SymbolicTensor): readonly number[] => {
  const most = Math.max(1, Math.floor(MOST / sizeOf(shape)));
  return evenly(chosen.length, most).map((i) => chosen[i]);
};

export const patches: Section = {
  title: 'What units answer to',
  cost: (study) => {
    const layer = layerOf(study);
    return layer ? 1 + shownOf(study, layer).length * study.seconds : 0;
  },
  lacks: (study) => withoutImages(study) ?? (layerOf(study) ? undefined : 'no layer has maps'),
  async make(study, onProgress) {
    const { model, batchSize, signal } = study;
    const maps = layerOf(study) as SymbolicTensor;
    const x = imagesOf(study, shownOf(study, maps));
    const { name } = maps.layer;
    const answers = study.keep(await features(model, x, name, { batchSize, signal, onProgress }));
    const units = liveliest(answers.numbers, maps.shape[2]);
    const rows = units.map((unit): Html => {
      const found = patchesOf(model, x, answers, maps, unit, PATCHES);
      const tiles = found.map(({ picture, value }) =>
        image(picture, { alt: `answer ${value.toPrecision(3)}`, width: 56 }),
      );
      return html`<div class="unit"><span>unit ${unit}</span><div class="strip">${tiles}</div></div>`;
    });
    const shown = shownOf(study, maps);
    const on = units.slice(0, LIT).map((unit) => regionsRow(study, shown, answers, maps, unit));
    const concepts = conceptsTable(study, shown, answers, maps, units);
    const { height, width } = fieldsOf(model, maps)(0, 0);
    const many = x.shape[0].toLocaleString('en');
    return html`<p>Of ${many} images, the patches that units of ${name} answer to most: all that a unit sees, ${height} × ${width} pixels. What lies beyond the image is empty.</p><div class="pair">${rows}</div>
<h3>Where they are on</h3><p>The images that a unit answers to most. Bright is where its answer, enlarged to the image, is among the strongest ${percent(SHARE, 0)} of all.</p><div class="pair">${on}</div>${concepts}`;
  },
};

/** Units whose regions are shown, and the share of all places at which a unit counts as on. */
const [LIT, SHARE] = [4, 0.05];

/** The images that a unit answers to most, dark where it is not on. */
function regionsRow(
  study: Study,
  indices: readonly number[],
  answers: Tensor,
  { shape }: SymbolicTensor,
  unit: number,
): Html {
  const all = mapsOfUnit(answers, shape, unit);
  const threshold = thresholdOf(all, SHARE);
  const size = shape[0] * shape[1];
  const mapOf = (i: number) => all.subarray(i * size, (i + 1) * size);
  const [height, width] = study.model.inputShape;
  const strongest = indices
    .map((index, i) => ({ index, i, answer: extremes(mapOf(i))[1] }))
    .sort((a, b) => b.answer - a.answer || a.index - b.index)
    .slice(0, PATCHES);
  const pictures = strongest.map(({ index, i, answer }) => {
    const region = regionsOf(mapOf(i), shape, [1, height, width], threshold);
    const { data } = pictureOf(study, index);
    const lit = draw(width, height, (row, column) => {
      const at = row * width + column;
      const light = (c: number) => (region[at] ? 1 : DARK) * data[4 * at + c];
      return [light(0), light(1), light(2)];
    });
    return image(lit, { alt: `answer ${answer.toPrecision(3)}`, width: 56 });
  });
  return html`<div class="unit"><span>unit ${unit}</span><div class="strip">${pictures}</div></div>`;
}

/** For each unit how well its regions and the given masks agree, over all images that are shown. */
function conceptsTable(
  { masks, model }: Study,
  indices: readonly number[],
  answers: Tensor,
  { shape }: SymbolicTensor,
  units: readonly number[],
): Html | string {
  const concepts = Object.entries(masks);
  if (concepts.length === 0) return '';
  const [height, width] = model.inputShape;
  const [size, pixels] = [shape[0] * shape[1], height * width];
  const rows = units.map((unit) => {
    const all = mapsOfUnit(answers, shape, unit);
    const threshold = thresholdOf(all, SHARE);
    const sums = concepts.map(() => [0, 0]);
    for (const [i, index] of indices.entries()) {
      const own = all.subarray(i * size, (i + 1) * size);
      const region = regionsOf(own, shape, [1, height, width], threshold);
      for (const [c, [, { numbers }]] of concepts.entries()) {
        const mask = numbers.subarray(index * pixels, (index + 1) * pixels);
        const [both, either] = overlap(region, mask);
        sums[c] = [sums[c][0] + both, sums[c][1] + either];
      }
    }
    const cells = sums.map(
      ([both, either]) => html`<td>${percent(either > 0 ? both / either : 0)}</td>`,
    );
    return html`<tr><th scope="row">unit ${unit}</th>${cells}</tr>`;
  });
  const names = concepts.map(([name]) => html`<th scope="col">${name}</th>`);
  return html`<h3>What they are on for</h3><p>What the regions of a unit and the mask of a concept have both, as a share of what either has (IoU).</p>
<div class="wide" tabindex="0" role="region" aria-label="Agreement with concepts"><table><thead><tr><th scope="col">unit</th>${names}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** How much of the light is left where a unit is not on. */
const DARK = 0.3;

/** The units whose answers vary most, in their order. */
function liveliest(answers: Float32Array, channels: number): number[] {
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  answers.forEach((answer, i) => {
    sums[i % channels] += answer;
    squares[i % channels] += answer * answer;
  });
  const count = answers.length / channels;
  const variance = (c: number): number => squares[c] / count - (sums[c] / count) ** 2;
  return [...sums.keys()]
    .sort((a, b) => variance(b) - variance(a) || a - b)
    .slice(0, UNITS)
    .sort((a, b) => a - b);
}
