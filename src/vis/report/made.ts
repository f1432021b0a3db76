// A section of a report: images that gradient ascent makes for the classes.

import type { Tensor } from '../../core.js';
import { maximize } from '../maximize.js';
import { draw, type Picture } from '../picture.js';
import { figure, html, image } from './html.js';
import { type Section, withoutClasses, withoutImages } from './section.js';
import { evenly, type Study } from './study.js';

/** Images at most and at least; steps of quick and of slow models; seconds that this may take, about. */
const [MOST, LEAST, STEPS, FEWER, SECONDS] = [10, 2, 128, 32, 12];
/** Predictions that a step takes, about. */
const STEP = 3;

/** How many steps, and for which classes. */
function planOf({ model, seconds }: Study): { steps: number; units: readonly number[] } {
  const count = model.outputShape[0];
  const steps = seconds * STEP * STEPS * Math.min(MOST, count) <= SECONDS ? STEPS : FEWER;
  const most = Math.floor(SECONDS / (seconds * STEP * steps));
  const units = evenly(count, Math.min(MOST, Math.max(LEAST, most)));
  return { steps, units };
}

/** A picture of numbers with mean 0 and variance 1: what is beyond ±2.5 is black or white. */
function pictureOf(made: Tensor): Picture {
  const [height, width, channels] = made.shape;
  const numbers = Float32Array.from(made.numbers);
  return draw(width, height, (row, column) => {
    const at = (row * width + column) * channels;
    const light = (c: number) => 255 * (numbers[at + (channels === 3 ? c : 0)] / 5 + 0.5);
    return [light(0), light(1), light(2)];
  });
}

/** The name of the class that a number of the output stands for: one number is the second of two. */
const nameOf = ({ model, classes }: Study, unit: number): string =>
  classes[model.outputShape[0] === 1 ? 1 : unit];

export const made: Section = {
  title: 'Images made for classes',
  cost(study) {
    const { steps, units } = planOf(study);
    return units.length * steps * STEP * study.seconds;
  },
  lacks: (study) => withoutImages(study) ?? withoutClasses(study),
  async make(study, onProgress) {
    const { model, signal, keep } = study;
    const { steps, units } = planOf(study);
    const { name } = model.outputs[0].layer;
    const [height, width] = model.inputShape;
    const jitter = Math.min(4, Math.floor(Math.min(height, width) / 8));
    const cards = [];
    for (const [i, unit] of units.entries()) {
      const found = await maximize(model, {
        ...{ layer: name, unit, steps, jitter, signal },
        onProgress: (done) => onProgress((i + done) / units.length),
      });
      const picture = pictureOf(keep(found));
      const words = nameOf(study, unit);
      cards.push(figure(image(picture, { alt: `Made for ${words}`, width: 104 }), words));
    }
    return html`<p>From noise, ${steps} steps up the gradient of a class's score: what the model takes for that class, not what it looks like.</p><div class="grid">${cards}</div>`;
  },
};
