// Two trainings side by side, each in a worker of its own: networks that differ in one thing, or any two.

import type { App, Panel } from '../app.js';
import { type Columns, chart } from '../charts.js';
import { Client } from '../client.js';
import { comparisons, type Side } from '../comparisons.js';
import { byId, element, fill, onClick, oncePerFrame, percent, say } from '../dom.js';
import { GradientCourse, gradientMaps } from './gradientmaps.js';
import { ownPair } from './ownpair.js';

const BATCH = 64;
/** The comparison that the visitor makes up. */
const OWN = 'own';

/** Points of a training, in the order of their steps. */
interface Course {
  readonly title: string;
  readonly gradients: GradientCourse;
  loss: [step: number, value: number][];
  accuracy: [step: number, value: number][];
}

/** Two lines over the steps of both. */
function columnsOf(lines: readonly [step: number, value: number][][]): Columns {
  const rows = new Map<number, (number | null)[]>();
  for (const [i, line] of lines.entries())
    for (const [step, value] of line) {
      const row = rows.get(step) ?? [null, null];
      row[i] = value;
      rows.set(step, row);
    }
  const steps = [...rows.keys()].sort((a, b) => a - b);
  const column = (i: number) => steps.map((step) => rows.get(step)?.[i] ?? null);
  return [steps, column(0), column(1)];
}

export function comparePanel(app: App): Panel {
  const choice = byId('comparison', HTMLSelectElement);
  const titles = Object.entries(comparisons).map(([name, { title }]) => [name, title]);
  fill(choice, { ...Object.fromEntries(titles), [OWN]: 'Two of your own choice' });
  const own = ownPair(app);
  const epochs = byId('compare-epochs', HTMLInputElement);
  const rate = byId('compare-rate', HTMLInputElement);
  let courses: Course[] = [];
  let workers: Client[] = [];
  const charts = { loss: chartOf('loss'), accuracy: chartOf('accuracy') };
  const drawGradients = gradientMaps();
  const draw = oncePerFrame(() => {
    drawGradients(courses);
    for (const what of ['loss', 'accuracy'] as const)
      charts[what].draw(columnsOf(courses.map((course) => course[what])));
  });

  /** A worker that draws what it trains. */
  const workerFor = (course: Course): Client =>
    new Client({
      progress: ({ step, loss, gradients }) => {
        course.loss.push([step, loss]);
        if (gradients) course.gradients.add(gradients.layers);
        draw();
      },
      epoch: ({ step, valAccuracy }) => {
        course.accuracy.push([step, 100 * valAccuracy]);
        draw();
      },
    });
  /** Trains one of the two. */
  const train = async (worker: Client, side: Side): Promise<void> => {
    await worker.ask('init', { threads: 1 });
    await worker.ask('loadData', app.dataset);
    await worker.ask('make', { name: 'compared', layers: side.layers });
    await worker.ask('train', {
      epochs: epochs.valueAsNumber,
      learningRate: side.learningRate ?? rate.valueAsNumber,
      batchSize: BATCH,
      optimizer: side.optimizer,
    });
  };
  const end = (): void => {
    for (const worker of workers) worker.end();
    workers = [];
    button.textContent = 'Train both';
  };
  const show = (): void => {
    const isOwn = choice.value === OWN;
    own.place.hidden = !isOwn;
    byId('common-rate', HTMLElement).hidden = isOwn;
    const { remark, sides } = isOwn ? own : comparisons[choice.value];
    if (!isOwn) rate.value = String(comparisons[choice.value].learningRate);
    byId('compare-sides', HTMLElement).replaceChildren(
      ...sides.map(({ title, about }, i) =>
        element(
          'li',
          {},
          element('span', { className: `swatch line-${i + 1}` }),
          element('strong', {}, ` ${title}: `),
          about,
        ),
      ),
    );
    const [first, second] = sides;
    for (const one of Object.values(charts)) one.rename([first.title, second.title]);
    say('compare-message', remark);
  };
  const button = onClick('compare-start', async () => {
    if (workers.length > 0) {
      end();
      say('compare-message', 'Stopped.');
      return;
    }
    const isOwn = choice.value === OWN;
    if (!epochs.reportValidity() || !(isOwn ? own.isValid() : rate.reportValidity())) return;
    const { sides, remark } = isOwn ? own : comparisons[choice.value];
    if (isOwn) show();
    button.textContent = 'Stop';
    say('compare-message', 'Both train, on one core each …');
    courses = sides.map(({ title }) => ({
      title,
      gradients: new GradientCourse(),
      loss: [],
      accuracy: [],
    }));
    draw();
    // At once, as the button may be pressed again before the other training rests.
    const made = courses.map(workerFor);
    workers = made;
    try {
      const rest = await app.pause();
      await Promise.all(sides.map((side, i) => train(made[i], side)));
      if (rest) say('train-message', 'Paused, as both cores were taken. Go on when you like.');
      const results = sides.map(
        ({ title }, i) => `${title} ${percent((courses[i].accuracy.at(-1)?.[1] ?? 0) / 100)}`,
      );
      say('compare-message', `Right on test images: ${results.join(', ')}. ${remark}`);
    } catch (error) {
      // Who ended them has said so.
      if (workers !== made) return;
      say('compare-message', (error as Error).message, true);
    }
    end();
  });
  choice.addEventListener('change', () => {
    end();
    courses = [];
    draw();
    show();
  });
  app.listen('theme', () => {
    for (const one of Object.values(charts)) one.recolour();
  });
  own.place.addEventListener('change', () => {
    // What is drawn keeps its names, until both are trained again.
    if (courses.length === 0) show();
  });
  show();
  draw();
  return {};
}

/** The chart of both. */
const chartOf = (what: 'loss' | 'accuracy') =>
  what === 'loss'
    ? chart(
        'compare-loss',
        (value) => value.toFixed(3),
        (_, most) => [0, Math.max(2.5, most)],
      )
    : chart(
        'compare-accuracy',
        (value) => `${value.toFixed(1)} %`,
        (least) => [Math.max(0, Math.floor(least / 20) * 20), 100],
      );
