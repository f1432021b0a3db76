// wasmgrad, through its public API only.

import { backendInfo, layers, ops, optimizers, Sequential, Tensor } from '../../src/index.js';
import { start } from '../start.js';
import {
  type ConvWork,
  convShapes,
  EPSILON,
  type GemmWork,
  type NetworkLayer,
  type NetworkWork,
  Seed,
  type Work,
} from '../work.js';
import { type Adapter, filled, type Task } from './adapter.js';

const tensor = (shape: readonly number[], seed: number) => Tensor.from(filled(shape, seed), shape);

function release(...tensors: Tensor[]): void {
  for (const each of tensors) each.dispose();
}

/** The work as one call that returns tensors. */
function calling(compute: () => Tensor[], operands: Tensor[]): Task {
  return {
    run: () => release(...compute()),
    results() {
      const results = compute();
      const values = results.map(({ data }) => data.slice());
      release(...results);
      return values;
    },
    release: () => release(...operands),
  };
}

function gemm({ m, n, k }: GemmWork): Task {
  const [a, b] = [tensor([m, k], Seed.a), tensor([k, n], Seed.b)];
  return calling(() => [ops.matMul(a, b)], [a, b]);
}

function conv(work: ConvWork): Task {
  const shape = convShapes(work);
  const [x, w] = [tensor(shape.x, Seed.x), tensor(shape.w, Seed.w)];
  const options = {
    strides: work.stride,
    padding: work.pad,
    groups: work.groups,
    dimRoundingMode: 'floor',
  } as const;
  if (work.kind === 'conv') return calling(() => [ops.conv2d(x, w, options)], [x, w]);
  const dy = tensor(shape.y, Seed.dy);
  const pass = () => [
    ops.conv2d(x, w, options),
    ops.conv2dBackwardInput(dy, w, shape.x, options),
    ops.conv2dBackwardFilter(x, dy, shape.w, options),
  ];
  return calling(pass, [x, w, dy]);
}

function layersOf(layer: NetworkLayer, isFirstDense: boolean) {
  switch (layer.type) {
    case 'conv': {
      const { filters, kernel: kernelSize, stride: strides, pad: padding } = layer;
      const options = { filters, kernelSize, strides, padding };
      if (!layer.batchNorm) return [layers.conv2d({ ...options, activation: 'relu' })];
      const norm = layers.batchNorm({ momentum: 0.9, epsilon: EPSILON });
      return [layers.conv2d({ ...options, useBias: false }), norm, layers.relu()];
    }
    case 'maxPool':
      return [layers.maxPool2d({ poolSize: 2 })];
    case 'globalAvgPool':
      return [layers.globalAvgPool2d()];
    case 'dense': {
      const dense = layers.dense({
        units: layer.units,
        activation: layer.relu ? 'relu' : 'linear',
      });
      return isFirstDense ? [layers.flatten(), dense] : [dense];
    }
  }
}

function network(work: NetworkWork): Task {
  const { batch, side, channels, classes, learningRate, momentum } = work;
  const firstDense = work.layers.findIndex(({ type }) => type === 'dense');
  const model = new Sequential(
    work.layers.flatMap((layer, i) => layersOf(layer, i === firstDense)),
    { inputShape: [side, side, channels] },
  );
  const kernels = model.weights.filter(({ name }) => name.endsWith('/kernel'));
  work.kernels.forEach(({ shape, seed, limit }, i) => {
    kernels[i].tensor.data.set(filled(shape, seed, limit));
  });
  model.compile({
    optimizer: optimizers.sgd({ learningRate, momentum }),
    loss: 'softmaxCrossEntropy',
  });
  const x = tensor([batch, side, side, channels], Seed.images);
  const y = Tensor.from(Int32Array.from({ length: batch }, (_, i) => i % classes));
  return {
    run: () => void model.trainOnBatch(x, y),
    results: () => [[model.trainOnBatch(x, y).loss]],
    release() {
      release(x, y);
      model.dispose();
    },
  };
}

/** See the top of this file. */
export const adapter: Adapter = {
  async start() {
    await start();
    return `wasmgrad ${backendInfo().version}`;
  },
  prepare(work: Work) {
    if (work.kind === 'gemm') return gemm(work);
    return work.kind === 'network' ? network(work) : conv(work);
  },
  info: () => ({ ...backendInfo() }),
};
