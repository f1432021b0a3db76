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
