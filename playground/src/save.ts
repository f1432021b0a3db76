// Bytes as a file of the visitor's.

import { element } from './dom.js';

/** Milliseconds after which every browser has read what it saves. */
const READ = 60_000;

/** Saves bytes under a name. */
export function save(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const href = URL.createObjectURL(new Blob([bytes]));
  element('a', { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), READ);
}
