// What was trained: taken out of the worker with all that belongs to it, and brought back. Other images and other
// networks take its place only after it was put aside, and a reload finds it again.

import { type App, type Network, notice } from './app.js';
import { type DatasetName, datasets } from './datasets.js';
import { element } from './dom.js';
import type { Past } from './history.js';
import { openStore, putLast, readLast } from './store.js';

/** A trained network. */
export interface Work {
  readonly dataset: DatasetName;
  readonly network: Network;
  readonly past: Past;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Takes a copy of what is trained; none where nothing is. */
async function takeWork(app: App): Promise<Work | undefined> {
  const { network, dataset, history } = app;
  if (!network || history.steps === 0) return undefined;
  const bytes = await app.worker.ask('save', undefined);
  return { dataset, network, past: history.past, bytes };
}

/** Loads it, as it was. */
export async function bringBack(app: App, { dataset, network, past, bytes }: Work): Promise<void> {
  await app.useData(dataset);
  const copy = bytes.slice().buffer;
  const { steps, epochs } = past;
  await app.worker.ask('load', { bytes: copy, steps, epochs }, [copy]);
  app.show(network, past);
}

let offered: HTMLElement | undefined;

/** Says that something is kept, with a button that brings it back. */
export function offer(app: App, work: Work): void {
  offered?.remove();
  const { epochs, testAccuracy } = work.past;
  const knew = testAccuracy === undefined ? '' : `, ${(100 * testAccuracy).toFixed(1)} % right`;
  const times = `${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}${knew}`;
  const back = element('button', { type: 'button' }, 'Bring it back');
  const made = notice(
    'Your training is kept:',
    `${work.network.name} on ${datasets[work.dataset].title}, ${times}.`,
    'hint',
    back,
  );
  offered = made;
  back.addEventListener('click', async () => {
    made.remove();
    try {
      // What is trained by now is kept in turn.
      const now = await takeWork(app);
      await bringBack(app, work);
      if (now) offer(app, now);
    } catch (error) {
      notice('It did not come back.', (error as Error).message, 'problem');
    }
  });
}

/** Keeps what is trained before something takes its place. */
export async function putAside(app: App): Promise<void> {
  // Where nothing can be saved, nothing is kept.
  const work = await takeWork(app).catch(() => undefined);
  if (work) offer(app, work);
}

const STORE = 'wasmgrad-playground-work';
/** Milliseconds between two times that it is kept while it trains. */
const PAUSE = 10_000;

/** Keeps the work in the browser, for a reload: now and then while it trains, and when that ends. */
export function keepWork(app: App): void {
  let last = 0;
  let isBusy = false;
  /** Asked for while another was being kept: it comes next. */
  let isAsked = false;
  /** Steps of the training that was kept. */
  let keptSteps = 0;
  const keep = async (): Promise<void> => {
    if (isBusy) {
      isAsked = true;
      return;
    }
    isBusy = true;
    last = performance.now();
    try {
      const work = await takeWork(app);
      const store = await openStore(STORE);
      if (work) {
        const { bytes, ...about } = work;
        await putLast(store, bytes, JSON.stringify(about));
      } else for (const key of await store.keys()) await store.delete(key);
    } catch {
      // Browsers may refuse to keep anything: a reload begins anew.
    }
    isBusy = false;
    if (!isAsked) return;
    isAsked = false;
    keep();
  };
  app.listen('epoch', () => {
    if (performance.now() - last > PAUSE) keep();
  });
  app.listen('status', (status) => {
    if ((status === 'ready' || status === 'paused') && app.history.steps !== keptSteps) {
      keptSteps = app.history.steps;
      keep();
    }
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden && app.status === 'training') keep();
  });
}

/** What was kept before the page was loaded. */
export async function keptWork(): Promise<Work | undefined> {
  try {
    const found = await readLast(await openStore(STORE));
    if (!found) return undefined;
    return { ...JSON.parse(found.about), bytes: new Uint8Array(found.bytes) };
  } catch {
    return undefined;
  }
}
