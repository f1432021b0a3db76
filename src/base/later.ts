// Code that is loaded when somebody first asks for it: what few programs need is no part of what all load.

import { EngineError } from './errors.js';

/**
 * What a module of the package exports.
 *
 * @param where the call that needs it
 * @param module what `import()` of it returns
 * @throws {EngineError} where it cannot be loaded
 */
export async function later<T>(where: string, module: Promise<T>): Promise<T> {
  try {
    return await module;
  } catch (cause) {
    throw new EngineError(
      `${where}: its code, a file beside the package's others, could not be loaded (${(cause as Error).message}): serve all files of the package; where nothing is imported later, as in a service worker, bundle them into one`,
      { cause },
    );
  }
}
