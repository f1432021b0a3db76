// What axe-core finds in a page: what those who use a keyboard or a screen reader would miss.

import { fileURLToPath } from 'node:url';
import type axe from 'axe-core';
import type { Page } from 'playwright-core';

const script = fileURLToPath(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url));

/** Loads it into a page. */
export const addAxe = (tab: Page): Promise<unknown> => tab.addScriptTag({ path: script });

/** What it finds in what is shown, as lines. */
export const findings = (tab: Page): Promise<string[]> =>
  tab.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document);
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
    );
  });
