// Reads files by path or URL, in Node, Deno and Bun.

import { readFile as read } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../base/errors.js';
import { besideUrl, fetched } from './fetched.js';

/** A path as it is; text that is an http, https or file URL as a URL. */
const placeOf = (place: string | URL): string | URL =>
  typeof place === 'string' && /^(https?|file):\/\//i.test(place) ? new URL(place) : place;

/**
 * The bytes of a file.
 *
 * @param place a path, or a URL
 * @throws {EngineError} if it cannot be read
 */
export async function readFile(place: string | URL): Promise<Uint8Array> {
  const own = placeOf(place);
  if (own instanceof URL && own.protocol !== 'file:') return fetched(own);
  const path = own instanceof URL ? fileURLToPath(own) : own;
  return read(path).catch((cause: Error) => {
    throw new EngineError(`'${path}' cannot be read (${cause.message})`, { cause });
  });
}

/** Where a file lies that is in the folder of another one. @param name a path below that folder */
export function beside(place: string | URL, name: string): string | URL {
  const own = placeOf(place);
  return own instanceof URL ? besideUrl(own, name) : join(dirname(own), name);
}
