// What a peer's process knows of where it is; here.browser.ts knows it of a page.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What it was told on its command line. */
export const flags: readonly string[] = process.argv.slice(2);

/** A file or folder as libraries are told it. */
export const pathOf = (address: URL): string => fileURLToPath(address);

/** Bytes that are resident, and were at most. From Linux's /proc: elsewhere there is no peak of this process alone. */
export function resident(): { now: number; peak: number } {
  const status = readFileSync('/proc/self/status', 'utf8');
  const bytes = (what: string) =>
    Number(new RegExp(`^${what}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
}
