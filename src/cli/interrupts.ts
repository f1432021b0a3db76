// Ctrl-C, and what a system sends before it ends a process: the first asks the work to stop, the second ends at once.

import process from 'node:process';

const codes = { SIGINT: 130, SIGTERM: 143 } as const;

/** Listens until `close`. */
export class Interrupts {
  readonly #tell: () => void;
  /** The exit code, once the work was asked to stop: 128 and the signal's number. */
  code: number | undefined;

  /** @param tell called by the first signal */
  constructor(tell: () => void) {
    this.#tell = tell;
    for (const signal of Object.keys(codes)) process.on(signal, this.#onSignal);
  }

  readonly #onSignal = (signal: keyof typeof codes): void => {
    if (this.code !== undefined) process.exit(codes[signal]);
    this.code = codes[signal];
    this.#tell();
  };

  close(): void {
    for (const signal of Object.keys(codes)) process.off(signal, this.#onSignal);
  }
}
