// What readfile.ts and readfile.browser.ts share: files from a server.

import { EngineError } from '../base/errors.js';

/** The bytes at a URL. @throws {EngineError} where the server does not answer, or says no */
export async function fetched(url: URL): Promise<Uint8Array> {
  const fail = (why: string, cause?: unknown): never => {
    throw new EngineError(`'${url}' cannot be read (${why})`, { cause });
  };
  const response = await fetch(url).catch((error: Error) => fail(error.message, error));
  if (!response.ok) fail(`the server answered ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** The URL of a file in the folder of another one, with that one's query, which may be a signature. */
export function besideUrl(url: URL, name: string): URL {
  const beside = new URL(name.split('/').map(encodeURIComponent).join('/'), url);
  beside.search = url.search;
  return beside;
}
