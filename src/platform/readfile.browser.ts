// The browser's twin of readfile.ts: files come from servers.

import { besideUrl, fetched } from './fetched.js';

/** A URL, relative to the page or the worker's script. */
const urlOf = (place: string | URL): URL => new URL(place, globalThis.location?.href);

/** The bytes of a file. @param place its URL @throws {EngineError} if it cannot be read */
export const readFile = (place: string | URL): Promise<Uint8Array> => fetched(urlOf(place));

/** Where a file lies that is in the folder of another one. @param name a path below that folder */
export const beside = (place: string | URL, name: string): URL => besideUrl(urlOf(place), name);
