// The training: what is trained on what and how, started, paused, and watched.

import { type App, sentence } from '../app.js';
import { chart } from '../charts.js';
import { type DatasetName, datasets } from '../datasets.js';
import { byId, fill, onClick, oncePerFrame, percent, say } from '../dom.js';
import { TrainingHistory } from '../history.js';
import type { Progress, TrainingOptions } from '../messages.js';
import { type PresetName, presets } from '../networks.js';

const titles = (all: Readonly<Record<string, { title: string }>>): Record<string, string> =>
  Object.fromEntries(Object.entries(all).map(([name, { title }]) => [name, title]));

const set = (id: string, text: string): void => {
  byId(id, HTMLElement).textContent = text;
};

/** The form's numbers, as the training takes them. */
export function trainingOptions(): TrainingOptions {
  const number = (id: string): number => byId(id, HTMLInputElement).valueAsNumber;
  return {
    epochs: number('epochs'),
    batchSize: number('batch-size'),
    learningRate: number('learning-rate'),
    optimizer: byId('optimizer', HTMLSelectElement).value as TrainingOptions['optimizer'],
  };
}

function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** The loss of ten classes by chance, ln 10, and a little more: what is above it is not worth the room. */
const CHANCE = 2.5;

/** The charts and figures; they are drawn once a frame at most. */
function watch(app: App): void {
  const history = new TrainingHistory();
  const loss = chart(
    'loss-chart',
    (value) => value.toFixed(3),
    (_, __, most) => [0, Math.min(CHANCE, most || CHANCE)],
  );
  const accuracy = chart(
    'accuracy-chart',
    (value) => `${value.toFixed(1)} %`,
    (_, least) => [Math.max(0, Math.min(80, Math.floor((least ?? 0) / 20) * 20)), 100],
  );
  let latest: Progress | undefined;
  const soon = oncePerFrame(() => {
    loss.draw(history.loss.columns);
    accuracy.draw(history.accuracy.columns);
    if (latest) figures(latest);
  });
  app.listen('progress', (progress) => {
    latest = progress;
    history.addProgress(progress);
    soon();
  });
  app.listen('epoch', (end) => {
    history.addEpoch(end);
    set('test-accuracy', percent(end.valAccuracy));
    soon();
  });
  app.listen('network', () => {
    latest = undefined;
    history.clear();
    for (const id of ['epoch', 'eta', 'rate', 'test-accuracy', 'loss', 'memory']) set(id, '–');
    byId('progress', HTMLProgressElement).value = 0;
    soon();
  });
  app.listen('theme', () => {
    loss.recolour();
    accuracy.recolour();
  });
}

function figures({ epoch, epochs, share, eta, imagesPerSecond, loss, memory }: Progress): void {
  set('epoch', `${epoch} of ${epochs}`);
  set('eta', duration(eta));
  set('rate', imagesPerSecond ? Math.round(imagesPerSecond).toLocaleString('en') : '–');
  set('loss', loss.toFixed(3));
  set('memory', `${(memory / 2 ** 20).toFixed(1)} MiB`);
  byId('memory', HTMLElement).dataset.bytes = String(memory);
  byId('progress', HTMLProgressElement).value = (epoch - 1 + share) / epochs;
}

const statusTexts = {
  starting: 'Loading the images …',
  ready: 'Ready.',
  training: 'Training; what the panels show is live.',
  paused: 'Paused.',
  failed: '',
};

/** The buttons, as the training stands. */
function showStatus(app: App): void {
  const { status, isLoading } = app;
  const start = byId('start', HTMLButtonElement);
  const reset = byId('reset', HTMLButtonElement);
  const other = { training: 'Pause', paused: 'Go on' }[status as string];
  reset.disabled = isLoading || status === 'starting' || status === 'failed';
  // What trains can be paused whatever is loaded, and whatever the fields say.
  start.disabled = !other && reset.disabled;
  start.formNoValidate = other !== undefined;
  start.textContent = other ?? 'Start';
  if (isLoading) say('train-message', statusTexts.starting);
  else if (status !== 'failed') say('train-message', statusTexts[status]);
}

const tellProblem = ({ message }: Error): void => say('train-message', sentence(message), true);

async function train(app: App): Promise<void> {
  performance.mark('start');
  app.status = 'training';
  try {
    const how = await app.worker.ask('train', trainingOptions());
    // What stopped it says what is next.
    if (how === 'stopped') return;
    app.status = 'ready';
    say('train-message', 'Done. Start goes on from here.');
  } catch (error) {
    app.status = 'ready';
    const { name, message } = error as Error;
    const help = name === 'NumericError' ? ' Reset, and take a smaller learning rate.' : '';
    say('train-message', `${sentence(message)}${help}`, true);
  }
}

function press(app: App): void {
  if (app.status === 'ready') train(app);
  else (app.status === 'training' ? app.pause() : app.resume()).catch(tellProblem);
}

/** How often images were chosen: only the last choice counts, however long each takes. */
let choices = 0;

/** The network being made for the last images that came: it says "Ready." when it is there. */
let afresh: Promise<void> = Promise.resolve();

/** Loads the images, then makes the network anew for them. The ones before stay where that fails. */
async function choose(app: App, select: HTMLSelectElement): Promise<void> {
  const choice = ++choices;
  const dataset = select.value as DatasetName;
  if (app.status === 'failed') app.status = 'starting';
  app.isLoading = true;
  try {
    await app.worker.ask('loadData', dataset);
    // The worker has them now, even if they are not the ones wanted any more.
    app.dataset = dataset;
    app.tell('data', dataset);
    // Other images have ended the training.
    if (app.status !== 'starting' || choice === choices) app.status = 'ready';
  } catch (error) {
    // What went wrong is said last.
    await afresh.catch(() => {});
    if (choice !== choices) return;
    const isFirst = app.status === 'starting';
    if (isFirst) app.status = 'failed';
    app.isLoading = false;
    // With nothing chosen, the same can be chosen again.
    select.value = isFirst ? '' : app.dataset;
    const stay = isFirst ? '' : ` ${datasets[app.dataset].title} stay.`;
    const what = `${datasets[dataset].title} did not load: ${(error as Error).message}`;
    say('train-message', `${sentence(what)}${stay}`, true);
    return;
  }
  if (choice !== choices) return;
  // Until the network is made, nothing can be started: it would end what was.
  try {
    afresh = startAfresh(app);
    await afresh;
  } catch (error) {
    app.status = 'failed';
    tellProblem(error as Error);
  } finally {
    if (choice === choices) app.isLoading = false;
  }
}

/** The network on screen, or the chosen one where its layers are not known, untrained. */
async function startAfresh(app: App): Promise<void> {
  const preset = byId('preset', HTMLSelectElement);
  const { name, layers } = app.network ?? {};
  if (name && layers) return app.make(name, layers);
  preset.value = 'lenet5';
  return app.make('lenet5', presets.lenet5.layers);
}

/** @returns what loads the first images */
export function trainPanel(app: App): () => Promise<void> {
  const dataset = byId('dataset', HTMLSelectElement);
  const preset = byId('preset', HTMLSelectElement);
  fill(dataset, titles(datasets));
  fill(preset, titles(presets));
  dataset.addEventListener('change', () => choose(app, dataset));
  preset.addEventListener('change', () => {
    const name = preset.value as PresetName;
    if (name in presets) app.make(name, presets[name].layers).catch(tellProblem);
  });
  app.listen('network', ({ name }) => showName(preset, name));
  app.listen('status', () => showStatus(app));
  byId('setup', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    press(app);
  });
  onClick('reset', () => startAfresh(app).catch(tellProblem));
  watch(app);
  return () => choose(app, dataset);
}

/** A network that is not ready-made has an entry of its own while it is on screen. */
function showName(preset: HTMLSelectElement, name: string): void {
  for (const option of [...preset.options]) if (!(option.value in presets)) option.remove();
  if (!(name in presets)) preset.add(new Option(name, name));
  preset.value = name;
}
