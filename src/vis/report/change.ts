// A section of a report: what comes of shifts, turns, sizes and darkness.

import { type Change, type Invariance, invariance } from '../invariance.js';
import { plot } from '../plot.js';
import { Html, html } from './html.js';
import { type Section, withoutClasses, withoutImages } from './section.js';
import { evenly, imagesOf, type Study } from './study.js';

/** Shifts as shares of the width, and the other changes. */
const SHIFTS = [0, 1 / 32, 1 / 16, 1 / 8, 3 / 16, 1 / 4];
const others = {
  turn: [-40, -20, 0, 20, 40],
  grow: [0.6, 0.8, 1, 1.2, 1.4],
  darken: [0, 0.3, 0.6, 0.9],
} as const;
/** Predictions that an image takes: one for each change, and what the layers make of the shifted ones. */
const EACH = 28;
/** Seconds that this may take, about, and how many images at least and at most. */
const [SECONDS, FEWEST, MOST] = [6, 4, 32];

const imagesFor = ({ chosen, seconds }: Study): readonly number[] => {
  const most = Math.min(MOST, Math.max(FEWEST, Math.floor(SECONDS / (EACH * seconds))));
  return evenly(chosen.length, most).map((i) => chosen[i]);
};

const none = { by: [], same: [], moved: [] };

/** A frame for each change, and one for the layers. */
function framesOf(found: Invariance): Html[] {
  const empty = { shift: none, turn: none, grow: none, darken: none, layers: [] };
  const parts: Invariance[] = [
    ...(['shift', 'turn', 'grow', 'darken'] as const satisfies Change[]).map((change) => ({
      ...empty,
      [change]: found[change],
    })),
    { ...empty, layers: found.layers },
  ];
  return parts.map((part) => new Html(plot(part, { width: 330, height: 220 })));
}

export const change: Section = {
  title: 'When the image changes',
  cost: (study) => imagesFor(study).length * EACH * study.seconds,
  lacks: (study) => withoutImages(study) ?? withoutClasses(study),
  async make(study, onProgress) {
    const { model, batchSize, signal } = study;
    const indices = imagesFor(study);
    const width = model.inputShape[1];
    const shift = [...new Set(SHIFTS.map((share) => Math.round(share * width)))];
    const x = imagesOf(study, indices);
    const found = await invariance(model, x, {
      ...{ shift, turn: [...others.turn], grow: [...others.grow], darken: [...others.darken] },
      ...{ batchSize, signal, onProgress },
    });
    const classes = html`<p>${indices.length} images, shifted to the right, turned, enlarged and darkened: the share whose class stays, and how far the output moves, as a share of its length.</p>`;
    const layers = html`<p>Last, layer by layer, in the order of the table below, the equivariance error: how far the maps of a shifted image, f(T(x)), are from the shifted maps, T(f(x)); 0 where they move as the image does.</p>`;
    return html`${classes}${layers}<div class="row">${framesOf(found)}</div>`;
  },
};
