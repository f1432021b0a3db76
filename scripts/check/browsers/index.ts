// The browsers that checks run in, with one small interface: visit a page, run functions in it, hear its console.
// $BROWSERS selects some: `BROWSERS=firefox,webkit npm run browser`.

import assert from 'node:assert/strict';
import { type Served, serve, within } from '../../serve.js';
import * as chromium from './chromium.js';
import { BrowserGone, type DrivenPage, type Driver } from './driver.js';
import * as firefox from './firefox.js';
import * as webkit from './webkit.js';

const all = { chromium, firefox, webkit };
/** The browsers by their names. */
export type BrowserName = keyof typeof all;
const names = Object.keys(all) as BrowserName[];

/** The browsers that checks run in. @throws for an unknown name in $BROWSERS */
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
   * Runs a function in the page, and awaits its result.
   *
   * @param work uses no names from outside; its argument and result must survive JSON
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

/** Opens a page for `look`, and fails if its console has errors, except for allowed ones. */
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
      // The console's messages explain the failure.
      throw errors.length && !(error instanceof BrowserGone)
        ? new Error(`${url}: ${errors.join('\n')}`, { cause: error })
        : error;
    } finally {
      await page.close();
    }
  };
}

/** How often a page is visited at most, where the browser crashes. */
const VISITS = 4;

/** Starts a browser for `use`, and ends it after that. One that crashes is started again, and visits the page again. */
export async function browsing<Result>(
  name: BrowserName,
  use: (visit: Visit) => Promise<Result>,
): Promise<Result> {
  let browser = await all[name].launch();
  console.log(`── ${browser.name}`);
  const visit: Visit = async (url, look, allowed) => {
    for (let visits = 1; ; visits++) {
      try {
        return await visitIn(browser)(url, look, allowed);
      } catch (error) {
        if (!(error instanceof BrowserGone) || visits === VISITS) throw error;
        console.log(`${browser.name} crashed (${error.message}), and visits ${url} again`);
        await browser.close();
        browser = await all[name].launch();
      }
    }
  };
  try {
    return await use(visit);
  } finally {
    await browser.close();
  }
}

/** Starts each chosen browser, one after another. */
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
