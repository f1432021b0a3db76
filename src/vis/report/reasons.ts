// A section of a report: which pixels speak for what the model says.

import { Tensor } from '../../core.js';
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

/** Noisy copies of SmoothGrad: fewer than by default, as a glance must do. */
const COPIES = 24;
/** Pixels of a page that a picture is wide, and the least it has of its own. */
const [WIDE, LEAST] = [150, 112];

/** A picture with enough pixels for a smooth heat map. */
const large = (picture: Picture): Picture =>
  sheet([picture], { gap: 0, zoom: Math.max(1, Math.ceil(LEAST / picture.width)) });

const hasMaps = ({ model }: Study): boolean => {
  try {
    mapsOf(model);
    return true;
  } catch {
    return false;
  }
};

/** One of several results [n, ...]. */
function part({ shape, numbers }: Tensor, index: number): Tensor {
  const own = shape.slice(1);
  const size = own.reduce((a, b) => a * b);
  return Tensor.from(numbers.slice(index * size, (index + 1) * size), own);
}

export const reasons: Section = {
  title: 'Why it says so',
  // A gradient is about three predictions.
  cost: ({ seconds }) => 1 + 5 * 3 * (COPIES + 2) * seconds,
  lacks: (study) => withoutImages(study) ?? withoutClasses(study),
  async make(study, onProgress) {
    const { model, batchSize, signal, said } = study;
    const indices = examplesOf(study);
    const x = imagesOf(study, indices);
    const target = indices.map((index) => scoreOf(study, said[index].best));
    const shared = { target, batchSize, signal };
    const gradient = await attribute(model, x, { ...shared });
    const smooth = await attribute(model, x, {
      ...shared,
      ...{ method: 'smoothGrad', samples: COPIES, onProgress },
    });
    const heat = hasMaps(study) ? await gradCam(model, x, shared) : undefined;
    const rows = indices.map((index, i) => {
      const picture = pictureOf(study, index);
      const maps = [gradient, smooth].map((all) => {
        const one = part(all, i);
        const colours = colorize(one, 'diverging');
        one.dispose();
        return colours;
      });
      const all: [string, Picture][] = [
        ['image', picture],
        ['gradient', maps[0]],
        ['SmoothGrad', maps[1]],
      ];
      if (heat) {
        const one = part(heat, i);
        all.push(['Grad-CAM', overlay(large(picture), one)]);
        one.dispose();
      }
      const alt = verdict(study, index);
      return html`<div class="reason"><h3>${alt}</h3><div class="strip">${all.map(([name, one]) =>
        figure(image(one, { alt: `${name}: ${alt}`, width: WIDE }), name),
      )}</div></div>`;
    });
    for (const one of [x, gradient, smooth, ...(heat ? [heat] : [])]) one.dispose();
    const signs = legend({ min: -1, max: 1 }, 'diverging', {
      label: 'lowers or raises the score',
    });
    const hot = legend({ min: 0, max: 1 }, 'viridis', { label: 'Grad-CAM: speaks for the class' });
    return html`<p>What speaks for the class that the model says. Each picture has a scale of its own: its strongest pixel is 1.</p>
<div class="row legends">${key(signs)}${heat ? key(hot) : ''}</div><div class="pair">${rows}</div>`;
  },
};
