// The browser's twin of reading.ts: there are no paths, and all that is read has an address.

import { besideUrl, fetched } from './fetched.js';

export { fetched as readBytes };

/** Where a file lies that is in the folder of another one. @param name a path below that folder */
export const beside = (source: string | URL, name: string): URL =>
  besideUrl(new URL(source, globalThis.location?.href), name);
