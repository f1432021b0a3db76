// Sections of a report: which classes are mistaken for which, and the worst mistakes.

import { metrics } from '../../core.js';
import { type Html, html, image, percent } from './html.js';
import { type Section, withoutImages, withoutLabels } from './section.js';
import { mistakesOf, pictureOf, type Study, verdict } from './study.js';

/** Classes whose matrix is still read; confusions that are listed where there are more. */
const [MOST_COLUMNS, WORST] = [20, 15];
/** Mistakes that are shown. */
const SHOWN = 18;

type Matrix = ReturnType<typeof metrics.confusionMatrix>;

const matrixOf = ({ right, said, classes }: Study): Matrix =>
  metrics.confusionMatrix(
    right as Int32Array,
    said.map(({ best }) => best),
    { classes },
  );

function matrixTable({ matrix }: Matrix, classes: readonly string[]): Html {
  const lines = matrix.map((row, k) => {
    const sum = row.reduce((a, b) => a + b, 0);
    const cells = row.map((count, other) => {
      const share = sum > 0 ? count / sum : 0;
      const kind = other === k ? 'hit' : 'miss';
      // Mistakes are rare: their root is seen sooner.
      const strength = (other === k ? share : Math.sqrt(share)).toFixed(3);
      return html`<td class="${kind}" style="--share:${strength}">${count || ''}</td>`;
    });
    return html`<tr><th scope="row">${classes[k]}</th>${cells}</tr>`;
  });
  const heads = classes.map((name) => html`<th scope="col"><span>${name}</span></th>`);
  return html`<div class="wide" tabindex="0" role="region" aria-label="Confusion matrix"><table class="matrix"><thead><tr><td class="corner">is ╲ says</td>${heads}</tr></thead><tbody>${lines}</tbody></table></div>`;
}

/** The most frequent confusions. */
function worstPairs({ matrix }: Matrix, classes: readonly string[]): Html {
  const pairs = matrix
    .flatMap((row, right) => row.map((count, said) => ({ count, right, said })))
    .filter(({ count, right, said }) => count > 0 && right !== said)
    .sort((a, b) => b.count - a.count)
    .slice(0, WORST);
  return html`<ol>${pairs.map(
    ({ count, right, said }) =>
      html`<li>${count} × ${classes[right]}, taken for ${classes[said]}</li>`,
  )}</ol>`;
}

function perClass({ recall, precision, f1, matrix }: Matrix, classes: readonly string[]): Html {
  const bar = (share: number): Html =>
    html`<td><span class="bar" style="--share:${share.toFixed(3)}"></span>${percent(share)}</td>`;
  const lines = classes.map((name, k) => {
    const count = matrix[k].reduce((a, b) => a + b, 0);
    return html`<tr><th scope="row">${name}</th><td>${count}</td>${[recall, precision, f1].map((list) => bar(list[k]))}</tr>`;
  });
  return html`<div class="wide tall" tabindex="0" role="region" aria-label="Figures of each class"><table class="bars"><thead><tr><th scope="col">class</th><th scope="col">images</th><th scope="col">recall</th><th scope="col">precision</th><th scope="col">F1</th></tr></thead><tbody>${lines}</tbody></table></div>`;
}

export const confusion: Section = {
  title: 'Right and wrong',
  cost: () => 0,
  lacks: withoutLabels,
  async make(study) {
    const { classes, count } = study;
    const matrix = matrixOf(study);
    const wrong = mistakesOf(study).length;
    const isMatrix = classes.length <= MOST_COLUMNS;
    const table = isMatrix ? matrixTable(matrix, classes) : worstPairs(matrix, classes);
    const reading = isMatrix ? 'A row is what images are, a column what the model says. ' : '';
    return html`<p><b>${percent(matrix.accuracy, 2)}</b> of ${count.toLocaleString('en')} images are right, ${wrong.toLocaleString('en')} wrong. ${reading}Recall: of the images of a class, the share that is found. Precision: of the images that are taken for it, the share that is right. F1 is the harmonic mean of both.</p><div class="row">${table}${perClass(matrix, classes)}</div>`;
  },
};

export const mistakes: Section = {
  title: 'Worst mistakes',
  cost: () => 0,
  lacks: (study) =>
    withoutImages(study) ??
    withoutLabels(study) ??
    (mistakesOf(study).length > 0 ? undefined : 'there is no mistake'),
  async make(study) {
    const { right, said, classes } = study;
    const cards = mistakesOf(study)
      .slice(0, SHOWN)
      .map((index) => {
        const { best, chances } = said[index];
        const own = (right as Int32Array)[index];
        const picture = image(pictureOf(study, index), { alt: verdict(study, index), width: 84 });
        return html`<figure class="mistake">${picture}<figcaption><span class="said">${classes[best]} ${percent(chances[best])}</span><span>is ${classes[own]} ${percent(chances[own])}</span></figcaption></figure>`;
      });
    return html`<p>Images whose right class the model thinks the least probable: what it says, and what it is.</p><div class="grid">${cards}</div>`;
  },
};
