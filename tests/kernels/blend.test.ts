// Blends and penalties against their formulas: around vectors, tiles and parts, in memory full of NaN between
// sentinels.

import { test } from 'uvu';
import { Emitter } from '../../src/program/emitter.js';
import { close, summation } from '../helpers/close.js';
import { Guarded } from '../helpers/guarded.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 33, 16383, 16384, 16385, 32769];

/** Zeros among the numbers: they have no sign. */
const sparse = (count: number, seed: number) =>
  numbers(count, seed).map((v, i) => (i % 5 === 0 ? 0 : v));

test('alpha·a + beta·b + gamma·sign(b), apart and in place', () => {
  for (const count of sizes) {
    for (const [alpha, beta, gamma] of [
      [1, -1, 0],
      [0.25, 0.75, 0],
      [1, 0.5, 0.125],
    ]) {
      const [a, b] = [numbers(count, count), sparse(count, count + 1)];
      const expected = Float64Array.from(
        a,
        (v, i) => alpha * v + beta * b[i] + gamma * Math.sign(b[i]),
      );
      const memory = new Guarded();
      const [va, vb, y] = [
        memory.value('a', [count], a),
        memory.value('b', [count], b),
        memory.value('y', [count]),
      ];
      const e = new Emitter();
      const fields = { count, alpha, beta, gamma };
      e.emit('blend', { y, a: va, b: vb, ...fields });
      e.emit('blend', { y: va, a: va, b: vb, ...fields });
      memory.run(e, `${count}`);
      const tolerance = { atol: summation(3) };
      close(memory.read(y), expected, tolerance, `${count}`);
      close(memory.read(va), expected, tolerance, `${count}, in place`);
      memory.free();
    }
  }
});

test('l1·|x| + l2·x², summed in parts', () => {
  for (const count of sizes) {
    for (const splits of [1, 2, 5]) {
      for (const [l1, l2] of [
        [0.5, 0],
        [0, 2],
        [0.25, 0.75],
      ]) {
        const x = sparse(count, count + 2);
        const memory = new Guarded();
        const [vx, partials] = [memory.value('x', [count], x), memory.value('partials', [splits])];
        const e = new Emitter();
        e.emit('penalty', { partials, x: vx, count, splits, l1, l2 });
        memory.run(e, `${count} in ${splits}`);
        const expected = x.reduce((sum, v) => sum + l1 * Math.abs(v) + l2 * v * v, 0);
        const found = memory.read(partials).reduce((sum, v) => sum + v, 0);
        close([found], [expected], { atol: summation(count), rtol: 2 ** -22 }, `${count}`);
        memory.free();
      }
    }
  }
});

test.run();
