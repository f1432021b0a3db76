// The log of a training: a line of JSON for each thing that happens. A training that goes on reads its settings and its
// history from it.

import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { FormatError, type History, ValueError } from '../core.js';

/** Loss and metrics of an epoch. */
export type Logs = Readonly<Record<string, number>>;

/** What a training was begun with. */
export interface Begin {
  readonly event: 'begin';
  readonly version: string;
  readonly time: string;
  /** The options of the command line, and the paths of the data. */
  readonly settings: Readonly<Record<string, unknown>> & { readonly data: readonly string[] };
  /** What the data were: a training goes on with the same alone. */
  readonly samples: number;
  readonly validation: number;
  readonly classes: readonly string[];
}

/** An epoch's end. */
export interface Epoch {
  readonly event: 'epoch';
  readonly epoch: number;
  /** Steps of the optimizer since the training began. */
  readonly step: number;
  readonly seconds: number;
  readonly logs: Logs;
  /** The norm of each layer's gradients in the epoch's last step; logs of older versions have none. */
  readonly gradientNorms?: Logs;
}

/** A training that goes on, that was stopped in an epoch, or that is done. */
interface Mark {
  readonly event: 'resume' | 'stop' | 'end';
  readonly time: string;
  readonly epoch: number;
  readonly step: number;
}

type Entry = Begin | Epoch | Mark;

/** 'model.wasmgrad' has its log in 'model.jsonl'. */
export const logPath = (path: string): string => path.replace(/\.[^.\\/]+$/, '.jsonl');

/** A log in a file. Each line is written at once; if the machine stops amid one, it is left out. */
export class Journal {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Begins a new file. */
  begin(entry: Begin): void {
    writeFileSync(this.#path, `${JSON.stringify(entry)}\n`);
  }

  /** Goes on with a file, after its last whole line. */
  goOn(entry: Mark): void {
    truncateSync(this.#path, Buffer.byteLength(wholeLines(readFileSync(this.#path, 'utf8'))));
    this.add(entry);
  }

  add(entry: Epoch | Mark): void {
    appendFileSync(this.#path, `${JSON.stringify(entry)}\n`);
  }
}

/** A log without what follows its last line's end. */
const wholeLines = (text: string): string => text.slice(0, text.lastIndexOf('\n') + 1);

/** The epochs as `fit` returns them: a metric that an epoch lacks is no number there. */
export function historyOf(epochs: readonly Epoch[]): History {
  const names = [...new Set(epochs.flatMap(({ logs }) => Object.keys(logs)))];
  const valuesOf = (name: string): number[] => epochs.map(({ logs }) => logs[name] ?? Number.NaN);
  return {
    epoch: epochs.map(({ epoch }) => epoch),
    history: Object.fromEntries(names.map((name) => [name, valuesOf(name)])),
  };
}

/** The norms of each layer's gradients, epoch by epoch; undefined where an epoch has none. */
export function normsOf(epochs: readonly Epoch[]): Record<string, number[]> | undefined {
  const all = epochs.map(({ gradientNorms }) => gradientNorms);
  const [first] = all;
  if (!first) return undefined;
  const layers = Object.keys(first);
  const isWhole = all.every((norms) => norms && layers.every((name) => norms[name] !== undefined));
  if (!isWhole) return undefined;
  return Object.fromEntries(layers.map((name) => [name, all.map((norms) => norms?.[name] ?? 0)]));
}

/**
 * Reads a log.
 *
 * @returns how the training began, and its epochs; of one that occurs twice, after a crash, the last
 * @throws {ValueError} for a file that there is not @throws {FormatError} for anything but a log
 */
export function readJournal(path: string): { begin: Begin; epochs: Epoch[] } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ValueError(
      `the log of the training, '${path}', cannot be read: it says how the training goes on; --log names another place`,
      { cause },
    );
  }
  const lines = wholeLines(text)
    .split('\n')
    .filter((line) => line !== '');
  try {
    const entries = lines.map((line) => JSON.parse(line) as Entry);
    const [begin] = entries;
    if (begin?.event !== 'begin') throw new Error('it does not begin with how the training began');
    const byNumber = new Map<number, Epoch>();
    for (const entry of entries) if (entry.event === 'epoch') byNumber.set(entry.epoch, entry);
    return { begin, epochs: [...byNumber.values()] };
  } catch (cause) {
    throw new FormatError(`'${path}' is no log of a training (${(cause as Error).message})`, {
      cause,
    });
  }
}
