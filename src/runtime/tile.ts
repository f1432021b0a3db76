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

/**
 * How often every kernel runs before it is checked. Runs, not milliseconds: until the engine has optimized a kernel, each
 * takes ten times as long, and on a busy machine whatever the others take is not counted.
 */
const WARM_UP = 60;
/** How often both tiles are timed, one after the other: until the verdict is clear, but so often at least and at most. */
const LEAST_TURNS = 25;
const MOST_TURNS = 75;
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
const integers = (count: number, step: number): Float32Array =>
  new Float32Array(count).map((_, i) => ((i * step) % 17) - 8);

/** A matrix [m, n], row by row. */
function matrix(m: number, n: number, entry: (row: number, column: number) => number) {
  const numbers = new Float32Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) numbers[i * n + j] = entry(i, j);
  return numbers;
}

/** a·b in plain JavaScript; `n` is how many columns b has. */
function product(a: Float32Array, b: Float32Array, n: number): Float32Array {
  const k = b.length / n;
  return matrix(a.length / k, n, (i, j) => {
    let sum = 0;
    for (let p = 0; p < k; p++) sum += a[i * k + p] * b[p * n + j];
    return sum;
  });
}

/** A product to check. There is one for each way in which microkernels read the left matrix. */
interface Probe {
  run(): Tensor;
  readonly expected: Float32Array;
}

/** Makes a tensor that is disposed of at the end. */
type Keep = (numbers: Float32Array, shape: readonly number[]) => Tensor;

function matrixProbes(keep: Keep): Probe[] {
  // Sizes that need whole tiles and parts of tiles, and more than one block of rows and of depth.
  const [m, k, n] = [53, 530, 43];
  const [left, right] = [integers(m * k, 5), integers(k * n, 7)];
  const [a, b] = [keep(left, [m, k]), keep(right, [k, n])];
  const transposed = keep(
    matrix(k, m, (p, i) => left[i * k + p]),
    [k, m],
  );
  const expected = product(left, right, n);
  return [
    { run: () => ops.matMul(a, b), expected },
    { run: () => ops.matMul(transposed, b, { transposeA: true }), expected },
  ];
}

function convolutionProbes(keep: Keep): Probe[] {
  const [side, channels, kernel, filters] = [14, 8, 3, 27];
  const out = side - kernel + 1;
  const [pixels, taps] = [out * out, kernel * kernel * channels];
  const [image, weights, gradient] = [
    integers(side * side * channels, 5),
    integers(taps * filters, 7),
    integers(pixels * filters, 11),
  ];
  const x = keep(image, [1, side, side, channels]);
  const filter = keep(weights, [kernel, kernel, channels, filters]);
  const dy = keep(gradient, [1, out, out, filters]);
  /** Element `tap` of the patch that output `pixel` sees. */
  const patch = (pixel: number, tap: number): number => {
    const [row, column] = [Math.floor(pixel / out), pixel % out];
    const [r, s] = [Math.floor(tap / (kernel * channels)), tap % (kernel * channels)];
    return image[((row + r) * side + column) * channels + s];
  };
  const options = { algorithm: 'direct' } as const;
  return [
    {
      run: () => ops.conv2d(x, filter, options),
      expected: product(matrix(pixels, taps, patch), weights, filters),
    },
    {
      run: () => ops.conv2dBackwardFilter(x, dy, filter.shape, options),
      expected: product(
        matrix(taps, pixels, (tap, pixel) => patch(pixel, tap)),
        gradient,
        filters,
      ),
    },
  ];
}

/** Whether a probe's result is right to the last bit after the engine has optimized its code. */
function isRight({ run, expected }: Probe): boolean {
  for (let i = 0; i < WARM_UP; i++) run().dispose();
  const result = run();
  const right = result.data.every((value, i) => value === expected[i]);
  result.dispose();
  return right;
}

/** Milliseconds of the same product with the narrow tile, then with the wide one. */
export type Turn = readonly [narrow: number, wide: number];

/**
 * Decides by the median of the turns' ratios, which other work on the machine changes little, and takes turns until their
 * quartiles say the same as the median. Which tile is faster and whether the code is 256-bit are two questions: in
 * 256-bit code the narrow tile may be just as fast.
 */
export function judge(turn: () => Turn): Exclude<TileVerdict, 'wrong'> {
  const ratios: number[] = [];
  /** What the ratio says that is larger than a share of all. */
  const at = (share: number) => {
    const speed = ratios[Math.floor(share * ratios.length)];
    return { revectorized: speed > MADE, wide: speed > 1 };
  };
  const isClear = (): boolean => {
    const [low, high] = [at(1 / 4), at(3 / 4)];
    return low.revectorized === high.revectorized && low.wide === high.wide;
  };
  do {
    const [narrow, wide] = turn();
    ratios.push(narrow / wide);
    ratios.sort((a, b) => a - b);
  } while (ratios.length < LEAST_TURNS || (ratios.length < MOST_TURNS && !isClear()));
  return at(1 / 2);
}

/** Calls `next` with a function that times a product with both tiles. @throws {OutOfMemoryError} */
function timing<R>(running: Backend, use: UseTile, next: (turn: () => Turn) => R): R {
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
  return withTile(false, (narrow) => withTile(true, (wide) => next(() => [narrow(), wide()])));
}

/**
 * Multiplies with both tiles. Returns which is faster and whether the code is 256-bit; or 'wrong', if a tile multiplies
 * wrongly. Leaves the faster tile in use. Takes about 100 ms.
 */
export function compareTiles(use: UseTile): TileVerdict {
  const tensors: Tensor[] = [];
  const keep: Keep = (numbers, shape) => {
    const tensor = Tensor.from(numbers, shape);
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
    const verdict = timing(backend(), use, judge);
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
