// Arrays with their axes reordered, whole and a few rows at a time, against their definition: y[i₀, i₁, …] is x at the
// places that `order` says.

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { permute } from '../../src/io/permute.js';
import { numbers } from '../helpers/random.js';

/** All places of an array, the last axis fastest. */
const placesOf = ([side, ...sides]: readonly number[]): number[][] =>
  side === undefined
    ? [[]]
    : [...Array(side).keys()].flatMap((i) => placesOf(sides).map((rest) => [i, ...rest]));

/** An array and an order of its axes, with sides beyond the eight columns that are copied together. */
const arrays = fc
  .array(fc.integer({ min: 1, max: 11 }), { minLength: 1, maxLength: 4 })
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      order: fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
      rows: fc.integer({ min: 1, max: 11 }),
    }),
  );

test('as the definition says, and the same from slabs of rows', () => {
  fc.assert(
    fc.property(arrays, ({ shape, order, rows }) => {
      const size = shape.reduce((product, side) => product * side, 1);
      const x = numbers(size, 1);
      const at = new Map(placesOf(shape).map((place, i) => [`${place}`, x[i]]));
      const sides = order.map((axis) => shape[axis]);
      const y = Float32Array.from(placesOf(sides), (place) => {
        const from = [...shape];
        order.forEach((axis, i) => {
          from[axis] = place[i];
        });
        return at.get(`${from}`) as number;
      });
      const whole = new Float32Array(size);
      permute(whole, x, shape, order);
      assert.equal(whole, y);
      const [of, ...rest] = shape;
      const pieces = new Float32Array(size);
      for (let first = 0; first < of; first += rows) {
        const count = Math.min(rows, of - first);
        const part = x.subarray((first * size) / of, ((first + count) * size) / of);
        permute(pieces, part, [count, ...rest], order, { first, of });
      }
      assert.equal(pieces, y);
    }),
    { numRuns: 300, seed: 1 },
  );
});

test.run();
