// wasmgrad, through its public API only.

import { backendInfo, io, loadModel, memory, ops, optimizers, Tensor } from '../../src/index.js';
import { isMade, start, threads } from '../start.js';
import {
  type ConvWork,
  convShapes,
  type GemmWork,
  type InferenceWork,
  type OnnxWork,
  Seed,
  type TrainingWork,
  type Work,
} from '../work.js';
import { type Adapter, Cannot, filled, type Task } from './adapter.js';
import { modelOf, resnet50 } from './wasmgrad-network.js';

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

async function inference(work: InferenceWork): Promise<Task> {
  const { batch: batchSize, side, channels } = work;
  const made = modelOf(work);
  // From a file, as the peers have theirs: weights whose `data` was written to are looked at in each prediction.
  const model = await loadModel(made.toBytes());
  made.dispose();
  const x = tensor([batchSize, side, side, channels], Seed.images);
  return {
    ...calling(() => [model.predict(x, { batchSize }) as Tensor], [x]),
    release() {
      release(x);
      model.dispose();
    },
  };
}

/** A file that it has written, or the model that it has made of the same seed. */
async function onnx({ kind, file }: OnnxWork): Promise<Task> {
  const { readFileSync } = await import('node:fs');
  const bytes = isMade ? undefined : readFileSync(file);
  const load = async () => (bytes ? io.readOnnx(bytes) : resnet50());
  const model = await load();
  const x = tensor([1, 224, 224, 3], Seed.images);
  const inferring = calling(() => [model.predict(x) as Tensor], [x]);
  return {
    ...inferring,
    run: kind === 'onnxLoading' ? async () => (await load()).dispose() : inferring.run,
    release() {
      release(x);
      model.dispose();
    },
  };
}

function training(work: TrainingWork): Task {
  const { batch, side, channels, classes, learningRate, momentum, checkpointing } = work;
  const model = modelOf(work);
  model.compile({
    optimizer: optimizers.sgd({ learningRate, momentum }),
    loss: 'softmaxCrossEntropy',
    activationCheckpointing: checkpointing,
  });
  const x = tensor([batch, side, side, channels], Seed.images);
  const y = Tensor.from(Int32Array.from({ length: batch }, (_, i) => i % classes));
  return {
    run: () => void model.trainOnBatch(x, y),
    results: () => [[model.trainOnBatch(x, y).loss]],
    memory() {
      const { bytes, ...uses } = memory();
      return {
        'memory()': Object.values(uses).reduce((sum, used) => sum + used, 0),
        'model.memory()': model.memory({ batchSize: batch }).training.total,
      };
    },
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
    const { threads: found, version } = backendInfo();
    if (found !== threads) throw new Error(`it has ${found} threads here, not ${threads}`);
    return `wasmgrad ${version}`;
  },
  prepare(work: Work) {
    switch (work.kind) {
      case 'gemm':
        return gemm(work);
      case 'inference':
        return inference(work);
      case 'onnxLoading':
      case 'onnxInference':
        return onnx(work);
      case 'training':
        return training(work);
      case 'tfjs':
        throw new Cannot('it is a program of TF.js');
      default:
        return conv(work);
    }
  },
  info: () => ({ ...backendInfo() }),
};
