// What Winograd's algorithm gains over the direct one, by its form: each pass of a convolution by both, in turn, after
// their results have been compared.

import { dispose, ops, Tensor } from '../../src/index.js';
import { normal } from '../../tests/helpers/random.js';
import { median } from '../compete.js';
import type { Suite } from '../report.js';
import type { Result } from '../result.js';
import { convWork, nameOf } from '../shapes.js';
import { engineFlags, start } from '../start.js';
import type { ConvSizes } from '../work.js';

/** Rounds, and how long a turn lasts at least, in milliseconds. */
const ROUNDS = 25;
const TURN = 4;

type Sizes = Omit<ConvSizes, 'kernel'> & { kernel: readonly [number, number] };

const square = (...[kernel, ...more]: Parameters<typeof convWork>): Sizes => ({
  ...convWork(kernel, ...more),
  kernel: [kernel, kernel],
});

/** Kernels that are not square are padded to keep the image's size. */
const line = (kernel: readonly [number, number], side: number, channels: number): Sizes => ({
  ...convWork(1, side, channels, channels),
  kernel,
});

/** On 128-bit code and on 256-bit code. */
type Least = readonly [number, number];

/** What all three passes together have to gain. */
const ALL: Least = [1.4, 1.4];

/** What forward has to gain, and all three passes together. */
const shapes: readonly [sizes: Sizes, forward?: Least, all?: Least][] = [
  [square(7, 224, 3, 64, { stride: 2 }), [1.5, 1.3], ALL],
  [square(5, 28, 48, 96), [2.3, 2.1], ALL],
  [square(3, 56, 64, 128, { stride: 2 }), [1.45, 1.4], ALL],
  [square(3, 28, 128, 256, { stride: 2 }), [1.3, 1.3], ALL],
  [square(3, 14, 256, 512, { stride: 2 })],
  [square(3, 32, 16, 32, { stride: 2, batch: 32 })],
  [square(3, 56, 64, 64)],
  [square(3, 28, 128, 128)],
  [square(3, 14, 256, 256)],
  [square(3, 7, 512, 512)],
  [square(4, 32, 64, 128, { stride: 2, pad: 1 })],
  [square(5, 28, 64, 128, { stride: 2 })],
  [square(7, 28, 32, 32)],
  [line([1, 7], 17, 128)],
  [line([7, 1], 17, 192)],
];

type Algorithm = 'direct' | 'auto';

/** The passes of a convolution, by an algorithm. */
function passesOf({ batch, side, channels, filters, kernel, stride, pad }: Sizes) {
  const isSquare = kernel[0] === kernel[1];
  const placed = { strides: stride, padding: isSquare ? pad : 'same' } as const;
  const shape = [batch, side, side, channels];
  const filterShape = [...kernel, channels, filters];
  const of = (sizes: readonly number[], seed: number) =>
    Tensor.from(
      normal(
        sizes.reduce((a, b) => a * b),
        seed,
      ),
      sizes,
    );
  const [x, w] = [of(shape, 1), of(filterShape, 2)];
  const options = (algorithm: Algorithm) =>
    ({ ...placed, dimRoundingMode: 'floor', algorithm }) as const;
  const y = ops.conv2d(x, w, options('auto'));
  const dy = of(y.shape, 3);
  y.dispose();
  return {
    forward: (algorithm: Algorithm) => ops.conv2d(x, w, options(algorithm)),
    input: (algorithm: Algorithm) => ops.conv2dBackwardInput(dy, w, shape, options(algorithm)),
    filter: (algorithm: Algorithm) =>
      ops.conv2dBackwardFilter(x, dy, filterShape, options(algorithm)),
    dispose(): void {
      for (const each of [x, w, dy]) each.dispose();
    },
  };
}

/** @throws {Error} where two results differ by more than rounding does */
function compare(a: Tensor, b: Tensor, what: string): void {
  const scale = Math.sqrt(a.data.reduce((sum, v) => sum + v * v, 0) / a.size);
  const differs = a.data.some((v, i) => !(Math.abs(v - b.data[i]) <= 1e-4 * scale));
  if (differs) throw new Error(`${what}: the algorithms' results differ`);
}

/** Milliseconds of a call, by both algorithms in turn. */
function timed(pass: (algorithm: Algorithm) => Tensor, what: string): Record<Algorithm, number[]> {
  const [a, b] = [pass('direct'), pass('auto')];
  compare(a, b, what);
  a.dispose();
  b.dispose();
  const took = { direct: [] as number[], auto: [] as number[] };
  let calls = 1;
  for (let round = -3; round < ROUNDS; round++) {
    for (const algorithm of ['direct', 'auto'] as const) {
      const began = performance.now();
      for (let i = 0; i < calls; i++) pass(algorithm).dispose();
      const each = (performance.now() - began) / calls;
      if (round >= 0) took[algorithm].push(each);
      else calls = Math.max(calls, Math.ceil(TURN / each));
    }
  }
  return took;
}

/** A pass by both algorithms. @param wanted how many times as fast it is to be */
function result(
  name: string,
  { direct, auto }: Record<Algorithm, number[]>,
  wanted?: Least,
): Result {
  const least = wanted?.[engineFlags.includes('--revectorize') ? 1 : 0];
  const ratio = median(direct.map((time, i) => time / auto[i]));
  const figure = (who: Algorithm, times: number[]) => {
    return { who, median: median(times), best: Math.min(...times) };
  };
  const targets = least
    ? [{ text: `≥ ${least} × direct`, met: ratio >= least, who: 'direct', least }]
    : [];
  const figures = [figure('auto', auto), { ...figure('direct', direct), ratio }];
  return { name, unit: 'ms', figures, targets, notes: [] };
}

function measure([sizes, forward, all]: (typeof shapes)[number]): Result[] {
  const { dispose: free, ...passes } = passesOf(sizes);
  const [kh, kw] = sizes.kernel;
  const name = nameOf({ ...sizes, kernel: kh }).replace(`${kh}×${kh}`, `${kh}×${kw}`);
  const times = Object.entries(passes).map(([pass, run]) => timed(run, `${name}, ${pass}`));
  free();
  const sums = (algorithm: Algorithm) =>
    times[0][algorithm].map((_, i) => times.reduce((sum, each) => sum + each[algorithm][i], 0));
  const [y, dx, dw] = times;
  return [
    result(`${name}: forward`, y, forward),
    result(`${name}: backward-data`, dx),
    result(`${name}: backward-filter`, dw),
    result(`${name}: all passes`, { direct: sums('direct'), auto: sums('auto') }, all),
  ];
}

async function run(): Promise<Result[]> {
  await start();
  try {
    return shapes.flatMap(measure);
  } finally {
    dispose();
  }
}

/** See the top of this file. */
export const forms: Suite = {
  name: 'forms',
  about: "Winograd's algorithm over the direct one, by its form, all three passes",
  run,
};
