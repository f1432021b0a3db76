// onnxruntime-web: its WebAssembly execution provider on one thread, which infers but does not train.
//
// Weights are constants of the model, which it packs once when it loads it; its input and output are
// JavaScript arrays, copied to and from its memory by every run, as for any user of it.

import * as ort from 'onnxruntime-web';
import { type ConvWork, convShapes, type GemmWork, Seed } from '../work.js';
import { type Adapter, Axes, Cannot, filled, permuted, type Task, versionOf } from './adapter.js';
import { type OneNode, onnxModel } from './onnx.js';

async function running(
  node: OneNode,
  input: Float32Array,
  toOurs: (y: Float32Array) => Float32Array,
): Promise<Task> {
  const session = await ort.InferenceSession.create(onnxModel(node), {
    executionProviders: ['wasm'],
  });
  const x = new ort.Tensor('float32', input, node.x);
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
  const node: OneNode = { op: 'MatMul', attributes: {}, x: [m, k], y: [m, n], w };
  return running(node, filled([m, k], Seed.a), (y) => y);
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
  return running(
    { op: 'Conv', attributes, x, y, w },
    permuted(filled(shape.x, Seed.x), shape.x, Axes.toNCHW),
    (result) => permuted(result, y, Axes.toNHWC),
  );
}

/** See the top of this file. */
export const adapter: Adapter = {
  async start() {
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = 'error';
    return `${await versionOf('onnxruntime-web')}, wasm`;
  },
  prepare(work) {
    if (work.kind === 'gemm') return gemm(work);
    if (work.kind === 'conv') return conv(work);
    throw new Cannot('it does not train');
  },
};
