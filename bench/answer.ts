// A peer that answers requests: does the work and times it. host.ts starts one in a process, page-host.ts in a page.

import { resident } from '#platform/here';
import { type Adapter, Cannot, type Task } from './peers/adapter.js';
import type { Reply, Request } from './protocol.js';
import { sample } from './timing.js';

const adapters: Record<string, () => Promise<{ adapter: Adapter }>> = {
  wasmgrad: () => import('./peers/wasmgrad.js'),
  'tfjs-wasm': () => import('./peers/tfjs-wasm.js'),
  'tfjs-cpu': () => import('./peers/tfjs-cpu.js'),
  'tfjs-webgl': () => import('./peers/tfjs-webgl.js'),
  'tfjs-webgpu': () => import('./peers/tfjs-webgpu.js'),
  'tfjs-wasmgrad': () => import('./peers/tfjs-wasmgrad.js'),
  onnxruntime: () => import('./peers/onnxruntime.js'),
  'jax-js': () => import('./peers/jax-js.js'),
  convnetjs: () => import('./peers/convnetjs.js'),
};

/** Starts the peer of that name. @throws {Error} where it is not to be had here */
export async function startPeer(name: string): Promise<(request: Request) => Promise<Reply>> {
  const { adapter } = await adapters[name]();
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

  return async (request) => {
    try {
      return await answer(request);
    } catch (error) {
      if (error instanceof Cannot) return { cannot: error.message };
      return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
}
