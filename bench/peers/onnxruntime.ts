// onnxruntime-web: its WebAssembly execution provider, on one thread or two, which infers but does not train.
//
// Weights are constants of the model, which it packs once when it loads it; its input and output are
// JavaScript arrays, copied to and from its memory by every run, as for any user of it.

import * as ort from 'onnxruntime-web';
import { threads } from '../start.js';
import {
  type ConvWork,
  convShapes,
  type GemmWork,
  type InferenceWork,
  isOnnx,
  type OnnxWork,
  Seed,
} from '../work.js';
import { type Adapter, Axes, Cannot, filled, permuted, type Task, versionOf } from './adapter.js';
import { type Graph, onnxModel } from './onnx.js';
import { networkGraph } from './onnx-network.js';

async function running(
  graph: Graph,
  input: Float32Array,
  toOurs: (y: Float32Array) => Float32Array,
): Promise<Task> {
  const session = await ort.InferenceSession.create(onnxModel(graph), {
    executionProviders: ['wasm'],
  });
  const x = new ort.Tensor('float32', input, graph.x);
  return {
    async run() {
      (await session.run({ x })).y.dispose();
    },
    async results() {
      const { y } = await session.run({ x });
      return [toOurs(y.data as Float32Array)];
    },
    release: () => void session.release(),
  };
}

function gemm({ m, n, k }: GemmWork): Promise<Task> {
  const w = { shape: [k, n], data: filled([k, n], Seed.b) };
  const nodes = [{ op: 'MatMul', inputs: ['x', 'w'], output: 'y' }];
  return running(
    { x: [m, k], y: [m, n], nodes, constants: { w } },
    filled([m, k], Seed.a),
    (y) => y,
  );
}

function conv(work: ConvWork): Promise<Task> {
  const { kernel, stride, pad, groups } = work;
  const shape = convShapes(work);
  const ordered = (axes: readonly number[], sides: readonly number[]) =>
    axes.map((axis) => sides[axis]);
  const x = ordered(Axes.toNCHW, shape.x);
  const y = ordered(Axes.toNCHW, shape.y);
  const w = {
    shape: ordered(Axes.toOIHW, shape.w),
    data: permuted(filled(shape.w, Seed.w), shape.w, Axes.toOIHW),
  };
  const attributes = {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
    group: groups,
  };
  const nodes = [{ op: 'Conv', inputs: ['x', 'w'], output: 'y', attributes }];
  return running(
    { x, y, nodes, constants: { w } },
    permuted(filled(shape.x, Seed.x), shape.x, Axes.toNCHW),
    (result) => permuted(result, y, Axes.toNHWC),
  );
}

function inference(work: InferenceWork): Promise<Task> {
  const { batch, side, channels } = work;
  const shape = [batch, side, side, channels];
  const images = permuted(filled(shape, Seed.images), shape, Axes.toNCHW);
  return running(networkGraph(work), images, (logits) => logits);
}

/** A file of wasmgrad's: a session for it, made anew in each run where loading is measured. */
async function onnx({ kind, file }: OnnxWork): Promise<Task> {
  const { readFileSync } = await import('node:fs');
  const bytes = readFileSync(file);
  const load = () => ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
  const session = await load();
  const shape = [1, 224, 224, 3];
  const image = permuted(filled(shape, Seed.images), shape, Axes.toNCHW);
  const x = { [session.inputNames[0]]: new ort.Tensor('float32', image, [1, 3, 224, 224]) };
  const [name] = session.outputNames;
  return {
    async run() {
      if (kind === 'onnxLoading') await (await load()).release();
      else (await session.run(x))[name].dispose();
    },
    results: async () => [(await session.run(x))[name].data as Float32Array],
    release: () => void session.release(),
  };
}

/** See the top of this file. */
export const adapter: Adapter = {
  async start() {
    ort.env.wasm.wasmPaths = new URL('../node_modules/onnxruntime-web/dist/', import.meta.url).href;
    ort.env.wasm.numThreads = threads;
    ort.env.logLevel = 'error';
    return `${await versionOf('onnxruntime-web')}, wasm`;
  },
  prepare(work) {
    if (work.kind === 'gemm') return gemm(work);
    if (work.kind === 'conv') return conv(work);
    if (work.kind === 'inference') return inference(work);
    if (isOnnx(work)) return onnx(work);
    throw new Cannot('it does not train');
  },
};
