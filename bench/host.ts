// The process of one peer: reads requests as lines of JSON, does the work and times it.
//
// A process for each library, because libraries that share one disturb each other: V8's flags are the
// process's (wasmgrad may ask for 256-bit code, the peers run on default flags), and V8 compiles all of
// a thread's typed-array code with extra checks once an ArrayBuffer there was detached, which every
// growing wasm memory does: beside wasmgrad ConvNetJS was 9 % slower than alone.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Adapter, Cannot, type Task } from './peers/adapter.js';
import { MARK, type Reply, type Request } from './protocol.js';
import { sample } from './timing.js';

const adapters: Record<string, () => Promise<{ adapter: Adapter }>> = {
  wasmgrad: () => import('./peers/wasmgrad.js'),
  'tfjs-wasm': () => import('./peers/tfjs-wasm.js'),
  'tfjs-cpu': () => import('./peers/tfjs-cpu.js'),
  'tfjs-wasmgrad': () => import('./peers/tfjs-wasmgrad.js'),
  onnxruntime: () => import('./peers/onnxruntime.js'),
  'jax-js': () => import('./peers/jax-js.js'),
  convnetjs: () => import('./peers/convnetjs.js'),
};

const { adapter } = await adapters[process.argv[2]]();
const version = await adapter.start();
let task: Task | undefined;

async function answer(request: Request): Promise<Reply> {
  switch (request.do) {
    case 'about':
      return { version, info: adapter.info?.() };
    case 'prepare': {
      if (request.float64) throw new Cannot('the reference is PyTorch');
      task?.release();
      task = undefined;
      const prepared = await adapter.prepare(request.work);
      task = prepared;
      const values: number[][] = [];
      for (let pass = 0; pass < request.passes; pass++) {
        const results = await prepared.results();
        request.indices.forEach((places, i) => {
          values[i] = [...(values[i] ?? []), ...places.map((at) => results[i][at])];
        });
      }
      return { values };
    }
    case 'time':
      if (!task) throw new Error('nothing is prepared');
      return { seconds: await sample(() => task?.run(), request.turn) };
    case 'memory':
      return { resident: resident(), told: task?.memory?.() };
    case 'release':
      task?.release();
      task = undefined;
      return {};
  }
}

/** From Linux's /proc: elsewhere there is no peak of this process alone. */
function resident(): Reply['resident'] {
  const status = readFileSync('/proc/self/status', 'utf8');
  const bytes = (what: string) =>
    Number(new RegExp(`^${what}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
}

const reply = (content: Reply) => process.stdout.write(`\n${MARK}${JSON.stringify(content)}\n`);

reply(await answer({ do: 'about' }));
for await (const line of createInterface({ input: process.stdin })) {
  try {
    reply(await answer(JSON.parse(line)));
  } catch (error) {
    if (error instanceof Cannot) reply({ cannot: error.message });
    else reply({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
// The end of the input is the end of the benchmark, however it ended.
process.exit();
