// Sections of a report: images that are alike to the model, and all of them in the plane.

import { sizeOf } from '../../base/shape.js';
import { type Model, Tensor } from '../../core.js';
import { features } from '../features.js';
import { type Neighbor, nearest } from '../neighbors.js';
import { pca } from '../pca.js';
import { tsne } from '../tsne.js';
import { Html, html, image } from './html.js';
import { planeOf } from './plane.js';
import { type Section, withoutImages } from './section.js';
import { evenly, examplesOf, imagesOf, pictureOf, type Study } from './study.js';

/** The vector that the last layer with weights sees. */
function featureLayer({ resources }: Model): string | undefined {
  const { nodes } = resources.network.graph;
  const head = nodes.findLast(({ layer }) => layer.parameters.length > 0);
  const below = head?.inputs[0];
  const isAlone = nodes.filter((node) => node.layer === below?.layer).length === 1;
  return below && isAlone && nodes.includes(below) ? below.layer.name : undefined;
}

const withoutFeatures = ({ model }: Study): string | undefined =>
  featureLayer(model) ? undefined : 'no layer lies before the last one with weights';

/** Numbers that features of all images may have together. */
const MOST = 2 ** 24;

/** The images that are compared: fewer where their features are large. */
function comparedOf({ model, chosen }: Study): readonly number[] {
  const node = model.resources.network.graph.nodes.find(
    ({ layer }) => layer.name === featureLayer(model),
  );
  const size = Math.max(sizeOf(model.inputShape), sizeOf(node?.shape ?? []));
  return evenly(chosen.length, Math.max(1, Math.floor(MOST / size))).map((i) => chosen[i]);
}

/** Features of the compared images [m, d]. */
async function featuresOf(study: Study, onProgress: (done: number) => void): Promise<Tensor> {
  const { model, batchSize, signal } = study;
  const x = imagesOf(study, comparedOf(study));
  const found = await features(model, x, featureLayer(model) as string, {
    ...{ batchSize, signal, onProgress },
  });
  return study.keep(found);
}

/** Neighbours of each image that are shown. */
const NEIGHBORS = 6;

export const neighbors: Section = {
  title: 'Neighbours',
  cost: (study) => 0.5 + comparedOf(study).length * study.seconds,
  lacks: (study) =>
    withoutImages(study) ??
    withoutFeatures(study) ??
    (comparedOf(study).length > NEIGHBORS ? undefined : `there are no ${NEIGHBORS + 1} images`),
  async make(study, onProgress) {
    const compared = comparedOf(study);
    const points = await featuresOf(study, onProgress);
    const queries = examplesOf(study);
    const x = imagesOf(study, queries);
    const own = study.keep(await features(study.model, x, featureLayer(study.model) as string));
    const images = imagesOf(study, compared);
    const flat = study.keep(images.reshape([compared.length, -1]));
    const asked = study.keep(x.reshape([queries.length, -1]));
    // One more: an image that is among them finds itself.
    const k = Math.min(compared.length, NEIGHBORS + 1);
    const byFeatures = nearest(points, own, k) as Neighbor[][];
    const byPixels = nearest(flat, asked, k) as Neighbor[][];
    const line = (name: string, query: number, found: readonly Neighbor[]): Html => {
      const others = found.map(({ index }) => compared[index]).filter((index) => index !== query);
      return html`<span class="by">${name}</span><div class="strip">${others
        .slice(0, NEIGHBORS)
        .map((index) => neighbor(study, index, query))}</div>`;
    };
    const rows = queries.map(
      (query, i) =>
        html`<div class="near"><div>${neighbor(study, query, query)}</div><div class="lines">${line('features', query, byFeatures[i])}${line('pixels', query, byPixels[i])}</div></div>`,
    );
    const layer = featureLayer(study.model) as string;
    const marks = study.right ? ' A dashed frame is an image of another class.' : '';
    return html`<p>The nearest of ${compared.length.toLocaleString('en')} images by what ${layer} makes of them, and by their pixels.${marks}</p><div class="pair">${rows}</div>`;
  },
};

function neighbor(study: Study, index: number, query: number): Html {
  const { right, classes, said } = study;
  const known = right ? right[index] : said[index]?.best;
  const name = known === undefined ? `${index}` : (classes[known] ?? `${index}`);
  const isOther = right && right[index] !== right[query];
  const picture = image(pictureOf(study, index), { alt: name, width: 56 });
  return html`<figure${isOther ? new Html(' class="other"') : ''}>${picture}<figcaption>${name}</figcaption></figure>`;
}

/** About how long t-SNE takes for one point, in seconds. */
const TSNE = 0.01;
/** t-SNE's usual perplexity needs so many points; fewer lie by their principal components. */
const ENOUGH = 91;

export const plane: Section = {
  title: 'All images in the plane',
  cost: (study) => comparedOf(study).length * (TSNE + study.seconds),
  lacks: (study) =>
    withoutFeatures(study) ??
    (comparedOf(study).length > 2 ? undefined : 'there are too few images'),
  async make(study, onProgress) {
    const points = await featuresOf(study, (done) => onProgress(done / 4));
    const [count] = points.shape;
    const isLarge = count >= ENOUGH;
    const places = isLarge
      ? await tsne(points, {
          ...{ signal: study.signal, onProgress: (done: number) => onProgress((1 + 3 * done) / 4) },
        })
      : twoOf(points);
    const spots = Array.from({ length: count }, (_, i) => [
      places.numbers[2 * i],
      places.numbers[2 * i + 1],
    ]);
    study.keep(places);
    const how = isLarge
      ? 'by t-SNE: images that lie together are alike to the model, distances between groups mean little'
      : 'by the two directions in which they differ most (PCA)';
    return html`<p>What ${featureLayer(study.model) as string} makes of ${count.toLocaleString('en')} images, ${how}.</p>${planeOf(study, comparedOf(study), spots)}`;
  },
};

/** Two coordinates: 0 is the second where points have one. */
function twoOf(points: Tensor): Tensor {
  const components = Math.min(2, points.shape[1]);
  const found = pca(points, { components });
  if (components === 2) return found;
  const flat = Float32Array.from({ length: 2 * points.shape[0] }, (_, i) =>
    i % 2 ? 0 : found.numbers[i / 2],
  );
  found.dispose();
  return Tensor.from(flat, [points.shape[0], 2]);
}
