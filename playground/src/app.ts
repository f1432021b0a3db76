// What the panels share: the worker, what is on screen, and who wants to know when it changes.

import { Client } from './client.js';
import type { DatasetName } from './datasets.js';
import { element } from './dom.js';
import type { EpochEnd, Progress, Row } from './messages.js';
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
  theme: undefined;
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
    progress: (progress) => this.tell('progress', progress),
    epoch: (end) => this.tell('epoch', end),
  });
  dataset: DatasetName = 'mnist';
  network: Network | undefined;
  /** What was drawn last, as the network sees it. */
  drawing: Uint8Array<ArrayBuffer> | undefined;
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

  listen<K extends keyof Events>(event: K, hear: (detail: Events[K]) => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), hear]);
  }

  tell<K extends keyof Events>(event: K, detail: Events[K]): void {
    for (const hear of this.#listeners.get(event) ?? []) hear(detail as never);
  }

  /** Shows a network that the worker has now. */
  show(network: Network): void {
    this.network = network;
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
export function notice(title: string, text: string, kind: 'problem' | 'hint'): void {
  const close = element('button', { type: 'button', className: 'quiet' }, '✕');
  close.setAttribute('aria-label', 'Close this notice');
  const made = element(
    'div',
    { className: `notice ${kind}` },
    element('p', {}, element('strong', {}, title), ` ${text}`),
    close,
  );
  close.addEventListener('click', () => made.remove());
  document.getElementById('notices')?.append(made);
}
