// Firefox, by Marionette, its own protocol: WebDriver's commands as JSON over a socket. Under the newer WebDriver BiDi,
// which Puppeteer speaks, a worker that a worker starts hangs in two or three of a hundred pages, whatever it does
// (Firefox 153). $FIREFOX names another program than /usr/bin/firefox-esr.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Driver, programOf } from './driver.js';
import { freePort, opening, run } from './webdriver.js';

/** A command, and what it is given. */
type Ask = (command: string, given?: object) => Promise<unknown>;

/** Connects as soon as somebody listens. */
async function connected(port: number): Promise<Socket> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    if (isThere) return socket;
    await setTimeout(50);
  }
}

/** Speaks over a socket: each message is its length in bytes, a colon, and JSON. */
function speaking(socket: Socket): Ask {
  const waiting = new Map<number, (error: { message: string } | null, got: unknown) => void>();
  let [heard, last] = [Buffer.alloc(0), 0];
  socket.on('data', (part) => {
    heard = Buffer.concat([heard, part]);
    for (;;) {
      const colon = heard.indexOf(':');
      const end = colon + 1 + Number(heard.subarray(0, Math.max(0, colon)));
      if (colon < 0 || heard.length < end) return;
      const message: unknown = JSON.parse(heard.subarray(colon + 1, end).toString());
      heard = heard.subarray(end);
      // The first is a greeting.
      if (!Array.isArray(message)) continue;
      const [, id, error, got] = message;
      waiting.get(id)?.(error, got);
      waiting.delete(id);
    }
  });
  const lose = () => {
    for (const answer of waiting.values()) answer({ message: 'Firefox is gone' }, null);
  };
  socket.on('error', lose).on('close', lose);
  return (command, given = {}) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, (error, got) => (error ? reject(new Error(error.message)) : resolve(got)));
      const message = Buffer.from(JSON.stringify([0, id, `WebDriver:${command}`, given]));
      socket.write(Buffer.concat([Buffer.from(`${message.length}:`), message]));
    });
}

/** Starts it. */
export async function launch(): Promise<Driver> {
  const port = await freePort();
  const profile = mkdtempSync(join(tmpdir(), 'firefox-'));
  writeFileSync(join(profile, 'user.js'), `user_pref('marionette.port', ${port});\n`);
  const program = programOf('FIREFOX', '/usr/bin/firefox-esr');
  const firefox = run(program, ['--headless', '--no-remote', '--marionette', '--profile', profile]);
  const socket = await Promise.race([connected(port), firefox.failed]);
  const ask = speaking(socket);
  const never = { script: null, pageLoad: 3_600_000 };
  const { capabilities } = (await ask('NewSession', {
    capabilities: { alwaysMatch: { timeouts: never } },
  })) as { capabilities: { browserVersion: string } };
  return {
    name: `Firefox ${capabilities.browserVersion}`,
    open: opening({
      newWindow: async () =>
        ((await ask('NewWindow', { type: 'window', focus: true })) as { handle: string }).handle,
      enter: (handle) => ask('SwitchToWindow', { handle }),
      navigate: (url) => ask('Navigate', { url }),
      execute: async (script) =>
        (
          (await ask('ExecuteAsyncScript', { script, args: [] })) as {
            value: unknown;
          }
        ).value,
      closeWindow: async () => (await ask('CloseWindow')) as string[],
    }),
    async close() {
      const gone = new Promise((resolve) => firefox.child.once('exit', resolve));
      firefox.end();
      await gone;
      socket.destroy();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
