// Images in another size, and back, and softmax of rows: against their definitions in f64.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Shape, sizeOf } from '../../src/base/shape.js';
import { useArrays } from '../../src/operators/arrays/index.js';
import {
  type ResizeMode,
  resizeImage,
  resizeImageBackward,
  softmaxRows,
} from '../../src/operators/arrays/lookup.emit.js';
import { close } from '../helpers/close.js';
import { asIntegers, guardedRun, guardedRunInPlace } from '../helpers/emitted.js';
import { dot } from '../helpers/gradcheck.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

await useArrays();

/** [batch, height, width, channels], and the height and width that come of it. */
const sizes: readonly (readonly [Shape, readonly [number, number]])[] = [
  [
    [1, 1, 1, 1],
    [1, 1],
  ],
  [
    [1, 1, 1, 3],
    [4, 5],
  ],
  [
    [2, 5, 4, 1],
    [1, 1],
  ],
  [
    [2, 4, 5, 3],
    [8, 10],
  ],
  [
    [1, 9, 7, 5],
    [4, 3],
  ],
  [
    [3, 3, 3, 4],
    [7, 1],
  ],
  [
    [1, 4, 6, 33],
    [5, 5],
  ],
  [
    [2, 6, 6, 16],
    [6, 6],
  ],
  // More rows than a task takes, that end amid an image.
  [
    [3, 11, 2, 2],
    [23, 3],
  ],
];

const modes: readonly ResizeMode[] = [false, true].flatMap((nearest) => [
  { nearest, alignCorners: false, halfPixel: false },
  { nearest, alignCorners: true, halfPixel: false },
  { nearest, alignCorners: false, halfPixel: true },
]);

/** Which inputs an output is made of, and how much of each. */
function taps(i: number, n: number, m: number, mode: ResizeMode): [at: number, share: number][] {
  const ends = mode.alignCorners && m > 1;
  const ratio = ends ? (n - 1) / (m - 1) : n / m;
  const inside = (at: number): number => Math.max(0, Math.min(n - 1, at));
  if (mode.nearest) {
    const at = (mode.halfPixel ? i + 0.5 : i) * ratio;
    return [[inside(mode.alignCorners ? Math.floor(at + 0.5) : Math.floor(at)), 1]];
  }
  const at = mode.halfPixel ? (i + 0.5) * ratio - 0.5 : i * ratio;
  const first = Math.floor(at);
  return [
    [inside(first), 1 - (at - first)],
    [inside(first + 1), at - first],
  ];
}

/** Calls `use` with each pair of places in x and y, and the share of the one in the other. */
function eachShare(
  [batch, height, width, channels]: Shape,
  [rows, columns]: readonly [number, number],
  mode: ResizeMode,
  use: (x: number, y: number, share: number) => void,
): void {
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        for (const [h, down] of taps(i, height, rows, mode))
          for (const [w, across] of taps(j, width, columns, mode))
            for (let c = 0; c < channels; c++)
              use(
                ((b * height + h) * width + w) * channels + c,
                ((b * rows + i) * columns + j) * channels + c,
                down * across,
              );
}

const largest = (all: Float64Array): number =>
  all.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

for (const mode of modes) {
  const kind = `${mode.nearest ? 'nearest' : 'bilinear'}, ${JSON.stringify(mode)}`;

  test(`${kind}: forward, backward, and one is the other transposed`, () => {
    for (const [shape, size] of sizes) {
      for (const seed of [1, 2, 3]) {
        const name = `[${shape}] to ${size}, ${kind}`;
        const outputs: Shape = [shape[0], ...size, shape[3]];
        const [x, dy] = [numbers(sizeOf(shape), seed), numbers(sizeOf(outputs), seed + 9)];
        const [expected, gradient] = [new Float64Array(dy.length), new Float64Array(x.length)];
        eachShare(shape, size, mode, (from, to, share) => {
          expected[to] += share * x[from];
          gradient[from] += share * dy[to];
        });
        const y = guardedRun({
          ...{ name, shape: outputs, inputs: [{ shape, data: x }] },
          emit: (e, to, [from]) => resizeImage(e, to, from, mode),
        });
        close(y, expected, { atol: mode.nearest ? 0 : 4e-7 }, name);
        const dx = guardedRun({
          ...{ name: `${name}, backward`, shape, inputs: [{ shape: outputs, data: dy }] },
          emit: (e, to, [from]) => resizeImageBackward(e, to, from, mode),
        });
        close(dx, gradient, { atol: 1e-6 * Math.max(1, largest(gradient)) }, `${name}, backward`);
        const [one, other] = [dot(dy, y), dot(dx, x)];
        assert.ok(Math.abs(one - other) < 1e-6 * dy.length, `${name}: ${one} and ${other}`);
      }
    }
  });
}

test('an image of the same size stays bit by bit, whatever it holds', () => {
  const data = numbers(3 * 5 * 3, 1);
  data.set([Number.NaN, -0, 1e-42, 3e38], 7);
  for (const mode of modes) {
    const shape = [1, 3, 5, 3];
    const emit: Parameters<typeof guardedRun>[0]['emit'] = (e, to, [from]) =>
      resizeImage(e, to, from, mode);
    const y = guardedRun({ name: 'the same', shape, inputs: [{ shape, data }], emit });
    // Between −0 and itself there is 0.
    if (mode.nearest) assert.equal(asIntegers(y), asIntegers(data));
    else close(y, data, {}, 'the same');
  }
});

test('NaN and infinity reach their neighbours only', () => {
  const shape = [1, 1, 4, 1];
  const run = (nearest: boolean, ...x: number[]) => [
    ...guardedRun({
      ...{ name: 'edges', shape: [1, 1, 8, 1], inputs: [{ shape, data: Float32Array.from(x) }] },
      emit: (e, to, [from]) =>
        resizeImage(e, to, from, { nearest, alignCorners: false, halfPixel: false }),
    }),
  ];
  const none = Number.NaN;
  assert.equal(run(true, 1, none, -Infinity, 4), [
    ...[1, 1, none, none],
    ...[-Infinity, -Infinity, 4, 4],
  ]);
  assert.equal(run(false, 1, 3, none, 5), [1, 2, 3, none, none, none, 5, 5]);
});

/** Softmax of a row, of differences that f32 has rounded. */
function softmax(x: Float32Array): Float64Array {
  const most = x.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Float64Array.from(x, (v) => Math.exp(Math.fround(v - most)));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((v) => v / sum);
}

const lengths = [1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17, 33, 100, 1001];

const softmaxOf = (data: Float32Array, n: number): Float32Array => {
  const shape = [data.length / n, n];
  const run = {
    ...{ name: `softmax of [${shape}]`, shape, inputs: [{ shape, data }] },
    emit: (...[e, y, [x]]: Parameters<Parameters<typeof guardedRun>[0]['emit']>) =>
      softmaxRows(e, y, x),
  };
  const y = guardedRun(run);
  assert.equal(asIntegers(guardedRunInPlace(run)), asIntegers(y), `${run.name}, in place`);
  return y;
};

test('softmax of rows, of few and of many', () => {
  for (const n of [...lengths, 16389]) {
    for (const [scale, seed] of [
      [0, 1],
      [0.1, 1],
      [3, 2],
      [40, 3],
    ]) {
      // More rows than a task takes, now and then.
      const rows = n === 5 ? 3301 : n > 1000 ? 2 : 3;
      const x = numbers(rows * n, seed).map((v) => v * scale);
      const y = softmaxOf(x, n);
      for (let row = 0; row < rows; row++) {
        const [from, to] = [row * n, row * n + n];
        // Exponential, its sum of n, which is added in eight lanes, and two roundings more.
        const rtol = (6 + Math.sqrt(n / 8)) * 2 ** -24 * 1.5;
        close(y.subarray(from, to), softmax(x.subarray(from, to)), { rtol }, `${n}, row ${row}`);
      }
    }
  }
});

test('softmax at the edges', () => {
  const none = Number.NaN;
  for (const n of lengths.filter((length) => length > 2)) {
    const row = (...first: number[]) =>
      Float32Array.from({ length: n }, (_, i) => first[i] ?? first.at(-1));
    const filled = (value: number) => Array<number>(n).fill(value);
    assert.equal([...softmaxOf(row(1, none, 2), n)], filled(none), 'NaN');
    assert.equal([...softmaxOf(row(-Infinity), n)], filled(none), '−∞ everywhere');
    assert.equal([...softmaxOf(row(Infinity, 1), n)], filled(none), '∞');
    const expected = [0, ...Array<number>(n - 2).fill(0), 1];
    const last = [-Infinity, ...Array<number>(n - 2).fill(-200), 1e30];
    assert.equal([...softmaxOf(Float32Array.from(last), n)], expected, 'one of all');
    // Large ones do not overflow, and the smallest are 0 from where powers are no normal numbers.
    const steps = [3e38, 3e38, ...Array<number>(n - 2).fill(-3e38)];
    assert.equal(
      [...softmaxOf(Float32Array.from(steps), n)],
      [0.5, 0.5, ...Array<number>(n - 2).fill(0)],
    );
  }
});

test.run();
