// The strip above all rooms: what is trained on what, started, paused, and how far it is.

import { type App, notice, sentence } from './app.js';
import { type DatasetName, datasets } from './datasets.js';
import { byId, fill, onClick, oncePerFrame, percent, say, setText, short } from './dom.js';
import type { Progress } from './messages.js';
import { type PresetName, presets } from './networks.js';
import { form, trainingOptions } from './settings.js';
import { bringBack, putAside, type Work } from './work.js';

const titles = (all: Readonly<Record<string, { title: string }>>): Record<string, string> =>
  Object.fromEntries(Object.entries(all).map(([name, { title }]) => [name, title]));

const statusTexts = {
  starting: 'Loading the images …',
  ready: 'Press Start: the network learns from 5,000 images, and what it says changes.',
  training: 'It learns. All rooms show it live.',
  paused: 'Paused.',
  failed: '',
};

/** A loss from which on a training does not come back by itself: guessing gives 2.3. */
const ASTRAY = 10;

/** The buttons, as the training stands. */
function showStatus(app: App): void {
  const { status, isLoading } = app;
  const start = byId('start', HTMLButtonElement);
  const reset = byId('reset', HTMLButtonElement);
  const other = { training: 'Pause', paused: 'Go on' }[status as string];
  reset.disabled = isLoading || status === 'starting' || status === 'failed';
  // What trains can be paused whatever is loaded.
  start.disabled = !other && reset.disabled;
  start.textContent = other ?? 'Start';
  if (isLoading) say('train-message', statusTexts.starting);
  else if (status === 'ready' && app.draft)
    say('train-message', 'Start takes the edited network, which begins untrained.');
  else if (status === 'ready' && app.history.steps > 0)
    say('train-message', 'Start goes on from here; Reset begins anew.');
  else if (status !== 'failed') say('train-message', statusTexts[status]);
}

const tellProblem = ({ message }: Error): void => say('train-message', sentence(message), true);

async function train(app: App): Promise<void> {
  // The browser says which number is missing, where it can be seen.
  if (!form.checkValidity()) {
    app.open('train');
    form.reportValidity();
    return;
  }
  if (app.draft && !(await app.draft.use())) {
    app.open('network');
    say('train-message', 'The edited network does not fit yet: its layers say why.', true);
    return;
  }
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
  if (app.status === 'ready') train(app).catch(tellProblem);
  else (app.status === 'training' ? app.pause() : app.resume()).catch(tellProblem);
}

/** How often images were chosen: only the last choice counts, however long each takes. */
let choices = 0;

/** The network being made for the last images that came: it says "Ready." when it is there. */
let afresh: Promise<void> = Promise.resolve();

/** Loads the images, then the network for them. What was before stays where that fails. */
async function choose(app: App, make: () => Promise<void>): Promise<void> {
  const select = byId('dataset', HTMLSelectElement);
  const choice = ++choices;
  const dataset = select.value as DatasetName;
  if (app.status === 'failed') app.status = 'starting';
  app.isLoading = true;
  try {
    await putAside(app);
    await app.useData(dataset);
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
    afresh = make();
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
  const { name, layers } = app.network ?? {};
  if (name && layers) return app.make(name, layers);
  return app.make('lenet5', presets.lenet5.layers);
}

/** What was kept; where it cannot be read any more, the network on screen, untrained. */
async function goOn(app: App, work: Work): Promise<void> {
  try {
    await bringBack(app, work);
  } catch (error) {
    notice('What was kept did not come back.', sentence((error as Error).message), 'problem');
    await startAfresh(app);
  }
}

/** A network that is not ready-made has an entry of its own while it is on screen. */
function showName(preset: HTMLSelectElement, name: string): void {
  for (const option of [...preset.options]) if (!(option.value in presets)) option.remove();
  if (!(name in presets)) preset.add(new Option(name, name));
  preset.value = name;
}

/** The figures; they are drawn once a frame at most. */
function watch(app: App): void {
  let latest: Progress | undefined;
  const soon = oncePerFrame(() => {
    const { epochs, testAccuracy } = app.history;
    setText('test-accuracy', testAccuracy === undefined ? '–' : percent(testAccuracy));
    setText('epoch', latest ? `${latest.epoch} of ${latest.epochs}` : epochs ? `${epochs}` : '–');
    setText('loss', latest ? lossText(latest.loss) : '–');
    byId('progress', HTMLProgressElement).value = latest
      ? (latest.epoch - 1 + latest.share) / latest.epochs
      : 0;
    if (latest && latest.loss > ASTRAY && app.status === 'training')
      say('train-message', 'The loss grows: a smaller learning rate helps, and a Reset.', true);
  });
  app.listen('progress', (progress) => {
    latest = progress;
    soon();
  });
  app.listen('epoch', soon);
  app.listen('network', () => {
    latest = undefined;
    soon();
  });
}

/** Three digits after the point, or as few as there is room for. */
const lossText = (loss: number): string => (loss < 100 ? loss.toFixed(3) : short(loss));

/** @returns what begins: with the network that the page names, or with what was trained before */
export function strip(app: App): (work?: Work) => Promise<void> {
  const dataset = byId('dataset', HTMLSelectElement);
  const preset = byId('preset', HTMLSelectElement);
  fill(dataset, titles(datasets));
  fill(preset, titles(presets));
  dataset.addEventListener('change', () => choose(app, () => startAfresh(app)));
  preset.addEventListener('change', async () => {
    const name = preset.value as PresetName;
    if (!(name in presets)) return;
    try {
      await putAside(app);
      await app.make(name, presets[name].layers);
    } catch (error) {
      tellProblem(error as Error);
    }
  });
  app.listen('network', ({ name }) => {
    showName(preset, name);
    // What is brought back has images of its own.
    if (!app.isLoading) dataset.value = app.dataset;
  });
  app.listen('status', () => showStatus(app));
  // Chosen here, as an empty field may be in a room that is not shown.
  form.noValidate = true;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    press(app);
  });
  onClick('reset', async () => {
    try {
      await putAside(app);
      await startAfresh(app);
    } catch (error) {
      tellProblem(error as Error);
    }
  });
  watch(app);
  return (work) => choose(app, () => (work ? goOn(app, work) : startAfresh(app)));
}
