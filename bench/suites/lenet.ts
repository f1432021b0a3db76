// LeNet-5: training and inference, and what a prediction takes besides its kernels.

import { dispose } from '../../src/index.js';
import { wholeOf } from '../../src/training/samples.js';
import { Intake } from '../../src/training/source.js';
import type { Contest } from '../compete.js';
import { makeLenet5, SIDE } from '../lenet5.js';
import { lenet5Inference, lenet5Training } from '../networks.js';
import {
  convNetJs,
  onnxruntime,
  pyTorch,
  pyTorchFrozen,
  tfjsCpu,
  tfjsWasm,
} from '../peers/index.js';
import type { Suite } from '../report.js';
import type { Result } from '../result.js';
import { start } from '../start.js';

export const lenetContests: Contest[] = [
  {
    name: `LeNet-5 training, batch ${lenet5Training.batch}`,
    work: lenet5Training,
    peers: [pyTorch, convNetJs, tfjsCpu, tfjsWasm, onnxruntime],
    targets: { [pyTorch.name]: [1.1, 1.5], [convNetJs.name]: [25, 25] },
  },
  {
    name: `LeNet-5 inference, batch ${lenet5Inference.batch}`,
    work: lenet5Inference,
    peers: [pyTorch, pyTorchFrozen, tfjsWasm, onnxruntime],
  },
];

/** Calls in a turn: so few that other work on the machine disturbs few turns. And turns; the first of them warm up. */
const [CALLS, TURNS, FIRST] = [10, 2000, 500];
/** Microseconds that `predict` of one image may take besides its kernels. */
const MOST = 8;

/** Microseconds of a call. */
function each(call: () => void): number {
  const start = performance.now();
  for (let i = 0; i < CALLS; i++) call();
  return ((performance.now() - start) / CALLS) * 1000;
}

/** The value that a tenth of them are below: other work on the machine makes most turns slower, so a median is about that. */
const low = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 10)];

/** What `predict` of one image takes besides the run of its program, with which it takes turns. */
async function besidesKernels(): Promise<Result> {
  await start();
  const model = makeLenet5();
  const engine = model.engine('besidesKernels');
  const x = new Float32Array(SIDE ** 2).fill(0.5);
  const predict = (): void => model.predict(x).dispose();
  predict();
  const one = wholeOf(new Intake(engine, 'predict').inputs(x));
  const [whole, kernels] = engine.rehearse(one, (program) => {
    const turns = Array.from({ length: TURNS }, () => [each(predict), each(() => program.run())]);
    return [0, 1].map((i) => turns.slice(FIRST).map((turn) => turn[i]));
  });
  model.dispose();
  dispose();
  const besides = low(whole) - low(kernels);
  return {
    name: 'predict of one image, besides its kernels',
    unit: 'µs',
    figures: [
      { who: 'wasmgrad', median: besides, best: Math.min(...whole) - Math.min(...kernels) },
    ],
    targets: [{ text: `≤ ${MOST} µs`, met: besides <= MOST }],
    notes: [
      {
        who: 'wasmgrad',
        text: 'the difference of what a tenth of the turns of either take at most; best: of the fastest',
      },
    ],
  };
}

/** See the top of this file. */
export const lenet: Suite = {
  name: 'lenet',
  about: 'LeNet-5: steps of SGD with momentum, inference, and what a call takes',
  contests: lenetContests,
  run: async () => [await besidesKernels()],
};
