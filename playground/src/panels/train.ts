// The first room: what the network says of images and of a drawing, how its training goes, and its settings.

import type { App, Panel } from '../app.js';
import { chart } from '../charts.js';
import { byId, oncePerFrame, say, setText, short } from '../dom.js';
import type { Progress } from '../messages.js';
import { form } from '../settings.js';
import { drawing } from './draw.js';
import { samples } from './samples.js';

function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** The loss of ten classes by chance is 2.3: an axis at least that high shows how far it falls. */
const CHANCE = 2.5;

/** The charts and figures; they are drawn once a frame at most. */
function watch(app: App): () => void {
  const { history } = app;
  const loss = chart(
    'loss-chart',
    (value) => (value < 100 ? value.toFixed(3) : value.toExponential(1)),
    (_, most) => [0, Math.max(CHANCE, most)],
  );
  const accuracy = chart(
    'accuracy-chart',
    (value) => `${value.toFixed(1)} %`,
    (least) => [Math.max(0, Math.min(80, Math.floor(least / 20) * 20)), 100],
  );
  const rate = chart('rate-chart', short, (_, most) => [0, most || 1], ['of each step']);
  const gradient = chart('gradient-chart', short, (_, most) => [0, most || 1], ['of all weights']);
  const fold = byId('more-curves', HTMLDetailsElement);
  let latest: Progress | undefined;
  const soon = oncePerFrame(() => {
    loss.draw(history.loss.columns);
    accuracy.draw(history.accuracy.columns);
    figures(latest);
    if (!fold.open) return;
    rate.draw(history.rate.columns);
    gradient.draw(history.gradient.columns);
  });
  fold.addEventListener('toggle', soon);
  app.listen('progress', (progress) => {
    latest = progress;
  });
  app.listen('network', () => {
    latest = undefined;
  });
  app.listen('theme', () => {
    for (const one of [loss, accuracy, rate, gradient]) one.recolour();
  });
  return soon;
}

function figures(progress: Progress | undefined): void {
  const { eta, imagesPerSecond, memory = 0 } = progress ?? {};
  setText('eta', eta === undefined ? '–' : duration(eta));
  setText('rate', imagesPerSecond ? Math.round(imagesPerSecond).toLocaleString('en') : '–');
  setText('memory', memory ? `${(memory / 2 ** 20).toFixed(1)} MiB` : '–');
  byId('memory', HTMLElement).dataset.bytes = String(memory);
}

/** A training that is under way follows the learning rate; the rest counts from the next start. */
function followSettings(app: App): void {
  form.addEventListener('change', ({ target }) => {
    if (app.status !== 'training' && app.status !== 'paused') return;
    const field = target as HTMLInputElement;
    if (!field.checkValidity()) return;
    if (field.id === 'learning-rate')
      app.worker.ask('setLearningRate', field.valueAsNumber).catch(() => {});
    const when = field.id === 'learning-rate' ? 'from the next step on' : 'from the next start on';
    say('train-message', `The change counts ${when}.`);
  });
}

export function trainPanel(app: App): Panel {
  const looks = [samples(app), drawing(app)];
  const drawCourse = watch(app);
  followSettings(app);
  return {
    refresh(why) {
      for (const look of looks) look.refresh?.(why);
      drawCourse();
    },
  };
}
