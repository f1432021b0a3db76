// Pages by WebDriver, which tells nothing of the console: what is heard is what scripts of the page say once it has
// loaded, and the errors that they leave. What the browser itself says, of a file that is missing or a policy that
// forbids, is not heard.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Driver, Hear } from './driver.js';

/** What a browser is asked, each in its own words. */
export interface Commands {
  /** Opens a window, and says which. */
  newWindow(): Promise<string>;
  /** Makes the next commands those of a window. */
  enter(handle: string): Promise<unknown>;
  navigate(url: string): Promise<unknown>;
  /** Runs statements in the page, whose last argument gets what comes of them. */
  execute(script: string): Promise<unknown>;
  /** Closes the window, and says which are left. */
  closeWindow(): Promise<string[]>;
}

/** Runs in the page: keeps what its scripts say. */
const listen = `
  const said = globalThis.saidToDriver = [];
  const keep = (kind, words) => said.push([kind, words.map(String).join(' ')]);
  const { warn, error } = console;
  console.warn = (...words) => { keep('warning', words); warn.apply(console, words); };
  console.error = (...words) => { keep('error', words); error.apply(console, words); };
  addEventListener('error', ({ message }) => keep('error', [message]));
  addEventListener('unhandledrejection', ({ reason }) => keep('error', [reason]));`;

/** What opens pages by such commands. */
export function opening(commands: Commands): Driver['open'] {
  /** Runs statements that call `done` with [error, value]. */
  const execute = async (script: string): Promise<unknown> => {
    // Firefox runs it beside the page, with globals of its own for a moment.
    const [error, value] = (await commands.execute(
      `const done = arguments[0], globalThis = window; ${script}`,
    )) as [string | null, unknown];
    if (error !== null) throw new Error(error);
    return value;
  };
  return async (url: string, hear: Hear) => {
    // A window of its own, which has nothing of the page before. A tab that is not in front draws no frames.
    const handle = await commands.newWindow();
    const enter = () => commands.enter(handle);
    await enter();
    await commands.navigate(url);
    // A page of another origin may come a moment later, in a process of its own.
    const isThere = `done([null, document.readyState === 'complete' && location.href !== 'about:blank']);`;
    while (!(await execute(isThere))) await setTimeout(20);
    await execute(`${listen} done([null, null]);`);
    const tell = async () => {
      const said = await execute('done([null, globalThis.saidToDriver.splice(0)]);');
      for (const [kind, text] of said as ['warning' | 'error', string][]) hear(kind, text);
    };
    return {
      async evaluate(expression: string) {
        await enter();
        try {
          return await execute(
            `Promise.resolve().then(() => (${expression})).then(
              (value) => done([null, value === undefined ? null : value]),
              (error) => done([String(error) + '\\n' + (error && error.stack || ''), null]));`,
          );
        } finally {
          await tell();
        }
      },
      async close() {
        await enter();
        const [left] = await commands.closeWindow();
        if (left) await commands.enter(left);
      },
    };
  };
}

/** A port that nobody has: drivers take no 0. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

/**
 * Starts a program, and what ends it with all that it started; a program that cannot be started is an error where it
 * is waited for.
 */
export function run(program: string, args: string[], env: NodeJS.ProcessEnv = process.env) {
  // Detached: it leads a group of its own, which can be ended as one.
  const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}`)));
  });
  // It is ended in the end, which nobody waits for.
  failed.catch(() => {});
  const end = (signal: NodeJS.Signals = 'SIGTERM'): void => {
    process.off('exit', endToo);
    try {
      if (child.pid) process.kill(-child.pid, signal);
    } catch {
      // It has ended.
    }
  };
  const endToo = () => end();
  process.once('exit', endToo);
  return { child, failed, end };
}

// What was started ends with this program, whatever ends it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => process.exit(130));
