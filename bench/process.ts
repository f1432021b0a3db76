// A peer's process: started, asked, ended.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { MARK, PATIENCE, type PeerHost, type Reply, type Request } from './protocol.js';

/** The end of what a process wrote to standard error: enough for an error's message. */
const KEPT = 4000;

/** A library in a process of its own. */
export class PeerProcess implements PeerHost {
  /** What it said when it had started. */
  about: Reply = {};
  readonly #child: ChildProcessWithoutNullStreams;
  #errors = '';
  #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | undefined;
  #ended: string | undefined;

  private constructor(
    command: string,
    args: string[],
    environment: NodeJS.ProcessEnv,
    cwd?: string,
  ) {
    this.#child = spawn(command, args, { env: { ...process.env, ...environment }, cwd });
    const end = (reason: string) => {
      this.#ended ??= reason;
      this.#waiting?.reject(new Error(this.#ended));
    };
    this.#child.on('error', ({ message }) => end(message));
    this.#child.on('close', (code, signal) =>
      end(this.#lastWords() ?? `its process ended with ${signal ?? code}`),
    );
    // A write to a process that has just ended fails; 'close' says so better.
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-KEPT);
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      if (line.startsWith(MARK)) this.#waiting?.resolve(JSON.parse(line.slice(MARK.length)));
    });
  }

  /** @throws {Error} where it ends instead, with what it said last */
  static async start(
    command: string,
    args: string[],
    environment: NodeJS.ProcessEnv = {},
    cwd?: string,
  ): Promise<PeerProcess> {
    const started = new PeerProcess(command, args, environment, cwd);
    started.about = await started.#reply(PATIENCE);
    return started;
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  ask(request: Request): Promise<Reply> {
    const reply = this.#reply(PATIENCE);
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return reply;
  }

  stop(): void {
    this.#ended ??= 'it was stopped';
    this.#child.kill();
  }

  async #reply(seconds: number): Promise<Reply> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting = { resolve, reject };
        if (this.#ended) reject(new Error(this.#ended));
        timer = setTimeout(() => {
          this.stop();
          reject(new Error(`no answer for ${seconds} s`));
        }, seconds * 1000);
      });
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  /** What it wrote to standard error last, the line with the error's message if there is one. */
  #lastWords(): string | undefined {
    const lines = this.#errors.trim().split('\n');
    return lines.findLast((line) => /\bError\b|Error:/.test(line)) ?? (lines.at(-1) || undefined);
  }
}
