// How near the kernels come to what the machine can do: arithmetic against a matrix product in cache, passes
// over memory against a copy, out of cache. By `model.profile()`, on one op at a time.

import {
  dispose,
  layers,
  optimizers,
  type ProfileRow,
  Sequential,
  Tensor,
} from '../../src/index.js';
import { numbers } from '../../tests/helpers/random.js';
import type { Suite } from '../report.js';
import type { Result } from '../result.js';
import { start } from '../start.js';

/** Ops to look for in the profile of a model: their names, kernels and least parts of the peak. */
interface Work {
  layers: Parameters<typeof layerList>[0];
  inputShape: number[];
  batch: number;
  /** What is trained with; without, a prediction is profiled. */
  optimizer?: 'sgd' | 'adam';
  ops: { name: string; kernel: string; pass: ProfileRow['pass']; least: number }[];
}

type Layer = ReturnType<typeof layers.relu>;
const layerList = (make: () => Layer[]): Layer[] => make();

const conv = (filters: number): Layer =>
  layers.conv2d({ filters, kernelSize: 3, padding: 'same', algorithm: 'direct', useBias: false });

/** Direct 3×3 convolution with as many filters as channels, in all three passes. */
const convolution = (side: number, channels: number, batch: number): Work => {
  const name = `3×3, ${side}², ${channels}→${channels}, batch ${batch}`;
  return {
    layers: () => [
      conv(channels),
      conv(channels),
      layers.globalAvgPool2d(),
      layers.dense({ units: 2 }),
    ],
    inputShape: [side, side, channels],
    batch,
    optimizer: 'sgd',
    ops: [
      { name: `direct ${name}`, kernel: 'conv', pass: 'forward', least: 0.88 },
      { name: `backward-data ${name}`, kernel: 'conv', pass: 'backward', least: 0.83 },
      {
        name: `backward-filter ${name}`,
        kernel: 'convBackwardFilter',
        pass: 'backward',
        least: 0.8,
      },
    ],
  };
};

/** Batch norm with ReLU over 2²⁴ numbers, 64 MiB for each pass to read; twice, as nobody wants the first one's dx. */
const normalisation = (side: number, channels: number): Work => ({
  layers: () => [
    layers.batchNorm(),
    layers.relu(),
    layers.batchNorm(),
    layers.relu(),
    layers.globalAvgPool2d(),
    layers.dense({ units: 2 }),
  ],
  inputShape: [side, side, channels],
  batch: 2 ** 24 / (side * side * channels),
  optimizer: 'sgd',
  ops: (
    [
      ['statistics', 'normStatistics', 'forward'],
      ['apply', 'normApply', 'forward'],
      ['backward sums', 'normBackwardSums', 'backward'],
      ['backward', 'normBackward', 'backward'],
    ] as const
  ).map(([name, kernel, pass]) => ({
    name: `batch norm + ReLU, ${channels} channels: ${name}`,
    kernel,
    pass,
    least: 0.75,
  })),
});

const optimizer = (kind: 'sgd' | 'adam', name: string): Work => ({
  layers: () => [layers.dense({ units: 4096 })],
  inputShape: [4096],
  batch: 1,
  optimizer: kind,
  ops: [{ name: `${name}, 2²⁴ weights`, kernel: kind, pass: 'update', least: 0.75 }],
});

const elementwise = (name: string, make: typeof layers.relu): Work => ({
  layers: () => [make()],
  inputShape: [2 ** 20],
  batch: 16,
  ops: [{ name: `${name}, 2²⁴ numbers`, kernel: 'unary', pass: 'forward', least: 0.75 }],
});

const works: Work[] = [
  ...[256, 512, 1024].map(
    (n): Work => ({
      layers: () => [layers.dense({ units: n })],
      inputShape: [n],
      batch: n,
      ops: [{ name: `GEMM ${n}³`, kernel: 'gemm', pass: 'forward', least: 0.92 }],
    }),
  ),
  convolution(56, 64, 2),
  convolution(28, 128, 2),
  convolution(14, 256, 4),
  normalisation(64, 16),
  normalisation(32, 64),
  normalisation(16, 256),
  elementwise('ReLU', layers.relu),
  elementwise('hard swish', layers.hardSwish),
  optimizer('sgd', 'SGD with momentum'),
  optimizer('adam', 'Adam'),
];

function measure({ layers: make, inputShape, batch, optimizer: kind, ops }: Work): Result[] {
  const model = new Sequential(layerList(make), { inputShape, seed: 1 });
  const size = inputShape.reduce((a, b) => a * b, batch);
  const x = Tensor.from(numbers(size, 1), [batch, ...inputShape]);
  const outputs = model.outputShape.reduce((a, b) => a * b, batch);
  const y = Tensor.from(numbers(outputs, 2), [batch, ...model.outputShape]);
  if (kind) {
    const chosen = kind === 'sgd' ? optimizers.sgd({ momentum: 0.9 }) : optimizers.adam();
    model.compile({ optimizer: chosen, loss: 'meanSquaredError' });
  }
  const { rows, peaks } = model.profile(x, { ...(kind ? { y } : {}), print: null });
  for (const one of [x, y, model]) one.dispose();
  return ops.map(({ name, kernel, pass, least }) => {
    // The last one: backward-data of the first layer is not wanted, forward's first is colder.
    const row = rows.findLast((one) => one.kernel === kernel && one.pass === pass);
    if (!row) throw new Error(`the profile has no ${kernel}, ${pass}`);
    const [part, wanted] = [row.ofPeak, least].map((share) => `${Math.round(100 * share)} %`);
    const about = `${part} of ${peaks[row.unit].toFixed(1)}, wanted ${wanted}`;
    return {
      name,
      unit: row.unit,
      figures: [{ who: 'wasmgrad', median: row.rate, best: row.rate }],
      targets: [{ text: about, met: row.ofPeak >= least }],
      notes: [],
    };
  });
}

async function run(): Promise<Result[]> {
  await start();
  const results = works.flatMap(measure);
  dispose();
  return results;
}

/** See the top of this file. */
export const peak: Suite = {
  name: 'peak',
  about: 'kernels against the machine: a matrix product in cache, a copy out of cache',
  run,
};
