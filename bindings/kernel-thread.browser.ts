// A thread in a browser, a whole script: says that it is ready, and then stays in `work`. The build makes a file of
// it, and keeps its text for pages where the file cannot be loaded: see spawn.browser.ts.

import type { KernelExports } from './load.js';
import { sleepOver } from './sleep.js';
import type { ThreadData } from './thread.js';

globalThis.onmessage = ({ data }: MessageEvent<ThreadData>) => {
  const { module, memory, team, thread } = data;
  const imports = { env: { memory }, team: { sleep: sleepOver(memory) } };
  const { exports } = new WebAssembly.Instance(module, imports);
  postMessage('ready');
  (exports as unknown as KernelExports).work(team, thread);
};
