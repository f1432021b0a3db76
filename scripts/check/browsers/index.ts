// The browsers that checks run in, behind one small interface: a page is visited, evaluated in, and its console is
// heard. $BROWSERS narrows them: `BROWSERS=firefox,webkit npm run browser`.

import assert from 'node:assert/strict';
import { type Served, serve, within } from '../../serve.js';
import * as chromium from './chromium.js';
import type { DrivenPage, Driver } from './driver.js';
import * as firefox from './firefox.js';
import * as webkit from './webkit.js';

const all = { chromium, firefox, webkit };
/** The browsers by their names. */
export type BrowserName = keyof typeof all;
const names = Object.keys(all) as BrowserName[];

/** Those that checks are to run in. @throws for a name that $BROWSERS alone knows */
export function chosen(): BrowserName[] {
  const wanted = process.env.BROWSERS?.split(',') ?? names;
  const unknown = wanted.filter((name) => !names.includes(name as BrowserName));
  assert.equal(unknown.length, 0, `$BROWSERS takes ${names}, not ${unknown}`);
  return wanted as BrowserName[];
}

/** A page as checks use it. */
export class Tab {
  readonly #page: DrivenPage;

  constructor(page: DrivenPage) {
    this.#page = page;
  }

  /**
   * Runs a function in the page, and waits for what it promises.
   *
   * @param work stands alone: it sees only what it is given, which survives JSON as what it returns does
   */
  evaluate<Got>(work: () => Got | Promise<Got>): Promise<Got>;
  evaluate<Given, Got>(work: (given: Given) => Got | Promise<Got>, given: Given): Promise<Got>;
  evaluate<Given, Got>(work: (given?: Given) => Got | Promise<Got>, given?: Given): Promise<Got> {
    return this.#page.evaluate(call(work, given)) as Promise<Got>;
  }
}

/** A call as an expression. Functions that tsx has compiled name those inside them with a helper of its. */
const call = (work: (given: never) => unknown, given: unknown): string =>
  `((__name) => (${work})(${JSON.stringify(given)}))((work) => work)`;

/** Opens a page for `look`, and fails on errors of its console, but for those that are allowed. */
export type Visit = <Result>(
  url: string,
  look: (tab: Tab) => Promise<Result>,
  allowed?: RegExp,
) => Promise<{ result: Result; warnings: string[] }>;

function visitIn(browser: Driver): Visit {
  return async (url, look, allowed = /favicon/) => {
    const [warnings, errors]: string[][] = [[], []];
    const page = await browser.open(url, (kind, text) => {
      if (kind === 'warning') warnings.push(text);
      else if (!allowed.test(text)) errors.push(text);
    });
    try {
      const result = await look(new Tab(page));
      assert.deepEqual(errors, [], `errors on the console of ${url}`);
      return { result, warnings };
    } catch (error) {
      // What the console says explains it.
      throw errors.length ? new Error(`${url}: ${errors.join('\n')}`, { cause: error }) : error;
    } finally {
      await page.close();
    }
  };
}

/** Starts a browser for `use`, and ends it then. */
export async function browsing<Result>(
  name: BrowserName,
  use: (visit: Visit) => Promise<Result>,
): Promise<Result> {
  const browser = await all[name].launch();
  console.log(`── ${browser.name}`);
  try {
    return await use(visitIn(browser));
  } finally {
    await browser.close();
  }
}

/** Starts each browser that is chosen, one after another. */
export async function inEachBrowser(
  use: (visit: Visit, name: BrowserName) => Promise<void>,
): Promise<void> {
  for (const name of chosen()) await browsing(name, (visit) => use(visit, name));
}

/** Serves a directory while `use` runs, which gets the origin. */
export async function serving<Result>(
  { directory, ...served }: { directory: string } & Omit<Served, 'fileOf'>,
  use: (origin: string) => Promise<Result>,
): Promise<Result> {
  const { origin, close } = await serve({ fileOf: within(directory), ...served });
  try {
    return await use(origin);
  } finally {
    close();
  }
}
