// A section of a report: which pixels speak for what the model says.

import { type Model, Tensor } from '../../core.js';
import { attribute } from '../attribute.js';
import { colorize } from '../colors.js';
import { gradCam } from '../gradcam.js';
import { legend } from '../legend.js';
import type { Picture } from '../picture.js';
import { overlay, sheet } from '../sheet.js';
import { mapsOf } from '../units.js';
import { figure, html, image, key } from './html.js';
import { type Section, withoutClasses, withoutImages } from './section.js';
import { examplesOf, imagesOf, pictureOf, type Study, scoreOf, verdict } from './study.js';

/** Copies that SmoothGrad and integrated gradients are means of: of quick models, and of slow ones. */
const [MANY, FEW] = [24, 6];
/** Seconds from which on a model counts as slow here, for all pictures. */
const SLOW = 15;
/** Squares that occlusion hides along a side, each half over the next one; of slow models beside each other. */
const [HIDDEN, HALF] = [4, 7];
/** How many predictions a gradient takes, about. */
const GRADIENT = 3;
/** Images that are explained, at most: see `examplesOf`. */
const EXAMPLES = 5;

/** Seconds that the pictures take with so many copies, about. */
const secondsFor = ({ seconds }: Study, copies: number): number =>
  EXAMPLES * (GRADIENT * (4 + 2 * copies) + squaresFor(copies) ** 2) * seconds;

const copiesFor = (study: Study): number => (secondsFor(study, MANY) > SLOW ? FEW : MANY);

/** Squares that are hidden along a side. */
const squaresFor = (copies: number): number => (copies === MANY ? HALF : HIDDEN);

/** Pixels of a page that a picture is wide, and the least it has of its own. */
const [WIDE, LEAST] = [150, 112];

/** A picture with enough pixels for a smooth heat map. */
const large = (picture: Picture): Picture =>
  sheet([picture], { gap: 0, zoom: Math.max(1, Math.ceil(LEAST / picture.width)) });

const hasMaps = (model: Model): boolean => {
  try {
    mapsOf(model);
    return true;
  } catch {
    return false;
  }
};

/** One of several results [n, ...]. */
function part({ keep }: Study, { shape, numbers }: Tensor, index: number): Tensor {
  const own = shape.slice(1);
  const size = own.reduce((a, b) => a * b);
  return keep(Tensor.from(numbers.slice(index * size, (index + 1) * size), own));
}

const GRAD_CAM = 'Grad-CAM';

/** For each method what it says of the images. */
async function attributionsOf(
  study: Study,
  indices: readonly number[],
  onProgress: (done: number) => void,
): Promise<(readonly [string, Tensor])[]> {
  const { model, batchSize, signal, said, keep } = study;
  const x = imagesOf(study, indices);
  const target = indices.map((index) => scoreOf(study, said[index].best));
  const samples = copiesFor(study);
  const shared = { target, batchSize, signal };
  const windowSize = Math.ceil(Math.min(...model.inputShape.slice(0, 2)) / HIDDEN);
  const strides = Math.ceil(samples === MANY ? windowSize / 2 : windowSize);
  // How much of the work each is, in predictions of an image.
  const methods = [
    ['gradient', { method: 'gradient' }, GRADIENT],
    ['guided', { method: 'guided' }, GRADIENT],
    ['deconvolution', { method: 'deconvolution' }, GRADIENT],
    ['SmoothGrad', { method: 'smoothGrad', samples }, GRADIENT * samples],
    ['integrated gradients', { method: 'integratedGradients', samples }, GRADIENT * samples],
    ['occlusion', { method: 'occlusion', windowSize, strides }, squaresFor(samples) ** 2],
  ] as const;
  const all = methods.reduce((sum, [, , work]) => sum + work, GRADIENT);
  const found: [string, Tensor][] = [];
  let before = 0;
  for (const [name, how, work] of methods) {
    const done = before;
    const maps = await attribute(model, x, {
      ...{ ...shared, ...how },
      onProgress: (share) => onProgress((done + share * work) / all),
    });
    found.push([name, keep(maps)]);
    before += work;
  }
  if (hasMaps(model)) found.push([GRAD_CAM, keep(await gradCam(model, x, shared))]);
  return found;
}

export const reasons: Section = {
  title: 'Why it says so',
  cost: (study) => secondsFor(study, copiesFor(study)),
  lacks: (study) => withoutImages(study) ?? withoutClasses(study),
  async make(study, onProgress) {
    const { model } = study;
    const indices = examplesOf(study);
    const heat = hasMaps(model);
    const found = await attributionsOf(study, indices, onProgress);
    const rows = indices.map((index, i) => {
      const picture = pictureOf(study, index);
      const all = found.map(([name, maps]): [string, Picture] => {
        const one = part(study, maps, i);
        if (name === GRAD_CAM) return [name, overlay(large(picture), one)];
        return [name, colorize(one, 'diverging')];
      });
      const alt = verdict(study, index);
      return html`<div class="reason"><h3>${alt}</h3><div class="strip">${[
        ['image', picture] as const,
        ...all,
      ].map(([name, one]) =>
        figure(image(one, { alt: `${name}: ${alt}`, width: WIDE }), name),
      )}</div></div>`;
    });
    const signs = legend({ min: -1, max: 1 }, 'diverging', {
      label: 'lowers or raises the score',
    });
    const hot = legend({ min: 0, max: 1 }, 'viridis', { label: 'Grad-CAM: speaks for the class' });
    const cam = heat ? ' Grad-CAM: where the last maps speak for the class.' : '';
    return html`<p>What speaks for the class that the model says. Each picture has a scale of its own: its strongest pixel is 1.</p>
<p class="note">Gradient: how the score changes with a pixel. Guided and deconvolution: the same, going back through ReLU by rules of their own. SmoothGrad: the mean gradient of noisy copies. Integrated gradients: what each pixel adds on the way from an empty image to this one. Occlusion: how far the score falls where a square is hidden.${cam}</p>
<div class="row legends">${key(signs)}${heat ? key(hot) : ''}</div>${rows}`;
  },
};
