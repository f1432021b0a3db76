// Test images, and what the network takes each for, as it learns.

import { type App, type Panel, sampleTitle } from '../app.js';
import { datasets } from '../datasets.js';
import { byId, element, onClick, oneAtATime, percent } from '../dom.js';
import type { Samples } from '../messages.js';
import { drawPixels, pixelsOf } from '../pictures.js';

/** How many are shown, and how many there are. */
const SHOWN = 24;
const ALL = 1000;
/** Milliseconds between two answers while it trains: more often is more than an eye follows. */
const PAUSE = 150;

/** One image with its answer. */
function tile(take: () => void) {
  const canvas = element('canvas');
  const mark = element('span', { className: 'mark' });
  const answer = element('span', { className: 'answer' });
  const length = element('span', { className: 'length' });
  const track = element('span', { className: 'track' }, length);
  for (const part of [mark, track]) part.setAttribute('aria-hidden', 'true');
  const button = element(
    'button',
    { type: 'button', className: 'sample' },
    canvas,
    element('span', { className: 'says' }, mark, answer),
    track,
  );
  button.addEventListener('click', take);
  return {
    item: element('li', {}, button),
    canvas,
    /** Shows what it is taken for. */
    judge(said: string, right: string, share: number) {
      const isRight = said === right;
      button.classList.toggle('right', isRight);
      mark.textContent = isRight ? '✓' : '✗';
      answer.textContent = said;
      length.style.setProperty('--share', String(share));
      button.setAttribute('aria-label', `${right}: taken for ${said}, ${percent(share, 0)}`);
      button.title = `This is ${right}; the network says ${said}, ${percent(share, 0)}`;
    },
  };
}

export function samples(app: App): Panel {
  let first = 0;
  let shown: Samples | undefined;
  const message = byId('samples-message', HTMLElement);
  const nameOf = (label: number): string => datasets[app.dataset].classes[label];
  const takeOne = (i: number): void => {
    if (!shown) return;
    const title = sampleTitle(first + i, nameOf(shown.labels[i]));
    app.take({ pixels: pixelsOf(shown.pixels, i), title });
  };
  const tiles = Array.from({ length: SHOWN }, (_, i) => tile(() => takeOne(i)));
  byId('samples', HTMLElement).append(...tiles.map(({ item }) => item));

  const refresh = oneAtATime(async () => {
    if (!app.network || app.status === 'starting') return;
    const part = { first, count: SHOWN };
    if (!shown) {
      const got = await app.worker.ask('samples', part);
      shown = got;
      for (const [i, { canvas }] of tiles.entries()) drawPixels(canvas, pixelsOf(got.pixels, i));
    }
    const { labels } = shown;
    const all = await app.worker.ask('judge', part);
    if (labels !== shown?.labels) return;
    const classes = all.length / SHOWN;
    let right = 0;
    for (const [i, { judge }] of tiles.entries()) {
      const row = all.subarray(i * classes, (i + 1) * classes);
      const share = Math.max(...row);
      const said = row.indexOf(share);
      if (said === labels[i]) right++;
      judge(nameOf(said), nameOf(labels[i]), share);
    }
    message.textContent = `${right} of ${SHOWN} are right. It never trains on these images.`;
  });
  const other = (from: number): void => {
    first = from;
    shown = undefined;
    refresh();
  };
  onClick('other-samples', () => other((first + SHOWN) % (ALL - SHOWN)));
  app.listen('data', () => {
    first = 0;
    shown = undefined;
  });
  let last = 0;
  return {
    refresh(why) {
      const now = performance.now();
      if (why === 'progress' && now - last < PAUSE) return;
      last = now;
      refresh();
    },
  };
}
