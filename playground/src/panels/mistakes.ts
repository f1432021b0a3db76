// The test images: which class is taken for which, and the mistakes that the network is surest of. Elements are
// made once and filled anew: it is all measured again several times a second where epochs are short.

import type { App, Panel } from '../app.js';
import { datasets } from '../datasets.js';
import { byId, element, oneAtATime, percent, say } from '../dom.js';
import type { Mistake, TestResult } from '../messages.js';
import { drawPixels } from '../pictures.js';

type Classes = readonly string[];

/** The table of counts; the more, the stronger the colour. */
function confusionTable(classes: Classes): (matrix: TestResult['matrix']) => void {
  const heads = classes.map((name) => element('th', { scope: 'col' }, element('span', {}, name)));
  const cells = classes.map((_, right) =>
    classes.map((_, predicted) =>
      element('td', { className: right === predicted ? 'right' : 'not-right' }),
    ),
  );
  const rows = classes.map((name, right) =>
    element('tr', {}, element('th', { scope: 'row' }, name), ...cells[right]),
  );
  byId('confusion', HTMLTableElement).replaceChildren(
    element('thead', {}, element('tr', {}, element('td'), ...heads)),
    element('tbody', {}, ...rows),
  );
  return (matrix) => {
    for (const [right, counts] of matrix.entries()) {
      const sum = counts.reduce((a, b) => a + b, 0);
      for (const [predicted, count] of counts.entries()) {
        const cell = cells[right][predicted];
        cell.textContent = count ? String(count) : '';
        cell.title = `${classes[right]} taken for ${classes[predicted]}: ${count}`;
        cell.style.setProperty('--share', String(count / Math.max(1, sum)));
      }
    }
  };
}

/** The pictures of mistakes, as many as there were at most. */
class Gallery {
  readonly #place = byId('wrong', HTMLElement);
  readonly #items: ReturnType<typeof galleryItem>[] = [];

  show(mistakes: readonly Mistake[], classes: Classes): void {
    while (this.#items.length < mistakes.length) {
      const item = galleryItem();
      this.#items.push(item);
      this.#place.append(item.item);
    }
    for (const [i, { item, fill }] of this.#items.entries()) {
      item.hidden = i >= mistakes.length;
      if (!item.hidden) fill(mistakes[i], classes);
    }
  }
}

function galleryItem() {
  const canvas = element('canvas');
  const right = element('strong');
  const taken = element('span', { className: 'taken' });
  const item = element('li', {}, element('div', { className: 'mistake' }, canvas, right, taken));
  const fill = ({ pixels, label, predicted, probability }: Mistake, classes: Classes): void => {
    drawPixels(canvas, pixels);
    right.textContent = classes[label];
    taken.textContent = `taken for ${classes[predicted]}, ${percent(probability, 0)}`;
  };
  return { item, fill };
}

export function mistakesPanel(app: App): Panel {
  const gallery = new Gallery();
  let showMatrix = confusionTable(datasets[app.dataset].classes);
  const refresh = oneAtATime(
    async () => {
      if (!app.network) return;
      const { matrix, accuracy, wrong, mistakes } = await app.worker.ask('test', undefined);
      showMatrix(matrix);
      gallery.show(mistakes, datasets[app.dataset].classes);
      say('mistakes-message', `${percent(accuracy)} are right, ${wrong} are wrong.`);
    },
    (error) => say('mistakes-message', error.message, true),
  );
  app.listen('data', (dataset) => {
    showMatrix = confusionTable(datasets[dataset].classes);
  });
  return {
    refresh(why) {
      if (why !== 'progress') refresh();
    },
  };
}
