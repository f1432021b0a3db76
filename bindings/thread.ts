// What a thread is, wherever it runs: spawn.ts starts it in Node, Deno and Bun, spawn.browser.ts in a browser.

/** What a thread needs: the kernels' modules, the memory, where its team meets, and which thread it is. */
export interface ThreadData {
  readonly module: WebAssembly.Module;
  /** The module arrays, where it is loaded. */
  readonly arrays: WebAssembly.Module | undefined;
  readonly memory: WebAssembly.Memory;
  readonly team: number;
  readonly thread: number;
}

/** A thread, as its owner sees it. */
export interface Thread {
  /** Resolved once it takes part in runs. @throws where it cannot be started */
  readonly ready: Promise<void>;
  /** Ends it, whatever it does. */
  end(): Promise<unknown>;
}

/** Starts a thread. @param lost is called with the reason where it ends by itself */
export type Spawn = (data: ThreadData, lost: (why: unknown) => void) => Thread;
