// Gets files by their addresses, in all engines.

import { EngineError } from '../base/errors.js';

/** The bytes at an address. @throws {EngineError} if nothing comes from there, or an error */
export async function fetched(address: string | URL): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(address);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new EngineError(`'${address}' cannot be loaded (${(cause as Error).message})`, { cause });
  }
  throw new EngineError(
    `'${address}' cannot be loaded: the server answers ${response.status} ${response.statusText}`,
  );
}

/** The URL of a file in the folder of another one, with that one's query, which may be a signature. */
export function besideUrl(url: URL, name: string): URL {
  const beside = new URL(name.split('/').map(encodeURIComponent).join('/'), url);
  beside.search = url.search;
  return beside;
}
