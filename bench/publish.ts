// Puts a report into a document, between two comments that mark its place.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Whether a document has a place for a section. */
export const hasSection = (path: string, section: string): boolean =>
  readFileSync(new URL(`../${path}`, import.meta.url), 'utf8').includes(
    `<!-- bench:${section} -->`,
  );

/**
 * Replaces what stands between `<!-- bench:<section> -->` and `<!-- /bench:<section> -->`; a document
 * without them gets them at its end, and where there is none, one is begun.
 */
export function publish(path: string, section: string, text: string): void {
  const file = new URL(`../${path}`, import.meta.url);
  const [begin, end] = [`<!-- bench:${section} -->`, `<!-- /bench:${section} -->`];
  const document = existsSync(file) ? readFileSync(file, 'utf8') : '# Performance\n';
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  const block = `${begin}\n\n${text}\n\n${end}`;
  const whole =
    from >= 0 && to > from
      ? document.slice(0, from) + block + document.slice(to + end.length)
      : `${document.trimEnd()}\n\n${block}\n`;
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, whole);
}
