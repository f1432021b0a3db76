// WebKitGTK, by its WebDriver, on a display of its own. WebDriver does not report the console: a script in the page
// collects messages of the page's scripts after it has loaded, and errors that they do not catch. Messages of the
// browser itself, of a missing file or a policy, are lost. $WEBKIT_DRIVER names another program than
// /usr/bin/WebKitWebDriver.

import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { type Driver, type Hear, programOf } from './driver.js';

const options = {
  // Without it, pages have no shared memory for threads.
  JSC_useSharedArrayBuffer: '1',
  // Without a language, pages are told that theirs is "C", which no `Intl` takes.
  LANGUAGE: 'en_US',
  LC_ALL: 'en_US.UTF-8',
};

/** A free port: the driver does not take 0. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

/** Starts a program; returns it with a function that ends it. If it cannot be started, waiting for it throws. */
function run(program: string, args: string[], env: NodeJS.ProcessEnv) {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}`)));
  });
  // It is ended in the end, which nobody waits for.
  failed.catch(() => {});
  const end = () => void child.kill();
  process.once('exit', end);
  return { child, failed, end };
}

/** Starts a virtual display with a free number. */
async function startDisplay() {
  const screen = ['-screen', '0', '1280x1024x24', '-nolisten', 'tcp'];
  const { child, failed, end } = run('Xvfb', ['-displayfd', '1', ...screen], process.env);
  const number = new Promise<string>((resolve) =>
    child.stdout.once('data', (said) => resolve(String(said).trim())),
  );
  return { display: `:${await Promise.race([number, failed])}`, end };
}

/** Sends a command to the driver. Some answers take minutes, longer than `fetch` waits. */
function ask(port: number, method: string, path: string, given?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path }, async (answer) => {
      const parts: Buffer[] = [];
      for await (const part of answer) parts.push(part);
      const { value } = JSON.parse(Buffer.concat(parts).toString());
      if (answer.statusCode === 200) resolve(value);
      else reject(new Error(value.message || value.error));
    });
    asked.once('error', reject);
    asked.end(given && JSON.stringify(given));
  });
}

/** Runs in the page: collects the messages of its scripts. */
const listen = `
  const said = globalThis.saidToDriver = [];
  const keep = (kind, words) => said.push([kind, words.map(String).join(' ')]);
  const { warn, error } = console;
  console.warn = (...words) => { keep('warning', words); warn.apply(console, words); };
  console.error = (...words) => { keep('error', words); error.apply(console, words); };
  addEventListener('error', ({ message }) => keep('error', [message]));
  addEventListener('unhandledrejection', ({ reason }) => keep('error', [reason]));`;

// All that was started is ended with this program, however it ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => process.exit(130));

/** Starts it. */
export async function launch(): Promise<Driver> {
  const screen = await startDisplay();
  const port = await freePort();
  const program = programOf('WEBKIT_DRIVER', '/usr/bin/WebKitWebDriver');
  const env = { ...process.env, ...options, DISPLAY: screen.display };
  const driver = run(program, [`--port=${port}`], env);
  const started = async () => {
    for (;;) {
      const status = await ask(port, 'GET', '/status').catch(() => undefined);
      if (status) return;
      await setTimeout(50);
    }
  };
  await Promise.race([started(), driver.failed]);
  const never = { script: null, pageLoad: 3_600_000 };
  const capabilities = { alwaysMatch: { timeouts: never } };
  const { sessionId, capabilities: got } = (await ask(port, 'POST', '/session', {
    capabilities,
  })) as { sessionId: string; capabilities: { browserVersion: string } };
  const call = (method: string, path: string, given?: object) =>
    ask(port, method, `/session/${sessionId}${path}`, given);

  /** Runs statements that call `done` with [error, value]. */
  const execute = async (script: string): Promise<unknown> => {
    const [error, value] = (await call('POST', '/execute/async', {
      script: `const done = arguments[0]; ${script}`,
      args: [],
    })) as [string | null, unknown];
    if (error !== null) throw new Error(error);
    return value;
  };

  const open = async (url: string, hear: Hear) => {
    // A window of its own, which has nothing of the page before. A tab that is not in front draws no frames.
    const { handle } = (await call('POST', '/window/new', { type: 'window' })) as {
      handle: string;
    };
    const enter = () => call('POST', '/window', { handle });
    await enter();
    await call('POST', '/url', { url });
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
        await call('DELETE', '/window');
        const [left] = (await call('GET', '/window/handles')) as string[];
        if (left) await call('POST', '/window', { handle: left });
      },
    };
  };
  const close = async () => {
    await call('DELETE', '').catch(() => {});
    driver.end();
    screen.end();
  };
  return { name: `WebKitGTK ${got.browserVersion}`, open, close };
}
