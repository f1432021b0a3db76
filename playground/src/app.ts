// What the panels share: the worker, what is on screen, and who wants to know when it changes.

import { Client } from './client.js';
import { type DatasetName, datasets } from './datasets.js';
import { element } from './dom.js';
import { nothing, type Past, TrainingHistory } from './history.js';
import type { EpochEnd, Progress, Row, WorkerEvents } from './messages.js';
import type { LayerSpec } from './networks.js';

/** The network that is trained. */
export interface Network {
  readonly name: string;
  readonly rows: readonly Row[];
  /** None where it came from a file with layers that the editor has not. */
  readonly layers: readonly LayerSpec[] | undefined;
}

export type Status = 'starting' | 'ready' | 'training' | 'paused' | 'failed';

interface Events {
  /** Another network, untrained or from a file. */
  network: Network;
  data: DatasetName;
  status: Status;
  progress: Progress;
  epoch: EpochEnd;
  /** Another image in hand. */
  image: Picture;
  theme: undefined;
  plane: WorkerEvents['plane'];
}

/** The image that all rooms look at: drawn, or taken from somewhere. */
export interface Picture {
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly title: string;
}

/** What a test image is called. */
export const sampleTitle = (index: number, name: string): string => `Test image ${index}: ${name}`;

/** A network that is edited and not in use yet. */
export interface Draft {
  /** Makes it the one that is trained. @returns whether it fits; where it does not, the room says why */
  use(): Promise<boolean>;
}

/** What a tab shows. */
export interface Panel {
  /** Called when it is shown, and then whenever what it shows may have changed. */
  refresh?(why: 'shown' | keyof Events): void;
  /** Called when another one is shown. */
  leave?(): void;
}

export class App {
  readonly worker = new Client({
    firstStep: () => performance.mark('first-step'),
    progress: (progress) => {
      this.history.addProgress(progress);
      this.tell('progress', progress);
    },
    epoch: (end) => {
      this.history.addEpoch(end);
      this.tell('epoch', end);
    },
    plane: (plane) => this.tell('plane', plane),
  });
  dataset: DatasetName = 'mnist';
  network: Network | undefined;
  /** What is on the sheet, as the network sees it. */
  image: Picture | undefined;
  #draft: Draft | undefined;
  /** The images that the worker was asked for last. */
  #asked: { readonly dataset: DatasetName; readonly done: Promise<void> } | undefined;
  /** What the charts show of the training so far. */
  readonly history = new TrainingHistory();
  /** Shows a room. */
  open: (room: string) => void = () => {};
  /** Threads that the worker has. */
  threads = 1;
  #status: Status = 'starting';
  #isLoading = false;
  #isPausing = false;
  readonly #listeners = new Map<keyof Events, ((detail: never) => void)[]>();

  get status(): Status {
    return this.#status;
  }

  set status(status: Status) {
    this.#status = status;
    this.tell('status', status);
  }

  /** Whether other images are on their way; the training goes on until they are here. */
  get isLoading(): boolean {
    return this.#isLoading;
  }

  set isLoading(isLoading: boolean) {
    this.#isLoading = isLoading;
    this.tell('status', this.#status);
  }

  get draft(): Draft | undefined {
    return this.#draft;
  }

  set draft(draft: Draft | undefined) {
    this.#draft = draft;
    this.tell('status', this.#status);
  }

  listen<K extends keyof Events>(event: K, hear: (detail: Events[K]) => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), hear]);
  }

  tell<K extends keyof Events>(event: K, detail: Events[K]): void {
    for (const hear of this.#listeners.get(event) ?? []) hear(detail as never);
  }

  /** Takes an image in hand, or puts it away. */
  take(image: Picture | undefined): void {
    this.image = image;
    if (image) this.tell('image', image);
  }

  /** Shows a network that the worker has now. @param past what it has been trained for, if anything */
  show(network: Network, past: Past = nothing): void {
    this.network = network;
    this.history.begin(past);
    if (this.status !== 'starting' && this.status !== 'failed') this.status = 'ready';
    this.tell('network', network);
  }

  /** Waits until the training rests. @returns whether it does by this call: it may have ended, or be paused already */
  async pause(): Promise<boolean> {
    if (this.status !== 'training' || this.#isPausing) return false;
    this.#isPausing = true;
    try {
      await this.worker.ask('pause', true);
    } finally {
      this.#isPausing = false;
    }
    if ((this.status as Status) !== 'training') return false;
    this.status = 'paused';
    return true;
  }

  /** Lets the training go on. */
  async resume(): Promise<void> {
    // First, as it may end before the answer is here.
    this.status = 'training';
    await this.worker.ask('pause', false);
  }

  /** Has the worker take other images, unless they are those that it was asked for last. */
  async useData(dataset: DatasetName): Promise<void> {
    if (this.#asked?.dataset !== dataset) this.#asked = { dataset, done: this.#load(dataset) };
    const asked = this.#asked;
    try {
      await asked.done;
    } catch (error) {
      if (this.#asked === asked) this.#asked = undefined;
      throw error;
    }
  }

  async #load(dataset: DatasetName): Promise<void> {
    await this.worker.ask('loadData', dataset);
    // The worker has them now, even if they are not the ones wanted any more.
    this.dataset = dataset;
    this.tell('data', dataset);
    await this.takeSample(0);
  }

  /** Takes a test image in hand. */
  async takeSample(index: number): Promise<void> {
    const { pixels, label } = await this.worker.ask('testImage', index);
    this.take({ pixels, title: sampleTitle(index, datasets[this.dataset].classes[label]) });
  }

  /** Makes a network in the worker and shows it. */
  async make(name: string, layers: readonly LayerSpec[]): Promise<void> {
    const rows = await this.worker.ask('make', { layers, name });
    this.show({ name, rows, layers });
  }
}

/** A message with its full stop; some have one. */
export const sentence = (message: string): string =>
  /[.!?]$/.test(message) ? message : `${message}.`;

/** Tells something at the top of the page. */
export function notice(
  title: string,
  text: string,
  kind: 'problem' | 'hint',
  ...buttons: HTMLButtonElement[]
): HTMLElement {
  const close = element('button', { type: 'button', className: 'quiet' }, '✕');
  close.setAttribute('aria-label', 'Close this notice');
  const made = element(
    'div',
    { className: `notice ${kind}` },
    element('p', {}, element('strong', {}, title), ` ${text}`),
    element('span', { className: 'notice-buttons' }, ...buttons, close),
  );
  close.addEventListener('click', () => made.remove());
  document.getElementById('notices')?.append(made);
  return made;
}
