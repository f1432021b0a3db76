// One op that runs at once: its result compared with a reference in f64, its gradients with central differences of that;
// twice, as the second call runs a kept program.

import * as assert from 'uvu/assert';
import { type Shape, sizeOf } from '../../src/base/shape.js';
import { Tensor } from '../../src/index.js';
import { free, poison } from './cases.js';
import { close } from './close.js';
import { differences, largest, type Nd } from './layers.js';
import { numbers } from './random.js';

/** An op, what it should compute, and how closely. */
export interface OpCase {
  readonly inputs: readonly Shape[];
  readonly forward: (...xs: Tensor[]) => Tensor;
  /** The gradients, of the first inputs; none where the function jumps. */
  readonly backward?: (dy: Tensor, ...xs: Tensor[]) => readonly Tensor[];
  readonly reference: (...xs: Nd[]) => Nd;
  /** The numbers of an input; in [−1, 1) by default. */
  readonly draw?: (count: number, input: number, seed: number) => Float32Array;
  /** Shares of the largest number, of the result and of gradients. */
  readonly tolerance?: number;
}

const all = (count: number, input: number, seed: number) => numbers(count, 31 * seed + input);

/** Compares an op's result and gradients with the reference. */
export function checkOp(name: string, given: OpCase): void {
  const { inputs, forward, backward, reference, draw = all, tolerance = 2e-6 } = given;
  for (const seed of [1, 2]) {
    const data = inputs.map((shape, i) => draw(sizeOf(shape), i, seed));
    const xs = data.map((own, i) => Tensor.from(own, inputs[i]));
    const exact = data.map((own, i) => ({ shape: inputs[i], data: Float64Array.from(own) }));
    const f = (): Nd => reference(...exact);
    const expected = f();
    // What the first call leaves out shows, and in the second the program is that of the first.
    if (seed === 1) poison();
    const y = forward(...xs);
    assert.equal([...y.shape], [...expected.shape], `${name}: shape`);
    close(y.data, expected.data, { atol: tolerance * largest(expected.data) }, name);
    const r = numbers(y.size, 7 + seed);
    const dy = Tensor.from(r, y.shape);
    const gradients = backward?.(dy, ...xs) ?? [];
    gradients.forEach((gradient, i) => {
      const what = `${name}: gradient of input ${i}`;
      assert.equal([...gradient.shape], [...inputs[i]], `${what}: shape`);
      const wanted = differences(f, r, exact[i].data);
      const atol = Math.max(2 * tolerance, 1e-7) * Math.max(largest(wanted), 1e-3);
      close(gradient.data, wanted, { atol }, what);
    });
    free(...xs, y, dy, ...gradients);
  }
}
