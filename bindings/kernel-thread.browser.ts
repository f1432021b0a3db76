// A thread in a browser, a whole script: says that it is ready, and then stays in `work`. The build makes a file of
// it, and keeps its text for pages where the file cannot be loaded: see spawn.browser.ts.

import type { KernelExports } from './load.js';
import { sleepOver } from './sleep.js';
import type { ThreadData } from './thread.js';

globalThis.onmessage = ({ data }: MessageEvent<ThreadData>) => {
  const { module, arrays, memory, team, thread } = data;
  const env = { memory };
  const none = { prepare() {}, execute() {} };
  const beside = arrays ? new WebAssembly.Instance(arrays, { env }).exports : none;
  const imports = { env, team: { sleep: sleepOver(memory) }, arrays: beside };
  const { exports } = new WebAssembly.Instance(module, imports);
  postMessage('ready');
  (exports as unknown as KernelExports).work(team, thread);
};
