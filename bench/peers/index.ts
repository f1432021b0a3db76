// The peers, and how to start each.

import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PeerProcess } from '../process.js';
import type { PeerHost } from '../protocol.js';
import { against, engineFlags } from '../start.js';
import { flops, isOnnx, type Work } from '../work.js';

/** A library that takes part; wasmgrad is one of them. */
export interface Peer {
  name: string;
  /** Starts its process. @throws {Error} where it is not to be had here, saying why */
  start(): Promise<PeerHost>;
  /** What a page starts it by: its file's name and flags. Undefined where no page runs it. */
  inPage?: readonly string[];
  /**
   * About how many GFLOP/s it reaches, where that is so little that some works take it seconds a call:
   * those are left out, to keep the whole benchmark short.
   */
  pace?: Partial<Record<Work['kind'], number>>;
}

/** Seconds a call of a slow peer may take. */
const PATIENCE = 1.2;

const own = fileURLToPath(new URL('../..', import.meta.url));

/** A checkout's library in this Node, with the flags of this process, which are what lets it read TypeScript. */
function hostOf(checkout: string, name: string, ...flags: string[]): Promise<PeerProcess> {
  const args = [...process.execArgv, join(checkout, 'bench/host.ts'), name, ...flags];
  return PeerProcess.start(process.execPath, args, {}, checkout);
}

/** A library of JavaScript, by its file's name and flags. */
const library = (name: string, ...file: [string, ...string[]]): Peer => ({
  name,
  inPage: file,
  start: () => hostOf(own, ...file),
});

async function pytorch(...options: string[]): Promise<PeerProcess> {
  const threads = options.includes('--threads=2') ? '2' : '1';
  const program = fileURLToPath(new URL('pytorch.py', import.meta.url));
  // Debian's package of PyTorch is for Debian's own Python.
  const reasons: string[] = [];
  for (const python of [process.env.PYTHON, 'python3', '/usr/bin/python3']) {
    if (!python) continue;
    try {
      // A BLAS has threads of its own.
      return await PeerProcess.start(python, [program, ...options], {
        OMP_NUM_THREADS: threads,
        OPENBLAS_NUM_THREADS: threads,
      });
    } catch (error) {
      reasons.push(`${python}: ${(error as Error).message}`);
    }
  }
  throw new Error(reasons.join('; '));
}

/** Ours. */
export const wasmgrad = library('wasmgrad', 'wasmgrad', ...engineFlags);
/** Ours, on two threads. */
export const wasmgradTwo = library(
  'wasmgrad, 2 threads',
  'wasmgrad',
  ...engineFlags,
  '--threads=2',
);
/** Ours, with the model that it has written itself in place of the ONNX file's. */
export const wasmgradMade = library('our own ResNet-50', 'wasmgrad', ...engineFlags, '--made');
/** TF.js on our backend. */
export const wasmgradTfjs = library('wasmgrad/tfjs', 'tfjs-wasmgrad', ...engineFlags);
/** The same on 256-bit code; in a table it stands in the column of the other, in rows of its own. */
export const wasmgradTfjsWide = library('wasmgrad/tfjs', 'tfjs-wasmgrad', '--revectorize');
/** By ours, that of the other checkout on as many threads. */
const before = new Map<Peer, Peer>();
if (against) {
  const addPeer = (ours: Peer, adapter: string, ...flags: string[]): void => {
    const start = () => hostOf(resolve(against), adapter, ...engineFlags, ...flags);
    before.set(ours, { name: `${ours.name} of ${basename(against)}`, start });
  };
  addPeer(wasmgrad, 'wasmgrad');
  addPeer(wasmgradTwo, 'wasmgrad', '--threads=2');
  addPeer(wasmgradTfjs, 'tfjs-wasmgrad');
  addPeer(wasmgradTfjsWide, 'tfjs-wasmgrad', '--revectorize');
}

/** Whom `ours` is measured against: the peers, or another checkout alone. */
export function rivals(ours: Peer, peers: ReadonlySet<Peer>): readonly Peer[] {
  const other = before.get(ours);
  return other ? [other] : [...peers];
}

/** The others that have threads: TF.js in pages only, and as many as it likes. */
export const onnxruntimeTwo = library('onnxruntime-web, 2 threads', 'onnxruntime', '--threads=2');
export const tfjsWasmThreads = library('TF.js wasm, threads', 'tfjs-wasm', '--threads=2');
export const pyTorchTwo: Peer = {
  name: 'PyTorch, 2 threads',
  start: () => pytorch('--threads=2'),
};
/** WebAssembly with SIMD, inference only. */
export const tfjsWasm = library('TF.js wasm', 'tfjs-wasm');
/** WebAssembly with SIMD, inference only. */
export const onnxruntime = library('onnxruntime-web', 'onnxruntime');
/** Native code. */
export const pyTorch: Peer = { name: 'PyTorch', start: () => pytorch() };
/** The same with networks compiled for inference alone: normalisation folded in, weights in oneDNN's order. */
export const pyTorchFrozen: Peer = { name: 'PyTorch frozen', start: () => pytorch('--frozen') };
/** WebAssembly that it generates. */
export const jaxJs: Peer = {
  ...library('jax-js', 'jax-js'),
  // Convolution goes from 0.15, where the stride is 2 or the side no multiple of 4, to 4.
  pace: { conv: 0.7, convTraining: 0.6 },
};
/** Plain JavaScript. */
export const tfjsCpu: Peer = {
  ...library('TF.js cpu', 'tfjs-cpu'),
  pace: { gemm: 1.8, conv: 2.5, convTraining: 0.06 },
};
/** Plain JavaScript. */
export const convNetJs = library('ConvNetJS', 'convnetjs');
/** The browser's graphics, in pages only. */
export const tfjsWebGl = library('TF.js WebGL', 'tfjs-webgl');
export const tfjsWebGpu = library('TF.js WebGPU', 'tfjs-webgpu');
/** The same where the browser draws by the processor, which nobody has bought for that. */
export const tfjsWebGlSoftware: Peer = {
  ...library('TF.js WebGL, software', 'tfjs-webgl'),
  pace: { gemm: 1, conv: 0.5, convTraining: 0.3, inference: 0.17, training: 0.16 },
};
export const tfjsWebGpuSoftware: Peer = {
  ...library('TF.js WebGPU, software', 'tfjs-webgpu'),
  pace: { gemm: 0.2, conv: 0.1, convTraining: 0.05, inference: 0.009, training: 0.009 },
};

/** Why a peer is left out of a work: it would take too long. */
export function tooSlow({ pace }: Peer, work: Work): string | undefined {
  const rate = pace?.[work.kind];
  if (rate === undefined || isOnnx(work) || work.kind === 'tfjs') return undefined;
  return flops(work) / 1e9 / rate > PATIENCE
    ? `left out: at ${rate} GFLOP/s a call takes more than ${PATIENCE} s`
    : undefined;
}
