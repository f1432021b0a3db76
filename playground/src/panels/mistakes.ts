// The test images: which class is taken for which, and the mistakes that the network is surest of.

import type { App, Panel } from '../app.js';
import { datasets } from '../datasets.js';
import { byId, element, oneAtATime, percent, say } from '../dom.js';
import type { Mistake, TestResult } from '../messages.js';
import { drawPixels } from '../pictures.js';

/** The counts as a table; the more, the stronger the colour. */
function tableRows({ matrix }: TestResult, classes: readonly string[]): HTMLElement[] {
  const head = element(
    'tr',
    {},
    element('td'),
    ...classes.map((name) => element('th', { scope: 'col' }, element('span', {}, name))),
  );
  const rows = matrix.map((counts, right) => {
    const sum = counts.reduce((a, b) => a + b, 0);
    const cells = counts.map((count, predicted) => {
      const cell = element('td', {}, count ? String(count) : '');
      cell.style.setProperty('--share', String(count / Math.max(1, sum)));
      cell.className = right === predicted ? 'right' : 'not-right';
      cell.title = `${classes[right]} taken for ${classes[predicted]}: ${count}`;
      return cell;
    });
    return element('tr', {}, element('th', { scope: 'row' }, classes[right]), ...cells);
  });
  return [element('thead', {}, head), element('tbody', {}, ...rows)];
}

function picture(
  { pixels, label, predicted, probability }: Mistake,
  classes: readonly string[],
): HTMLLIElement {
  const canvas = element('canvas');
  drawPixels(canvas, pixels);
  return element(
    'li',
    { className: 'mistake' },
    canvas,
    element('strong', {}, classes[label]),
    element(
      'span',
      { className: 'taken' },
      `taken for ${classes[predicted]}, ${percent(probability, 0)}`,
    ),
  );
}

export function mistakesPanel(app: App): Panel {
  const refresh = oneAtATime(
    async () => {
      if (!app.network) return;
      const { classes } = datasets[app.dataset];
      const result = await app.worker.ask('test', undefined);
      byId('confusion', HTMLTableElement).replaceChildren(...tableRows(result, classes));
      byId('wrong', HTMLElement).replaceChildren(
        ...result.mistakes.map((mistake) => picture(mistake, classes)),
      );
      say('mistakes-message', `${percent(result.accuracy)} are right, ${result.wrong} are wrong.`);
    },
    (error) => say('mistakes-message', error.message, true),
  );
  return {
    refresh(why) {
      if (why !== 'progress') refresh();
    },
  };
}
