// Finds out which tile is faster, and whether the engine makes 256-bit code: no engine reports that. Both tiles are
// checked, then timed on the same product. In 128-bit code the wide tile does not fit the registers: it takes a sixth
// to two thirds longer than the narrow one. In 256-bit code it takes no longer, and at best half as long.

import {
  type Backend,
  backend,
  type TileVerdict,
  type UseTile,
  warnOnce,
} from '../../bindings/backend.js';
import { matMul } from '../operators/dense/matrix.emit.js';
import * as ops from '../operators/ops.js';
import { Emitter } from '../program/emitter.js';
import { withProgram } from '../program/plan.js';
import { dropSpare } from '../program/spare.js';
import { Tensor } from '../tensor/tensor.js';

/** Milliseconds that every kernel runs before it is checked: by then the engine has optimized it. */
const WARM_UP = 8;
/** How often both tiles are timed, one after the other. */
const TURNS = 75;
/**
 * The product that is timed: it takes some 0.2 ms, so that other work on the machine disturbs few turns, and mostly
 * both halves of a turn. Rows are whole tiles in all builds, columns are whole tiles of both widths, the depth is one
 * block.
 */
const SIZE = { m: 240, n: 64, k: 256 };
/**
 * If the wide tile's speed is at least this share of the narrow one's, the code is 256-bit. Measured in 128-bit code:
 * 0.60 to 0.71 (fused) and 0.84 to 0.86 (not fused), with fifteen times as many processes as cores. In 256-bit code:
 * 1.05 and 1.3 on Intel Xeons, 1.3 to 1.4 on an EPYC, 2 on a Zen 5.
 */
const MADE = 0.95;

/** Small whole numbers: sums of their products are exact in f32, in any order. */
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

/** A product to check. There is one for each way in which microkernels read the left matrix. */
interface Probe {
  run(): Tensor;
  readonly expected: Float32Array;
}

function matrixProbes(keep: (t: Tensor) => Tensor): Probe[] {
  // Sizes that need whole tiles and parts of tiles, and more than one block of depth.
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

/** Whether a probe's result is right to the last bit after the engine has optimized its code. */
function isRight({ run, expected }: Probe): boolean {
  const end = performance.now() + WARM_UP;
  while (performance.now() < end) run().dispose();
  const result = run();
  const right = result.data.every((value, i) => value === expected[i]);
  result.dispose();
  return right;
}

/** Milliseconds of the same product with the narrow tile, then with the wide one. */
export type Turn = readonly [narrow: number, wide: number];

/**
 * Decides by the median of the turns' ratios, which other work on the machine changes little. Which tile is faster and
 * whether the code is 256-bit are two questions: in 256-bit code the narrow tile may be just as fast.
 */
export function judge(turns: readonly Turn[]): Exclude<TileVerdict, 'wrong'> {
  const ratios = turns.map(([narrow, wide]) => narrow / wide).sort((a, b) => a - b);
  const speed = ratios[ratios.length >> 1];
  return { revectorized: speed > MADE, wide: speed > 1 };
}

/** Times a product with both tiles in turn. @throws {OutOfMemoryError} */
function timings(running: Backend, use: UseTile): Turn[] {
  /** Makes the product's program for a tile, and calls `next` with a function that times it once. */
  const withTile = <T>(wide: boolean, next: (time: () => number) => T): T => {
    const { m, n, k } = SIZE;
    const e = new Emitter();
    const [a, b] = [e.input([m, k]), e.input([k, n])];
    matMul(e, e.value([m, n]), a, b, SIZE);
    use(wide);
    return withProgram(running, e, 'the comparison of tiles', (program) => {
      const { float32 } = running.memory.views;
      for (const value of [a, b]) {
        const at = value.resolve() / 4;
        float32.fill(1, at, at + value.size);
      }
      program.run();
      return next(() => {
        use(wide);
        const start = performance.now();
        // Only the multiplication: b is already packed for this tile.
        program.run(program.length - 1);
        return performance.now() - start;
      });
    });
  };
  return withTile(false, (narrow) =>
    withTile(true, (wide) => {
      const turn = (): Turn => [narrow(), wide()];
      for (let i = 0; i < TURNS; i++) turn();
      return Array.from({ length: TURNS }, turn);
    }),
  );
}

/**
 * Multiplies with both tiles. Returns which is faster and whether the code is 256-bit; or 'wrong', if a tile multiplies
 * wrongly. Leaves the faster tile in use. Takes about 150 ms.
 */
export function compareTiles(use: UseTile): TileVerdict {
  const tensors: Tensor[] = [];
  const keep = (tensor: Tensor): Tensor => {
    tensors.push(tensor);
    return tensor;
  };
  try {
    const probes = [...matrixProbes(keep), ...convolutionProbes(keep)];
    for (const wide of [false, true]) {
      // A build without the wide tile, such as that of pages, has nothing to compare.
      if (use(wide) !== wide) return { revectorized: false, wide: false };
      if (!probes.every(isRight)) return 'wrong';
    }
    const verdict = judge(timings(backend(), use));
    use(verdict.wide);
    return verdict;
  } finally {
    for (const tensor of tensors) tensor.dispose();
    // Nobody multiplies these shapes again.
    dropSpare();
  }
}

const NO_REVECTORIZING =
  'init({ revectorize: true }): this engine makes no 256-bit code (Node ≥ 24 on x64 does); it goes on with 128-bit code';
const WRONG_CODE =
  "init({ revectorize: true }): this engine's 256-bit code failed the self-check; it goes on with 128-bit code";

/** What `compareTiles` finds; warns where there is no 256-bit code, or none that is right. */
export function chooseTile(use: UseTile): TileVerdict {
  const verdict = compareTiles(use);
  if (verdict === 'wrong') warnOnce('256-bit code', WRONG_CODE);
  else if (!verdict.revectorized) warnOnce('256-bit code', NO_REVECTORIZING);
  return verdict;
}
