// Adaptive pooling, forward and backward, against its definition.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops } from '../../src/index.js';
import { adaptivePoolGeometry } from '../../src/operators/pool/pool.emit.js';
import { free, picker, poison } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { random } from '../helpers/random.js';
import { adaptiveMaxima, maximaBackward } from '../helpers/reference/choice.js';
import { adaptive, apply, applyBackward } from '../helpers/reference/separable.js';
import '../helpers/start.js';

type Four = readonly [number, number, number, number];

function check(shape: Four, outputSize: readonly [number, number], seed = 1): void {
  const what = JSON.stringify({ shape, outputSize, seed });
  const [rows, columns] = [adaptive(shape[1], outputSize[0]), adaptive(shape[2], outputSize[1])];
  const x = random(shape, seed);
  const dy = random([shape[0], ...outputSize, shape[3]], seed + 1);

  const mean = ops.adaptiveAvgPool2d(x, { outputSize });
  assert.equal(mean.shape, dy.shape, what);
  const taps = Math.ceil(shape[1] / outputSize[0] + 1) * Math.ceil(shape[2] / outputSize[1] + 1);
  const summed = summation(taps, Math.sqrt(taps / 3)) / taps;
  close(mean.data, apply(x.data, shape, rows, columns), { atol: 4 * summed, rtol: 2 ** -22 }, what);
  const dmean = ops.adaptiveAvgPool2dBackward(dy, shape, { outputSize });
  // A pixel is in as many windows as a window would have pixels if the roles were exchanged.
  const cover = Math.ceil(outputSize[0] / shape[1] + 1) * Math.ceil(outputSize[1] / shape[2] + 1);
  const covered = summation(cover, Math.sqrt(cover / 3));
  const expected = applyBackward(dy.data, shape, rows, columns);
  close(dmean.data, expected, { atol: 2 * covered }, `${what}: backward`);

  const maxima = adaptiveMaxima(x.data, shape, outputSize);
  const most = ops.adaptiveMaxPool2d(x, { outputSize });
  close(most.data, maxima.y, {}, `${what}: max`);
  const dmost = ops.adaptiveMaxPool2dBackward(dy, x, { outputSize });
  const chosen = maximaBackward(dy.data, maxima, x.size);
  close(dmost.data, chosen, { atol: covered }, `${what}: max backward`);
  free(x, dy, mean, dmean, most, dmost);
}

test('the longest window, for all sides and outputs up to 30: by its definition', () => {
  for (let side = 1; side <= 30; side++) {
    for (let outputs = 1; outputs <= 30; outputs++) {
      const lengths = Array.from(
        { length: outputs },
        (_, i) => Math.ceil(((i + 1) * side) / outputs) - Math.floor((i * side) / outputs),
      );
      const g = adaptivePoolGeometry([1, side, 1, 1], { outputSize: [outputs, 1] });
      assert.is(g.kernelHeight, Math.max(...lengths), `${side} to ${outputs}`);
    }
  }
});

test('channels around vectors', () => {
  poison();
  for (const c of [1, 2, 3, 4, 5, 7, 8, 9, 16, 17]) {
    check([2, 5, 7, c], [3, 4]);
    check([2, 6, 8, c], [3, 4]);
  }
});

test('every size of the result, to three times the side', () => {
  poison();
  for (let out = 1; out <= 21; out++) check([1, 7, 5, 3], [out, 1 + ((out * 5) % 13)], out);
});

test('sides that divide along one axis alone', () => {
  poison();
  check([2, 6, 7, 5], [3, 3]);
  check([2, 7, 6, 5], [3, 3]);
  check([1, 1, 9, 4], [1, 4]);
  check([1, 1, 1, 4], [5, 3]);
});

test('a hundred drawn at random', () => {
  poison();
  const pick = picker(3);
  for (let i = 0; i < 100; i++) {
    const shape = [
      pick([1, 2, 3]),
      pick([1, 3, 8, 11]),
      pick([2, 5, 7, 12]),
      pick([1, 4, 6, 9]),
    ] as const;
    check(shape, [pick([1, 2, 3, 5, 8, 13]), pick([1, 3, 4, 7, 10])], i);
  }
});

test('windows of more taps than a byte can tell apart', () => {
  poison();
  // 23 or 24 lines of 21 or 22 pixels.
  check([1, 70, 64, 3], [3, 3]);
});

test('a side far beyond what fits 16 bits', () => {
  const x = random([1, 1, 70001, 1], 1);
  const y = ops.adaptiveMaxPool2d(x, { outputSize: [1, 70000] });
  const last = Math.max(x.data[69999], x.data[70000]);
  assert.is(y.data[69999], last);
  assert.is(y.data[35000], Math.max(x.data[35000], x.data[35001]));
  free(x, y);
});

test.run();
