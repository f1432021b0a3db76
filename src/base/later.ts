// Code that is loaded when it is first needed. What few programs need is not in the file that all of them load.

import { EngineError } from './errors.js';

/** A module of the package that is loaded when it is first needed. */
export class Later<M> {
  readonly #load: () => Promise<M>;
  #module: M | undefined;

  /** @param load imports it */
  constructor(load: () => Promise<M>) {
    this.#load = load;
  }

  /** Sets the module, if it is loaded already: `get` then imports nothing. */
  provide(module: M): void {
    this.#module = module;
  }

  /**
   * What the module exports.
   *
   * @param where the call that needs it
   * @throws {EngineError} where it cannot be loaded
   */
  async get(where: string): Promise<M> {
    try {
      this.#module ??= await this.#load();
      return this.#module;
    } catch (cause) {
      throw new EngineError(
        `${where}: its code could not be loaded (${(cause as Error).message}): serve all files of the package; in a service worker import all of 'wasmgrad', or bundle it`,
        { cause },
      );
    }
  }
}
