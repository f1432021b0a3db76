// The browser's twin of reading.ts: there are no paths, and all that is read has an address.

export { fetched as readBytes } from './fetched.js';
