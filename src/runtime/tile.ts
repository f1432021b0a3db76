// Which register tile: the wide one is twice as fast where the engine makes 256-bit code, and half as
// fast elsewhere. Nothing announces it, so both are checked and timed.

import type { TileVerdict, UseTile } from '../../bindings/backend.js';
import * as ops from '../operators/ops.js';
import { Tensor } from '../tensor/tensor.js';

/** Milliseconds that every kernel runs before it is checked: the optimizing compiler has come by then. */
const WARM_UP = 8;
/** Times that both tiles are timed, in turns, and runs each time: browsers' clocks are coarse. */
const ROUNDS = 6;
const RUNS = 24;
/** How much faster the wide tile must be to be chosen. */
const GAIN = 1.1;

/** Small whole numbers: all sums of their products are exact in f32, in whatever order. */
const integers = (shape: readonly number[], step: number): Tensor =>
  Tensor.from(
    Float32Array.from(
      { length: shape.reduce((a, b) => a * b, 1) },
      (_, i) => ((i * step) % 17) - 8,
    ),
    shape,
  );

type Entry = (row: number, column: number) => number;

/** a·b in plain JavaScript. */
function product([m, k, n]: readonly [number, number, number], a: Entry, b: Entry): Float32Array {
  const c = new Float32Array(m * n);
  for (let i = 0; i < m; i++)
    for (let p = 0; p < k; p++) for (let j = 0; j < n; j++) c[i * n + j] += a(i, p) * b(p, j);
  return c;
}

/** One product for every way in which microkernels find the left matrix. */
interface Probe {
  run(): Tensor;
  readonly expected: Float32Array;
}

function matrixProbes(keep: (t: Tensor) => Tensor): Probe[] {
  // Whole tiles and parts of them; more depth than one block has.
  const [m, k, n] = [125, 530, 43];
  const [a, b] = [keep(integers([m, k], 5)), keep(integers([k, n], 7))];
  const [numbers, right] = [a.data.slice(), b.data.slice()];
  const transposed = keep(a.reshape([k, m]));
  return [
    {
      run: () => ops.matMul(a, b),
      expected: product(
        [m, k, n],
        (i, p) => numbers[i * k + p],
        (p, j) => right[p * n + j],
      ),
    },
    {
      run: () => ops.matMul(transposed, b, { transposeA: true }),
      expected: product(
        [m, k, n],
        (i, p) => numbers[p * m + i],
        (p, j) => right[p * n + j],
      ),
    },
  ];
}

function convolutionProbes(keep: (t: Tensor) => Tensor): Probe[] {
  const [side, channels, kernel, filters] = [14, 8, 3, 27];
  const out = side - kernel + 1;
  const x = keep(integers([1, side, side, channels], 5));
  const filter = keep(integers([kernel, kernel, channels, filters], 7));
  const dy = keep(integers([1, out, out, filters], 11));
  const [image, weights, gradient] = [x, filter, dy].map((tensor) => tensor.data.slice());
  const [pixels, taps] = [out * out, kernel * kernel * channels];
  /** Element `tap` of the patch that output `pixel` sees. */
  const patch: Entry = (pixel, tap) => {
    const [row, column] = [Math.floor(pixel / out), pixel % out];
    const [r, s] = [Math.floor(tap / (kernel * channels)), tap % (kernel * channels)];
    return image[((row + r) * side + column) * channels + s];
  };
  const options = { algorithm: 'direct' } as const;
  return [
    {
      run: () => ops.conv2d(x, filter, options),
      expected: product([pixels, taps, filters], patch, (p, j) => weights[p * filters + j]),
    },
    {
      run: () => ops.conv2dBackwardFilter(x, dy, filter.shape, options),
      expected: product(
        [taps, pixels, filters],
        (tap, pixel) => patch(pixel, tap),
        (p, j) => gradient[p * filters + j],
      ),
    },
  ];
}

/** Whether a probe's result is right, to the last bit, once its code has been optimized. */
function isRight({ run, expected }: Probe): boolean {
  const end = performance.now() + WARM_UP;
  while (performance.now() < end) run().dispose();
  using result = run();
  return result.data.every((value, i) => value === expected[i]);
}

/**
 * Multiplies with both tiles: says which is faster, or that one of them multiplies wrongly. Leaves the
 * faster one in use. Takes about 150 ms.
 */
export function compareTiles(use: UseTile): TileVerdict {
  const tensors: Tensor[] = [];
  const keep = (tensor: Tensor): Tensor => {
    tensors.push(tensor);
    return tensor;
  };
  try {
    // Each tile has tensors of its own: packed forms of them are kept, and are not the same for both.
    const candidates = [false, true].map((wide) => ({
      wide,
      probes: [...matrixProbes(keep), ...convolutionProbes(keep)],
      best: Number.POSITIVE_INFINITY,
    }));
    for (const { wide, probes } of candidates) {
      use(wide);
      if (!probes.every(isRight)) return 'wrong';
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const candidate of candidates) {
        use(candidate.wide);
        const start = performance.now();
        for (let run = 0; run < RUNS; run++) candidate.probes[0].run().dispose();
        candidate.best = Math.min(candidate.best, performance.now() - start);
      }
    }
    const [narrow, wide] = candidates.map(({ best }) => best);
    const gains = narrow > GAIN * wide;
    use(gains);
    return gains ? 'wide' : 'narrow';
  } finally {
    for (const tensor of tensors) tensor.dispose();
  }
}
