// Work cut into parts for more threads: not a bit is another, with biases and sums in their places.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../src/base/shape.js';
import {
  convBackwardFilter,
  convBackwardInput,
  convForward,
} from '../../src/operators/conv/conv.emit.js';
import { convGeometry } from '../../src/operators/conv/geometry.emit.js';
import { matMul } from '../../src/operators/dense/matrix.emit.js';
import { Emitter } from '../../src/program/emitter.js';
import { Guarded } from '../helpers/guarded.js';
import { sameBits } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

/** Guarded prepares one program after the other for one thread, two, … five. */
const RUNS = 5;

/** Results of `emit` in the tasks for each number of threads; the first say what the others must be. */
function everyWay(run: (memory: Guarded) => Float32Array[]): void {
  let first: Float32Array[] | undefined;
  for (let i = 0; i < RUNS; i++) {
    const memory = new Guarded();
    const results = run(memory);
    memory.free();
    assert.ok(results.every((result) => result.every(Number.isFinite)));
    first ??= results;
    results.forEach((result, j) => {
      sameBits(result, (first as Float32Array[])[j], `result ${j} of run ${i}`);
    });
  }
}

const shapes = [
  { shape: [1, 7, 7, 33], kernel: [1, 1], filters: 203 },
  { shape: [1, 9, 9, 40], kernel: [3, 3], filters: 530, strides: 2 },
  { shape: [1, 12, 13, 70], kernel: [3, 3], filters: 9 },
  { shape: [1, 8, 8, 67], kernel: [3, 3], filters: 130, algorithm: 'winograd' },
  { shape: [1, 15, 15, 40], kernel: [3, 3], filters: 139, strides: 2, algorithm: 'winograd' },
  { shape: [1, 13, 13, 67], kernel: [4, 5], filters: 70, strides: 2, algorithm: 'winograd' },
  { shape: [1, 9, 11, 67], kernel: [1, 7], filters: 70, algorithm: 'winograd' },
  { shape: [1, 11, 9, 67], kernel: [7, 1], filters: 70, algorithm: 'winograd' },
  { shape: [2, 29, 29, 3], kernel: [7, 7], filters: 70, strides: 2, algorithm: 'winograd' },
  // Gradients of filters by halves.
  { shape: [1, 60, 60, 67], kernel: [5, 5], filters: 33, algorithm: 'winograd' },
] as const;

for (const { shape, kernel, filters, ...how } of shapes) {
  test(`convolution, ${JSON.stringify({ shape, kernel, filters, ...how })}`, () => {
    const filter = [...kernel, shape[3], filters];
    const options = { padding: 'same', algorithm: 'direct', ...how } as const;
    const g = convGeometry(shape, filter, options);
    const output = [g.batch, g.outputHeight, g.outputWidth, filters];
    everyWay((memory) => {
      const given = (what: string, of: readonly number[], seed: number) =>
        memory.value(what, of, numbers(sizeOf(of), seed));
      const [x, w] = [given('x', shape, 1), given('the filter', filter, 2)];
      const [dy, bias] = [given('dy', output, 3), given('the bias', [filters], 4)];
      const [y, dx, dw] = [output, shape, filter].map((of) => memory.value('a result', of));
      const e = new Emitter();
      convForward(e, y, x, w, g, { bias, rectify: true });
      convBackwardInput(e, dx, dy, w, g);
      convBackwardFilter(e, dw, x, dy, g);
      memory.run(e, 'convolution');
      return [y, dx, dw].map((value) => memory.read(value));
    });
  });
}

test('matrix products', () => {
  for (const m of [1, 7, 64]) {
    everyWay((memory) => {
      const [k, n] = [37, 203];
      const a = memory.value('a', [m, k], numbers(m * k, 1));
      const b = memory.value('b', [k, n], numbers(k * n, 2));
      const bias = memory.value('the bias', [n], numbers(n, 3));
      const c = memory.value('c', [m, n]);
      const e = new Emitter();
      matMul(e, c, a, b, { m, n, k }, bias, true);
      memory.run(e, 'a product');
      return [memory.read(c)];
    });
  }
});

test.run();
