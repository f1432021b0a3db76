// jax-js on its WebAssembly backend, which takes a worker per core in pages that are cross-origin isolated:
// in Node and in other pages it computes on one thread.
//
// Called eagerly: under `jit` it fuses the padding into the convolution, which then is ten times slower.

import { blockUntilReady, defaultDevice, init, lax, numpy as np, vjp } from '@jax-js/jax';
import { type ConvWork, convShapes, type GemmWork, isNetwork, isOnnx, Seed } from '../work.js';
import { type Adapter, Axes, Cannot, filled, permuted, type Task, versionOf } from './adapter.js';

type Values = Awaited<ReturnType<np.Array['data']>>;

const array = (data: Float32Array, shape: readonly number[]) =>
  np.array(data as Float32Array<ArrayBuffer>).reshape([...shape]);

/** The work as one call that returns arrays, and how to bring each into wasmgrad's order. */
function calling(
  compute: () => np.Array[],
  operands: np.Array[],
  toOurs: ((values: Float32Array) => Float32Array)[],
): Task {
  return {
    async run() {
      for (const result of await blockUntilReady(compute())) result.dispose();
    },
    async results() {
      const values: Values[] = [];
      for (const result of compute()) values.push(await result.data());
      return values.map((each, i) => toOurs[i](each as Float32Array));
    },
    release() {
      for (const operand of operands) operand.dispose();
    },
  };
}

// A function takes its arguments' ownership: `ref` keeps the caller's.
function gemm({ m, n, k }: GemmWork): Task {
  const a = array(filled([m, k], Seed.a), [m, k]);
  const b = array(filled([k, n], Seed.b), [k, n]);
  return calling(() => [np.matmul(a.ref, b.ref)], [a, b], [(c) => c]);
}

function conv(work: ConvWork): Task {
  const { stride, pad, groups: featureGroupCount } = work;
  const shape = convShapes(work);
  const ordered = (axes: readonly number[], sides: readonly number[]) =>
    axes.map((axis) => sides[axis]);
  const made = (sides: readonly number[], seed: number, axes: readonly number[]) =>
    array(permuted(filled(sides, seed), sides, axes), ordered(axes, sides));
  const back =
    (sides: readonly number[], to: readonly number[], from: readonly number[]) =>
    (values: Float32Array) =>
      permuted(values, ordered(to, sides), from);

  const x = made(shape.x, Seed.x, Axes.toNCHW);
  const w = made(shape.w, Seed.w, Axes.toOIHW);
  const forward = (image: np.Array, filter: np.Array) =>
    lax.convGeneralDilated(
      image,
      filter,
      [stride, stride],
      [
        [pad, pad],
        [pad, pad],
      ],
      { featureGroupCount },
    );
  const y = back(shape.y, Axes.toNCHW, Axes.toNHWC);
  if (work.kind === 'conv') return calling(() => [forward(x.ref, w.ref)], [x, w], [y]);
  const dy = made(shape.y, Seed.dy, Axes.toNCHW);
  const pass = () => {
    const [result, pullBack] = vjp(forward, [x.ref, w.ref]);
    const gradients = pullBack(dy.ref);
    pullBack.dispose();
    return [result, ...gradients];
  };
  return calling(
    pass,
    [x, w, dy],
    [y, back(shape.x, Axes.toNCHW, Axes.toNHWC), back(shape.w, Axes.toOIHW, Axes.toHWIO)],
  );
}

/** See the top of this file. */
export const adapter: Adapter = {
  async start() {
    if (!(await init('wasm')).includes('wasm')) throw new Error('jax-js did not start wasm');
    defaultDevice('wasm');
    return `${await versionOf('@jax-js/jax')}, wasm`;
  },
  prepare(work) {
    if (work.kind === 'gemm') return gemm(work);
    if (isNetwork(work) || isOnnx(work) || work.kind === 'tfjs')
      throw new Cannot('only its products and convolutions are measured');
    return conv(work);
  },
};
