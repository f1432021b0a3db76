// WebKitGTK, by its WebDriver, on a display of its own. $WEBKIT_DRIVER names another program than
// /usr/bin/WebKitWebDriver. With threads, WebKitGTK 2.50 crashes now and then by itself: docs/threads.md.

import { request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { BrowserGone, type Driver, programOf } from './driver.js';
import { freePort, opening, run } from './webdriver.js';

const options = {
  // Without it, pages have no shared memory for threads.
  JSC_useSharedArrayBuffer: '1',
  // Without a language, pages are told that theirs is "C", which no `Intl` takes.
  LANGUAGE: 'en_US',
  LC_ALL: 'en_US.UTF-8',
};

/** A display that nobody sees, under a number that is free. */
async function startDisplay() {
  const screen = ['-screen', '0', '1280x1024x24', '-nolisten', 'tcp'];
  const { child, failed, end } = run('Xvfb', ['-displayfd', '1', ...screen]);
  const number = new Promise<string>((resolve) =>
    child.stdout.once('data', (said) => resolve(String(said).trim())),
  );
  return { display: `:${await Promise.race([number, failed])}`, end };
}

/** Milliseconds that any answer may take, even on a slow machine. */
const PATIENCE = 900_000;

/**
 * Sends a command to the driver. Some answers take minutes, longer than `fetch` waits. What scripts of a page throw is
 * an answer too; where there is none, the browser or one of its processes is gone.
 */
function ask(port: number, method: string, path: string, given?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const lose = (why: string): void => reject(new BrowserGone(why));
    const asked = request({ host: '127.0.0.1', port, method, path }, async (answer) => {
      const parts: Buffer[] = [];
      for await (const part of answer) parts.push(part);
      const { value } = JSON.parse(Buffer.concat(parts).toString());
      if (answer.statusCode === 200) resolve(value);
      else lose(value.message || value.error);
    });
    asked.once('error', ({ message }) => lose(message));
    asked.setTimeout(PATIENCE, () => asked.destroy(new Error('it does not answer')));
    asked.end(given && JSON.stringify(given));
  });
}

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

  const open = opening({
    newWindow: async () =>
      ((await call('POST', '/window/new', { type: 'window' })) as { handle: string }).handle,
    enter: (handle) => call('POST', '/window', { handle }),
    navigate: (url) => call('POST', '/url', { url }),
    execute: (script) => call('POST', '/execute/async', { script, args: [] }),
    closeWindow: async () => (await call('DELETE', '/window')) as string[],
  });
  const close = async () => {
    driver.end('SIGKILL');
    screen.end();
  };
  return { name: `WebKitGTK ${got.browserVersion}`, open, close };
}
